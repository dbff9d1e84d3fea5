"""Tests of the canonical request as an upstream's body."""

from typing import Any

import pytest
from msgspec import Raw

from tests.dialects.anthropic_messages.kit import (
    NAME,
    body_of,
    chat,
    decode,
    deployment,
    encode,
    noted,
    raw,
)
from tests.dialects.turns import user
from trunkline.canon.content import CacheMark, Text
from trunkline.canon.deployment import Quirks
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import OutputFormat, Thinking, Tool

SCHEMA = Raw(b'{"type":"object","additionalProperties":false}')
FREE = Raw(b'{"type":"object","additionalProperties":{"type":"string"}}')


def test_the_plainest_request() -> None:
    """The upstream's model, and what the API must have."""
    body, encoded = encode(chat(user("hi")), deployment("claude-x"))

    assert {
        "model": "claude-x",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    } == body
    assert ((b"anthropic-version", b"2023-06-01"),) == encoded.headers
    assert () == encoded.notes


def test_every_plain_field() -> None:
    """Each by its name here."""
    request = chat(
        stream=True, stop=("END",), top_p=0.9, top_k=3, user="u1", service_tier="default"
    )

    body = body_of(request)

    assert {
        "stream": True,
        "stop_sequences": ["END"],
        "top_p": 0.9,
        "top_k": 3,
        "metadata": {"user_id": "u1"},
        "service_tier": "standard_only",
    } == {k: v for k, v in body.items() if k not in {"model", "max_tokens", "messages"}}


@pytest.mark.parametrize(
    "fields",
    (
        {"seed": 1},
        {"presence_penalty": 0.5},
        {"frequency_penalty": 0.5},
        {"logprobs": True},
        {"top_logprobs": 2},
        {"logit_bias": Raw(b"{}")},
        {"verbosity": "low"},
        {"metadata": Raw(b"{}")},
        {"service_tier": "flex"},
        {"extra": {"store": Raw(b"true")}},
    ),
)
def test_what_is_missing_here_is_noted(fields: dict[str, Any]) -> None:
    """Dropped, and said by the client's own name for it."""
    field = next(iter(fields.get("extra", fields)))
    request = chat(**fields)

    assert [field] == noted(request)
    assert {"model", "max_tokens", "messages"} == set(body_of(request))


@pytest.mark.parametrize(
    "fields", ({"presence_penalty": 0.0}, {"frequency_penalty": 0.0}, {"logprobs": False}, {"n": 1})
)
def test_what_changes_nothing_is_not_noted(fields: dict[str, Any]) -> None:
    """Defaults that clients like to send."""
    assert [] == noted(chat(**fields))


@pytest.mark.parametrize("n", (0, 3))
def test_several_answers_are_refused(n: int) -> None:
    """One cannot stand for three, nor for none."""
    with pytest.raises(Unsupported) as caught:
        encode(chat(n=n))

    assert ("n", 400) == (caught.value.param, caught.value.status)


@pytest.mark.parametrize("given, sent", ((0.3, 0.3), (1.0, 1.0), (1.7, 1.0)))
def test_temperature_ends_at_one(given: float, sent: float) -> None:
    """Elsewhere it goes to two."""
    request = chat(temperature=given)

    assert sent == body_of(request)["temperature"]
    assert (["temperature"] if given > 1 else []) == noted(request)


def test_not_both_temperature_and_top_p() -> None:
    """Newer Claudes refuse the two together; a client of this dialect knows what it does."""
    assert ["top_p"] == noted(chat(temperature=0.5, top_p=1.0))
    assert "top_p" not in body_of(chat(temperature=0.5, top_p=1.0))
    assert "top_p" in body_of(chat(temperature=0.5, top_p=1.0, origin=NAME))


def test_thinking_forbids_sampling() -> None:
    """Temperature but one, top_k, and a low top_p."""
    thinking = Thinking(effort="low")

    assert ["temperature", "top_k"] == noted(
        chat(thinking=thinking, temperature=0.5, top_k=3, max_output_tokens=9000)
    )
    assert ["top_p"] == noted(chat(thinking=thinking, top_p=0.5))
    assert [] == noted(chat(thinking=thinking, temperature=1.0))
    assert [] == noted(chat(thinking=thinking, top_p=0.95))


def test_stop_sequences_of_white_space_are_noted() -> None:
    """The API refuses them; the others stay."""
    request = chat(stop=("\n", "END", " "))

    assert ["END"] == body_of(request)["stop_sequences"]
    assert ["stop"] == noted(request)
    assert "stop_sequences" not in body_of(chat(stop=("\n\n",)))


def test_a_schema_for_the_answer() -> None:
    """Beside the effort, in output_config."""
    wanted = OutputFormat(kind="json_schema", schema=SCHEMA, name="n", strict=True)

    assert {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {"type": "object", "additionalProperties": False},
        },
    } == body_of(chat(output_format=wanted, thinking=Thinking(effort="low")))["output_config"]


def test_a_schema_is_closed_with_a_note() -> None:
    """The API compiles only closed objects without bounds."""
    some = Raw(b'{"type":"object","properties":{"a":{"type":"string"}}}')
    wanted = OutputFormat(kind="json_schema", schema=some)

    assert ["response_format"] == noted(chat(output_format=wanted))
    assert [] == noted(chat(output_format=wanted, origin=NAME))


@pytest.mark.parametrize(
    "wanted, quirks",
    (
        (OutputFormat(kind="json_object"), Quirks()),
        (OutputFormat(kind="json_schema", schema=FREE), Quirks()),
        (OutputFormat(kind="json_schema", schema=SCHEMA), Quirks(schema_output=False)),
    ),
)
def test_what_cannot_be_enforced_is_asked_for(wanted: OutputFormat, quirks: Quirks) -> None:
    """In the system prompt, with a note; an object of any properties, too, as it was."""
    request = chat(output_format=wanted)
    body, encoded = encode(request, deployment(quirks=quirks))

    assert "output_config" not in body
    assert "JSON" in body["system"][-1]["text"]
    assert (wanted.schema is not None) == ("additionalProperties" in body["system"][-1]["text"])
    assert ["response_format"] == [note.field for note in encoded.notes]


def test_plain_text_is_no_format() -> None:
    """OpenAI's response_format of type text."""
    assert "output_config" not in body_of(chat(output_format=OutputFormat(kind="text")))


def test_at_most_four_breakpoints() -> None:
    """Counted in the prompt's order: tools, system, messages."""
    marked = Text("x", CacheMark())
    request = chat(user(marked, marked, marked, marked), tools=(Tool(name="f", cache=CacheMark()),))

    body = body_of(request)

    assert "cache_control" not in body["tools"][0]
    assert all("cache_control" in block for block in body["messages"][0]["content"])
    assert ["cache_control"] == noted(request)


def test_unknown_fields_return() -> None:
    """At the top and inside what we took apart; beta features as their header."""
    given = {
        "container": "c1",
        "context_management": {"edits": []},
        "metadata": {"user_id": "u", "team": 1},
        "thinking": {"type": "adaptive", "block_binding": {}},
        "output_config": {"effort": "low", "task_budget": {"total": 5}},
    }

    body, encoded = encode(decode({b"anthropic-beta": b"a-1,b-2"}, **given))

    assert given == {name: body[name] for name in given}
    assert (b"anthropic-beta", b"a-1,b-2") in encoded.headers
    assert () == encoded.notes


def test_a_fragment_alone_does_not_return() -> None:
    """A tool_choice that was dropped leaves nothing of itself behind."""
    request = decode(tool_choice={"type": "auto", "hint": 1})

    assert "tool_choice" not in body_of(request)


def test_quirks_are_applied_last() -> None:
    """A row drops, renames and adds on the body as it would go out."""
    to = deployment(
        quirks=Quirks(drop=("top_k",), rename={"max_tokens": "limit"}, add={"x": Raw(b"1")})
    )
    request = chat(top_k=1)

    body = body_of(request, to)

    assert (4096, 1, False) == (body["limit"], body["x"], "top_k" in body)
    assert ["top_k"] == noted(request, to)


def test_shortened_names_lead_back() -> None:
    """For the flow to restore them in the answer."""
    encoded = encode(chat(tools=(Tool(name="n" * 200),)))[1]

    assert ["n" * 200] == list(encoded.tool_names.values())


def test_a_schemas_bytes_stay() -> None:
    """Byte for byte, so that prompt caches hold."""
    written = b'{ "type": "object",  "properties": {} }'
    encoded = encode(chat(tools=(Tool(name="f", parameters=Raw(written)),)))[1]

    assert written in encoded.body
    assert raw({"a": 1}) == Raw(b'{"a":1}')
