"""The body an upstream gets."""

from typing import Any

from msgspec import Raw, json
from msgspec.structs import replace

from tests.dialects.gemini.kit import DIALECT, NAME, deployment, notes, request, sent
from trunkline.canon.request import OutputFormat, Thinking

SCHEMA = Raw(b'{"type":"object","properties":{"a":{"const":1}}}')


def config(**fields: Any) -> Any:
    return sent(request(**fields)).get("generationConfig")


def test_the_least():
    """A conversation, and nothing that was not said."""
    assert {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]} == sent(request(stream=True))


def test_sampling():
    """By Google's names."""
    assert {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "candidateCount": 2,
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 3,
        "maxOutputTokens": 100,
        "stopSequences": ["a", "b"],
    } == config(
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        n=2,
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        top_logprobs=3,
        max_output_tokens=100,
        stop=("a", "b"),
    )


def test_limits():
    """Five stop sequences; no more tokens than the model writes; no higher temperature."""
    asked = request(stop=("a", "b", "c", "d", "e", "f"), temperature=3.0, max_output_tokens=9_000)
    place = replace(deployment(), max_output_tokens=8_192)
    encoded = DIALECT.encode_request(asked, place)
    told = json.decode(encoded.body)["generationConfig"]
    assert (["a", "b", "c", "d", "e"], 2.0, 8_192) == (
        told["stopSequences"],
        told["temperature"],
        told["maxOutputTokens"],
    )
    assert {"stop", "temperature", "max_tokens"} == {note.field for note in encoded.notes}
    assert ["a"] == sent(asked, max_stop=1)["generationConfig"]["stopSequences"]


def test_output():
    """JSON, with the schema in the field that takes all of JSON Schema."""
    assert {"responseMimeType": "application/json"} == config(
        output_format=OutputFormat(kind="json_object")
    )
    wanted = OutputFormat(kind="json_schema", schema=SCHEMA, name="x", strict=True)
    assert {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "properties": {"a": {"const": 1}}},
    } == config(output_format=wanted)
    assert "response_format.name" in notes(request(output_format=wanted))
    assert config(output_format=OutputFormat(kind="text")) is None
    assert "response_format" in notes(request(output_format=wanted), schema_output=False)


def test_what_google_has_no_field_for():
    """Is dropped with a note, never in silence."""
    asked = request(
        logit_bias=Raw(b"{}"),
        verbosity="low",
        user="u",
        metadata=Raw(b"{}"),
        service_tier="flex",
        extra={"store": Raw(b"true")},
    )
    assert {"logit_bias", "verbosity", "user", "metadata", "service_tier", "store"} == set(
        notes(asked)
    )


def test_its_own_fields():
    """Go where they came from, beside what we write there ourselves."""
    asked = request(
        origin=NAME,
        temperature=1.0,
        thinking=Thinking(
            effort="high", native={"thinkingConfig": Raw(b'{"thinkingLevel":"HIGH"}')}
        ),
        output_format=OutputFormat(
            kind="json_schema",
            schema=SCHEMA,
            native={"responseSchema": Raw(b'{"type":"OBJECT"}')},
        ),
        extra={
            "safetySettings": Raw(b"[]"),
            "cachedContent": Raw(b'"c"'),
            "toolConfig": Raw(b'{"retrievalConfig":{}}'),
            "generationConfig": Raw(b'{"responseModalities":["TEXT"]}'),
        },
    )
    body = sent(asked)
    assert ([], "c", {"retrievalConfig": {}}) == (
        body["safetySettings"],
        body["cachedContent"],
        body["toolConfig"],
    )
    assert {
        "temperature": 1.0,
        "thinkingConfig": {"thinkingLevel": "HIGH"},
        "responseMimeType": "application/json",
        "responseModalities": ["TEXT"],
        "responseSchema": {"type": "OBJECT"},
    } == body["generationConfig"]
    assert {} == notes(asked)


def test_own_fields_that_are_none():
    """Are dropped, and that is said."""
    odd = {"generationConfig": Raw(b"7"), "toolConfig": Raw(b"7")}
    assert set(odd) == set(notes(request(origin=NAME, extra=odd)))


def test_quirks():
    """Of the top level."""
    assert {"x": 1} == {
        k: v for k, v in sent(request(), add={"x": Raw(b"1")}).items() if k != "contents"
    }
