"""A client's request."""

import pytest
from msgspec import Raw, json

from tests.dialects.gemini.kit import DIALECT, NAME, decode, sent
from trunkline.canon.errors import Malformed
from trunkline.canon.request import OutputFormat, Thinking


def config(**fields):
    return decode(generationConfig=fields)


def test_the_least():
    """Model and stream stand where a face puts them."""
    request = decode(model="models/gemini-3-flash", stream=True)
    assert ("gemini-3-flash", True, NAME) == (request.model, request.stream, request.origin)
    assert {} == request.extra


def test_sampling():
    """By the canonical names; a count may come as 40.0."""
    request = config(
        temperature=1,
        topP=0.9,
        topK=40.0,
        candidateCount=2,
        maxOutputTokens=100,
        stopSequences=["a"],
        seed=7,
        presencePenalty=0.1,
        frequencyPenalty=0.2,
        responseLogprobs=True,
        logprobs=3,
    )
    assert (1.0, 0.9, 40, 2, 100, ("a",), 7, 0.1, 0.2, True, 3) == (
        request.temperature,
        request.top_p,
        request.top_k,
        request.n,
        request.max_output_tokens,
        request.stop,
        request.seed,
        request.presence_penalty,
        request.frequency_penalty,
        request.logprobs,
        request.top_logprobs,
    )


@pytest.mark.parametrize(
    ("told", "mode", "budget", "effort", "display"),
    (
        ({"thinkingBudget": 0}, "disabled", None, None, None),
        ({"thinkingBudget": -1}, "adaptive", None, None, None),
        ({"thinkingBudget": 500}, "enabled", 500, None, None),
        (
            {"thinkingLevel": "HIGH", "includeThoughts": True},
            None,
            None,
            "high",
            "summarized",
        ),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None, None, None, None),
        ({"includeThoughts": False}, None, None, None, "omitted"),
    ),
)
def test_thinking(told, mode, budget, effort, display):
    """In words every dialect shares, and as it came."""
    assert (
        Thinking(
            mode=mode,
            budget_tokens=budget,
            effort=effort,
            display=display,
            native={"thinkingConfig": Raw(json.encode(told))},
        )
        == config(thinkingConfig=told).thinking
    )
    assert told == sent(config(thinkingConfig=told))["generationConfig"]["thinkingConfig"]


def test_output_formats():
    """JSON Schema as it is, Google's own converted and kept."""
    schema = {"type": "object", "const": 1}
    plain = config(responseMimeType="application/json", responseJsonSchema=schema)
    assert OutputFormat(kind="json_schema", schema=Raw(json.encode(schema))) == plain.output_format
    assert {} == plain.extra
    google = config(responseMimeType="application/json", responseSchema={"type": "OBJECT"})
    assert google.output_format is not None
    assert b'{"type":"object"}' == bytes(google.output_format.schema or b"")
    assert {} == google.extra  # which others would say they dropped
    assert {
        "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT"},
    } == sent(google)["generationConfig"]
    assert (
        OutputFormat(kind="json_object")
        == config(responseMimeType="application/json").output_format
    )
    assert OutputFormat(kind="text") == config(responseMimeType="text/plain").output_format
    assert config().output_format is None


def test_an_enum():
    """One word of a list, kept for Google as it came; of no list, it is for Google alone to judge."""
    fields = {
        "responseMimeType": "text/x.enum",
        "responseSchema": {"type": "STRING", "enum": ["a", "b"]},
    }
    wanted = config(**fields).output_format
    assert wanted is not None
    assert ("enum", b'{"type":"string","enum":["a","b"]}') == (wanted.kind, bytes(wanted.schema))
    assert fields == sent(config(**fields))["generationConfig"]
    fields["responseSchema"] = {"type": "STRING"}
    request = config(**fields)
    assert (None, ["generationConfig.responseMimeType"]) == (
        request.output_format,
        list(request.needs),
    )
    assert fields == sent(request)["generationConfig"]


def test_capitals_in_json_schema():
    """As gemini-cli writes them: made small for others, kept for Google."""
    fields = {"responseMimeType": "application/json", "responseJsonSchema": {"type": "OBJECT"}}
    request = config(**fields)
    assert request.output_format is not None
    assert b'{"type":"object"}' == bytes(request.output_format.schema or b"")
    assert fields == sent(request)["generationConfig"]


def test_what_we_do_not_know():
    """Is kept, by the documentation's names."""
    request = decode(
        safety_settings=[], cachedContent="c", generationConfig={"speechConfig": {}, "topK": None}
    )
    assert {"safetySettings", "cachedContent", "generationConfig"} == set(request.extra)
    body = sent(request)
    assert ([], "c", {"speechConfig": {}}) == (
        body["safetySettings"],
        body["cachedContent"],
        body["generationConfig"],
    )


@pytest.mark.parametrize(
    ("body", "param"),
    (
        (b"", None),
        (b"[]", None),
        (b"\xff", None),
        (b'{"contents":[]}', "contents"),
        (b'{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":7}', "generationConfig"),
        (
            b'{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"topP":"x"}}',
            "generationConfig.topP",
        ),
        (b'{"contents":' + b"[" * 5_000, None),
    ),
)
def test_mistakes(body, param):
    """Malformed, and nothing else, with its place."""
    with pytest.raises(Malformed) as caught:
        DIALECT.decode_request(body, {})
    assert param == caught.value.param
