"""Requests that would lose their point on the way to another dialect: refused, never answered without."""

from typing import Any

import pytest
from msgspec import json

from tests.conformance.recordings import (
    ANTHROPIC,
    COHERE,
    CONVERSE,
    GEMINI,
    OPENAI,
    RESPONSES,
)
from tests.conformance.ways import REAL
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Unsupported
from trunkline.dialects.base import Encoded
from trunkline.dialects.openai_completions.dialect import OpenAICompletions

UPSTREAMS = (OPENAI, ANTHROPIC, RESPONSES, GEMINI, CONVERSE, COHERE)
COMPLETIONS = "openai-completions"
NEED_WORDS = (ANTHROPIC, CONVERSE, COHERE)
"""They take no turn of nothing but white space."""
MODELS = {ANTHROPIC: "claude-opus-4-8", CONVERSE: "us.anthropic.claude-opus-4-8-v1:0"}


def asked(client: str, upstream: str, **body: Any) -> Encoded:
    """What the upstream gets, from the client's bytes."""
    whole = {"model": "m", **({"max_tokens": 9} if client == ANTHROPIC else {}), **body}
    request = REAL.of(client).decode_request(json.encode(whole), {})
    model = MODELS.get(upstream, "m")
    at = Deployment(id=f"p/{model}", provider="p", model=model, dialect=upstream)
    dialect = OpenAICompletions() if upstream == COMPLETIONS else REAL.upstream(upstream)
    return dialect.encode_request(request, at)


def refused(client: str, upstream: str, **body: Any) -> Unsupported:
    with pytest.raises(Unsupported) as told:
        asked(client, upstream, **body)
    return told.value


def noted(encoded: Encoded) -> list[str]:
    return [note.field for note in encoded.notes]


def said(*words: str) -> list[dict[str, str]]:
    """User and assistant by turns."""
    roles = ("user", "assistant")
    return [{"role": roles[at % 2], "content": text} for at, text in enumerate(words)]


@pytest.mark.parametrize(
    ("upstream", "last"),
    (
        *[(upstream, last) for upstream in NEED_WORDS for last in ("", "  \n")],
        (GEMINI, ""),
    ),
)
def test_the_users_last_turn_is_empty(upstream: str, last: str) -> None:
    """Without it the model would go on with its own words, which nobody asked for."""
    error = refused(OPENAI, upstream, messages=said("x", "b", last))

    assert (400, "messages.2.content") == (error.status, error.param)


@pytest.mark.parametrize("upstream", (*NEED_WORDS, GEMINI))
def test_an_empty_turn_is_dropped_with_a_note(upstream: str) -> None:
    """Where the conversation goes on behind it."""
    for messages in (said("x", "", "y"), said("", "b", "y")):
        encoded = asked(OPENAI, upstream, messages=messages)
        at = next(i for i, message in enumerate(messages) if not message["content"])

        assert f"messages.{at}.content" in noted(encoded)
    assert [] == noted(asked(OPENAI, upstream, messages=said("x", "b", "y")))


@pytest.mark.parametrize("upstream", (OPENAI, RESPONSES))
def test_an_empty_turn_is_sent_to_who_takes_it(upstream: str) -> None:
    """The provider judges it."""
    client = ANTHROPIC if upstream == OPENAI else OPENAI
    body = json.decode(asked(client, upstream, messages=said("x", "b", "")).body)

    assert {"role": "user", "content": ""} == (body.get("messages") or body["input"])[-1]


@pytest.mark.parametrize("upstream", (*NEED_WORDS, GEMINI))
def test_an_empty_conversation(upstream: str) -> None:
    """Nobody said the words that a model would be asked instead."""
    assert "messages" == refused(OPENAI, upstream, messages=said("")).param
    assert "messages" == refused(RESPONSES, upstream, input="", instructions="Be kind.").param
    assert (
        "messages" == refused(OPENAI, upstream, messages=[{"role": "system", "content": ""}]).param
    )
    parts: list[Any] = []
    contents = [{"role": "user", "parts": parts}]
    assert "messages" == refused(GEMINI, upstream, contents=contents).param


@pytest.mark.parametrize("upstream", [name for name in UPSTREAMS if name != RESPONSES])
@pytest.mark.parametrize("kind", ("zork", "computer_call_output"))
@pytest.mark.parametrize("more", ({}, {"instructions": "Be kind."}))
def test_nothing_of_the_input_is_left(upstream: str, kind: str, more: dict[str, str]) -> None:
    """The items are of kinds that only Responses has: a system prompt alone is not the request."""
    error = refused(RESPONSES, upstream, input=[{"type": kind, "call_id": "c"}], **more)

    assert 400 == error.status
    assert ("input" if kind.endswith("output") else "messages") == error.param


@pytest.mark.parametrize("upstream", [name for name in UPSTREAMS if name != RESPONSES])
def test_what_came_of_a_tool_that_is_not_here(upstream: str) -> None:
    """Is what the model is asked to go on from, where it stands last; in a history it is left out."""
    call, output = ({"type": f"computer_call{end}", "call_id": "c"} for end in ("", "_output"))
    items = [{"role": "user", "content": "x"}, call, output]

    assert "input" == refused(RESPONSES, upstream, input=items).param
    items.append({"role": "user", "content": "y"})
    assert asked(RESPONSES, upstream, input=items).body


@pytest.mark.parametrize("client", (ANTHROPIC, GEMINI, OPENAI))
def test_nothing_is_left_for_responses(client: str) -> None:
    """What another dialect's model did there is none of its items."""
    bodies: dict[str, Any] = {
        ANTHROPIC: {
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "server_tool_use", "id": "s", "name": "n", "input": {}}],
                }
            ]
        },
        GEMINI: {"contents": [{"role": "model", "parts": [{"executableCode": {"code": "1"}}]}]},
        OPENAI: {"messages": [{"role": "assistant", "content": [{"type": "zork"}]}]},
    }

    assert "messages" == refused(client, RESPONSES, **bodies[client]).param


@pytest.mark.parametrize("upstream", (ANTHROPIC, GEMINI, CONVERSE))
def test_a_conversation_that_the_model_begins(upstream: str) -> None:
    """Has something of the client's: a user's turn is put before it, and named."""
    for messages in (
        [{"role": "assistant", "content": "hello"}],
        [{"role": "system", "content": "Be kind."}],
    ):
        encoded = asked(OPENAI, upstream, messages=messages)

        assert b'"Continue."' in encoded.body
        assert "messages" in noted(encoded)


@pytest.mark.parametrize("upstream", (*UPSTREAMS, COMPLETIONS))
@pytest.mark.parametrize(
    ("client", "body", "param"),
    (
        (RESPONSES, {"prompt": {"id": "pmpt_1"}}, "prompt"),
        (RESPONSES, {"prompt": {"id": "pmpt_1"}, "input": "hi"}, "prompt"),
        (RESPONSES, {"conversation": "conv_1", "input": "hi"}, "conversation"),
        (
            GEMINI,
            {"cachedContent": "c", "contents": [{"parts": [{"text": "hi"}]}]},
            "cachedContent",
        ),
        (
            GEMINI,
            {
                "contents": [{"parts": [{"text": "hi"}]}],
                "generationConfig": {"responseMimeType": "application/yaml"},
            },
            "generationConfig.responseMimeType",
        ),
        (
            OPENAI,
            {"messages": said("hi"), "response_format": {"type": "json_schema"}},
            "response_format.json_schema",
        ),
        (
            OPENAI,
            {"messages": said("hi"), "response_format": {"type": "zork"}},
            "response_format.type",
        ),
    ),
)
def test_a_field_that_cannot_be_done_without(
    upstream: str, client: str, body: Any, param: str
) -> None:
    """What a name stands for, or the answer's form: its own dialect's provider judges, no other can."""
    if client == upstream:
        field = param.partition(".")[0]
        assert body[field] == json.decode(asked(client, upstream, **body).body)[field]
        return
    error = refused(client, upstream, **body)

    assert (400, param) == (error.status, error.param)


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("field", ("responseSchema", "responseJsonSchema"))
def test_one_of_several_words(upstream: str, field: str) -> None:
    """Google's way of asking for it is said in words to others, and that is noted."""
    config = {"responseMimeType": "text/x.enum", field: {"type": "STRING", "enum": ["red", "blue"]}}
    contents = [{"role": "user", "parts": [{"text": "hi"}]}]
    encoded = asked(GEMINI, upstream, contents=contents, generationConfig=config)

    if upstream == GEMINI:
        assert (config, []) == (json.decode(encoded.body)["generationConfig"], noted(encoded))
        return
    assert b"red\\nblue" in encoded.body
    assert ["generationConfig.responseMimeType"] == noted(encoded)


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize(
    ("client", "body"),
    (
        (RESPONSES, {"input": "hi", "tools": [{"type": "web_search"}]}),
        (ANTHROPIC, {"messages": said("hi"), "tools": [{"type": "web_search_1", "name": "s"}]}),
        (GEMINI, {"contents": [{"parts": [{"text": "hi"}]}], "tools": [{"googleSearch": {}}]}),
    ),
)
def test_a_demanded_tool_that_is_not_here(upstream: str, client: str, body: Any) -> None:
    """An answer without it is not what was demanded; one that is free to call it is had without."""
    choices: dict[str, Any] = {
        RESPONSES: {"tool_choice": "required"},
        ANTHROPIC: {"tool_choice": {"type": "any"}},
        GEMINI: {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
    }
    if client == upstream:
        assert asked(client, upstream, **body, **choices[client]).body
        return
    error = refused(client, upstream, **body, **choices[client])

    assert (400, "tool_choice") == (error.status, error.param)
    assert "tools.0" in noted(asked(client, upstream, **body))
