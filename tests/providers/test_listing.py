"""A provider's list of models, in every form there is, and in none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from trunkline.canon.errors import Garbled
from trunkline.providers.listing import Listed, read_models


@pytest.mark.parametrize(
    ("body", "expected"),
    (
        (  # OpenAI
            {"object": "list", "data": [{"id": "a", "object": "model", "created": 5}]},
            Listed(id="a", created=5.0),
        ),
        ([{"id": "a", "context_length": 4096}], Listed(id="a", context_window=4096)),  # Together
        (  # OpenRouter
            {"data": [{"id": "x/a", "name": "X: A", "created": 5, "context_length": 1000}]},
            Listed(id="x/a", name="X: A", created=5.0, context_window=1000),
        ),
        (  # Groq
            {"data": [{"id": "a", "context_window": 100, "max_completion_tokens": 50}]},
            Listed(id="a", context_window=100, max_output_tokens=50),
        ),
        (  # Anthropic
            {
                "data": [
                    {
                        "type": "model",
                        "id": "a",
                        "display_name": "Claude A",
                        "created_at": "2025-02-19T00:00:00Z",
                        "max_input_tokens": 200,
                        "max_tokens": 100,
                    }
                ],
                "has_more": False,
            },
            Listed(id="a", name="Claude A", context_window=200, max_output_tokens=100),
        ),
        (  # Google's own
            {
                "models": [
                    {
                        "name": "models/a",
                        "displayName": "Gemini A",
                        "supportedGenerationMethods": ["generateContent", "countTokens"],
                        "inputTokenLimit": 200,
                        "outputTokenLimit": 100,
                    }
                ]
            },
            Listed(id="a", name="Gemini A", context_window=200, max_output_tokens=100),
        ),
        ({"data": [{"id": "models/a", "object": "model"}]}, Listed(id="a")),  # Google as OpenAI
        ({"data": [{"id": "a", "max_model_len": 8192}]}, Listed(id="a", context_window=8192)),
    ),
)
def test_the_forms_there_are(body, expected):
    """Each tells a name, and now and then more."""
    assert (expected,) == read_models(json.encode(body))


def test_entries_that_are_none_are_left_out():
    """One that is broken costs none of the others."""
    entries = [
        5,
        None,
        {},
        {"id": ""},
        {"id": 7},
        {"id": "x" * 513},
        {"id": "a\nb"},
        {"id": "gone", "active": False},
        {"name": "models/veo", "supportedGenerationMethods": ["predictLongRunning"]},
        {"id": "a", "created": "yesterday", "context_length": None, "max_tokens": -1},
        {"id": "a", "created": 5},
        {"id": "b", "context_length": 1e300, "name": ["?"]},
    ]
    assert (Listed(id="a"), Listed(id="b")) == read_models(json.encode({"data": entries}))


def test_a_list_is_bounded():
    """However long it claims to be."""
    assert 10_000 == len(read_models(json.encode([{"id": str(n)} for n in range(10_050)])))


def test_an_empty_list_is_a_list():
    """A server that has pulled no model yet."""
    assert () == read_models(b'{"object":"list","data":[]}')
    assert () == read_models(b"[]")


@pytest.mark.parametrize(
    "body", (b"", b"null", b"{}", b'{"data":null}', b'{"data":{}}', b"<html>", b"[" * 100_000)
)
def test_what_is_no_list(body):
    """An error page with a 200 must not empty what was known."""
    with pytest.raises(Garbled):
        read_models(body)


@given(st.binary() | st.from_regex(rb'\{"data":\[\{"id":.{0,20}\}\]\}', fullmatch=True))
def test_only_garbled_escapes(body):
    """Whatever is sent."""
    try:
        read_models(body)
    except Garbled:
        return
