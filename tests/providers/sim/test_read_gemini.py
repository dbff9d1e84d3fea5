"""What a generateContent request asks for."""

import pytest
from msgspec import json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.read_gemini import (
    is_gemini,
    is_gemini_count,
    placed_gemini,
    read_gemini,
    read_gemini_count,
    unknown_gemini,
)


def ask(*contents, **more):
    said = list(contents) or [{"role": "user", "parts": [{"text": "hi"}]}]
    return read_gemini(json.encode({"contents": said, **more}))[1]


def test_paths():
    """Model and stream stand there."""
    assert ("sim-chat@a:b=c", True) == placed_gemini(
        "/v1beta/models/sim-chat%40a%3Ab%3Dc:streamGenerateContent"
    )
    assert ("m", False) == placed_gemini("/v1/projects/p/models/m:generateContent")
    assert is_gemini("/v1beta/models/m:generateContent")
    assert not is_gemini("/v1beta/models/m:countTokens")


def test_a_conversation():
    """The last words of the user; results behind the model's last turn, thoughts left out."""
    call = {"functionCall": {"name": "f", "args": {}}}
    first = {"role": "user", "parts": [{"text": "first"}]}
    model = {"role": "model", "parts": [{"text": "hm", "thought": True}, call, call]}
    given = [
        {"functionResponse": {"name": "f", "response": {"output": "sunny"}}},
        {"functionResponse": {"name": "f", "response": {"a": 1, "b": 2}}},
    ]
    found = ask(first, model, {"role": "user", "parts": given})
    assert "first" == found.prompt
    assert ("sunny", '{"a":1,"b":2}') == found.results
    assert ["user", "assistant", "tool"] == [said.role for said in found.history]


def test_settings():
    """Limits, choices, schemas in either form, thinking."""
    functions = [
        {"name": "f", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}},
        {"name": "g", "parametersJsonSchema": {"type": "object"}},
    ]
    found = ask(
        tools=[{"functionDeclarations": functions}],
        toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["g"]}},
        generationConfig={
            "maxOutputTokens": 7,
            "stopSequences": ["x"],
            "candidateCount": 2,
            "responseMimeType": "application/json",
            "responseSchema": {"type": "OBJECT"},
            "thinkingConfig": {"thinkingBudget": 0},
        },
    )
    assert (7, ("x",), 2, "required", ("g",), True, "off") == (
        found.limit,
        found.stops,
        found.n,
        found.choice,
        found.named,
        found.wants_json,
        found.thinking,
    )
    assert {"type": "object"} == found.schema
    assert {"type": "object", "properties": {"a": {"type": "string"}}} == found.tools[0].schema


@pytest.mark.parametrize(
    ("config", "thinking"),
    (
        ({}, "default"),
        ({"thinkingConfig": {"includeThoughts": True}}, "on"),
        ({"thinkingConfig": {"thinkingBudget": -1}}, "omitted"),
    ),
)
def test_thinking(config, thinking):
    """Shown where it is asked for."""
    assert thinking == ask(generationConfig=config).thinking


def test_media():
    """By type or address; each costs the same."""
    pixel = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    page = {"fileData": {"fileUri": "gs://a/b.pdf"}}
    found = ask({"role": "user", "parts": [{"text": "hi"}, pixel, page]})
    assert ("image/png", "gs://a/b.pdf") == found.images
    assert found.input_tokens == ask().input_tokens + 170


def test_snake_case():
    """Fields in either spelling; names of the client's own are left alone."""
    function = {
        "name": "f",
        "parameters_json_schema": {"type": "object", "properties": {"a_b": {"type": "string"}}},
    }
    found = ask(
        tools=[{"function_declarations": [function]}],
        generation_config={"max_output_tokens": 7},
    )
    assert 7 == found.limit
    assert {"type": "object", "properties": {"a_b": {"type": "string"}}} == found.tools[0].schema


def test_pictures_in_results():
    """Are seen, too."""
    pixel = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    call = {"functionCall": {"name": "f"}}
    result = {"functionResponse": {"name": "f", "response": {}, "parts": [pixel]}}
    found = ask({"role": "model", "parts": [call]}, {"role": "user", "parts": [result]})
    assert ("image/png",) == found.images


def test_counting():
    """Contents alone, or a whole request within."""
    contents = [{"role": "user", "parts": [{"text": "hi"}]}]
    alone = read_gemini_count(json.encode({"contents": contents}))[1]
    within = {"generateContentRequest": {"model": "models/m", "contents": contents}}
    assert alone.input_tokens == read_gemini_count(json.encode(within))[1].input_tokens > 0
    assert is_gemini_count("/v1beta/models/m:countTokens")
    with pytest.raises(Rejected):
        read_gemini_count(b"[")


@pytest.mark.parametrize("body", (b"", b"{", b"[]", b'{"contents":7}', b"\xff"))
def test_what_is_no_request(body):
    """Refused."""
    with pytest.raises(Rejected):
        read_gemini(body)


def test_unknown_fields():
    """In the real API's words."""
    unknown_gemini(b'{"contents":[],"cachedContent":"x"}')
    with pytest.raises(Rejected, match='Unknown name "stream"'):
        unknown_gemini(b'{"contents":[],"stream":true}')
