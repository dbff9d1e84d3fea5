"""How a conversation is asked: passed on to the byte, or translated; and when it must be read."""

import pytest
from msgspec import json

from tests.flow.world import (
    ANTHROPIC,
    OPENAI,
    WHOLE,
    ScriptedProvider,
    World,
    anthropic,
    chat_body,
    openai,
    whole,
)
from trunkline.canon.deployment import Quirks
from trunkline.flow.chat import looks_inside


def exchange(quirks=Quirks(), **more):  # noqa: B008 - frozen
    return quirks, World(openai()).make(chat_body(**more))


TWO_SYSTEM = [{"role": "system", "content": "a"}, {"role": "system", "content": "b"}]
DEVELOPER = [{"role": "developer", "content": "a"}]


@pytest.mark.parametrize(
    ("quirks", "more", "inside"),
    (
        (Quirks(), {}, False),
        (Quirks(drop=("seed",), rename={"a": "b"}), {"seed": 1}, False),
        (Quirks(tool_id="mistral"), {}, True),
        (Quirks(think_tags=True), {}, True),
        (Quirks(reasoning_field="content"), {}, True),
        (Quirks(schema_output=False), {}, False),
        (Quirks(schema_output=False), {"response_format": {"type": "json_object"}}, True),
        (Quirks(schema_output=False), {"text": {"format": {"type": "json_object"}}}, True),
        (Quirks(schema_output=True), {"response_format": {"type": "json_object"}}, False),
        (Quirks(), {"messages": DEVELOPER}, True),
        (Quirks(system_role="developer"), {"messages": DEVELOPER}, False),
        (Quirks(mid_system=False), {"messages": TWO_SYSTEM[:1]}, False),
        (Quirks(mid_system=False), {"messages": TWO_SYSTEM}, True),
    ),
)
def test_who_must_look_inside(quirks, more, inside):
    """Only quirks that lie deeper than the top level, and that this request can meet."""
    assert inside == looks_inside(*exchange(quirks, **more))


def test_a_body_that_passes_is_not_read():
    """Its messages reach the upstream to the byte; with a deeper quirk they are written anew."""
    body = b'{"model":"m", "messages":[ {"role":"user",  "content":"\\u0068i"} ]}'
    plain = World(openai(whole()))
    plain.ask(body)
    inside = World(openai(whole(), quirks=Quirks(tool_id="mistral")))
    inside.ask(body)

    def sent(world):
        return world.providers["up"].transport.sent[0].request.body

    assert b'[ {"role":"user",  "content":"\\u0068i"} ]' in sent(plain)
    assert plain.exchange.request is None
    assert b'"content":"hi"' in sent(inside)
    assert inside.exchange.request is not None


def test_names_that_were_shortened_come_back():
    """Over an upstream that takes sixty-four letters."""
    name = "f" * 100
    tool = {"name": name, "input_schema": {"type": "object"}}
    asked = {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [tool],
    }

    world = World(openai(whole()))
    world.ask(json.encode(asked), ANTHROPIC)
    sent = json.decode(world.providers["up"].transport.sent[0].request.body)
    short = sent["tools"][0]["function"]["name"]
    call = {"id": "c1", "type": "function", "function": {"name": short, "arguments": "{}"}}
    answer = json.decode(WHOLE)
    answer["choices"][0]["message"] = {"role": "assistant", "content": None, "tool_calls": [call]}
    answer["choices"][0]["finish_reason"] = "tool_calls"
    reply = World(openai(whole(json.encode(answer)))).ask(json.encode(asked), ANTHROPIC)

    assert len(short) <= 64 < len(name)
    assert name == json.decode(reply.body)["content"][0]["name"]


def test_a_target_that_speaks_the_client_s_dialect_besides_is_asked_in_it():
    """No translation where none is needed: the other dialect's path, its bytes untouched."""
    world = World(anthropic(whole(WHOLE), also=(OPENAI,)))
    reply = world.ask(chat_body())

    assert WHOLE == reply.body
    [sent] = world.providers["up"].transport.sent
    assert b"/chat/completions" == sent.request.path
    assert [OPENAI] == [a.deployment.dialect for a in world.exchange.attempts]


def test_a_target_that_only_embeds_cannot_chat():
    """A clear 404, and nothing is sent."""
    world = World(ScriptedProvider("up", "openai-embeddings", ()))
    reply = world.ask(chat_body())

    assert (404, "up has no chat, only embeddings") == (
        reply.status,
        json.decode(reply.body)["error"]["message"],
    )
    assert [0] == world.sent


SEARCHED = json.encode(
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            {"type": "text", "text": "found", "citations": [{"type": "x", "cited_text": "secret"}]},
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
)


def test_what_a_translated_answer_leaves_out_is_named():
    """Beside what the request lost; an answer that passes loses nothing."""
    world = World(anthropic(whole(SEARCHED)))
    told = world.ask(chat_body(seed=1)).header(b"x-trunkline-warnings")
    passed = World(anthropic(whole(SEARCHED))).ask(chat_body(max_tokens=1), ANTHROPIC)

    assert told is not None
    assert [b"seed", b"content", b"citations"] == [n.split(b":")[0] for n in told.split(b"; ")]
    assert b"server_tool_use" in told
    assert b"secret" not in told
    assert passed.header(b"x-trunkline-warnings") is None


def test_half_a_character_loses_no_answer():
    """Neither passed on nor translated; clients whose JSON knows no halves can read it, too."""
    body = WHOLE.replace(b'"content":"hello"', b'"content":"Hi \\ud83d!"')
    assert body != WHOLE
    passed = World(openai(whole(body))).ask(chat_body())
    translated = World(openai(whole(body))).ask(chat_body(max_tokens=1), ANTHROPIC)

    assert "Hi �!" == json.decode(passed.body)["choices"][0]["message"]["content"]
    assert "Hi �!" == json.decode(translated.body)["content"][0]["text"]
