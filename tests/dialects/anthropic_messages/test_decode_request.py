"""Tests of a client's request, made canonical."""

from typing import Any

import pytest
from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import DIALECT, NAME, decode, raw
from trunkline.canon.content import CacheMark, Message, Role, Text
from trunkline.canon.errors import Malformed
from trunkline.canon.request import (
    ChatRequest,
    ChoiceMode,
    OutputFormat,
    Thinking,
    Tool,
    ToolChoice,
)

SCHEMA = {"type": "object"}


def test_the_plainest_request() -> None:
    """Nothing is made up: what the client did not say stays unsaid."""
    assert decode() == ChatRequest(
        model="alias",
        messages=(Message(Role.USER, (Text("hi"),)),),
        origin=NAME,
        max_output_tokens=100,
    )


def test_every_plain_field() -> None:
    """Each under the name all dialects share."""
    request = decode(
        system="be kind",
        stop_sequences=["END"],
        stream=True,
        temperature=0.5,
        top_p=1,
        top_k=3,
        metadata={"user_id": "u1"},
        service_tier="standard_only",
    )

    assert Message(Role.SYSTEM, (Text("be kind"),)) == request.messages[0]
    assert (("END",), True, 0.5, 1.0, 3) == (
        request.stop,
        request.stream,
        request.temperature,
        request.top_p,
        request.top_k,
    )
    assert ("u1", "default") == (request.user, request.service_tier)


def test_system_blocks_stay_apart() -> None:
    """Each with its own breakpoint, for the prompt cache."""
    blocks = [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}},
    ]

    assert (Text("a"), Text("b", CacheMark())) == decode(system=blocks).messages[0].parts


@pytest.mark.parametrize(
    "given, choice, parallel",
    (
        ({"type": "auto"}, ToolChoice(ChoiceMode.AUTO), None),
        ({"type": "any"}, ToolChoice(ChoiceMode.REQUIRED), None),
        ({"type": "none"}, ToolChoice(ChoiceMode.NONE), None),
        ({"type": "tool", "name": "f"}, ToolChoice(ChoiceMode.ONE, ("f",)), None),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            ToolChoice(ChoiceMode.AUTO),
            False,
        ),
        (
            {"type": "any", "disable_parallel_tool_use": False},
            ToolChoice(ChoiceMode.REQUIRED),
            True,
        ),
        (None, None, None),
    ),
)
def test_tool_choice(given: Any, choice: ToolChoice | None, parallel: bool | None) -> None:
    """All four forms, and the switch for parallel calls inside them."""
    request = decode(tool_choice=given)

    assert (choice, parallel) == (request.tool_choice, request.parallel_tool_calls)


def test_tools() -> None:
    """Ours are understood, the provider's kept whole, and what we do not know kept beside."""
    own = {"name": "f", "description": "d", "input_schema": SCHEMA, "strict": True}
    lazy = {"name": "g", "input_schema": SCHEMA, "defer_loading": True}
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    servers = {"type": "mcp_toolset", "mcp_server_name": "wiki"}

    assert (
        Tool(name="f", description="d", parameters=raw(SCHEMA), strict=True),
        Tool(name="g", parameters=raw(SCHEMA), raw=raw(lazy), origin=NAME),
        Tool(name="web_search", kind="builtin", raw=raw(search), origin=NAME),
        Tool(name="wiki", kind="builtin", raw=raw(servers), origin=NAME),
    ) == decode(tools=[own, lazy, search, servers]).tools


@pytest.mark.parametrize("kind", ("custom", None))
def test_a_tool_whose_type_is_said(kind: str | None) -> None:
    """The API's explicit form of a client's own tool is no more than the short one."""
    own = {"name": "find", "input_schema": SCHEMA}

    assert decode(tools=[own]).tools == decode(tools=[{"type": kind, **own}]).tools


def test_an_unknown_type_is_kept() -> None:
    """A `type` where the API has none is a field like any other."""
    request = decode(type="x", messages=[{"type": "message", "role": "user", "content": "hi"}])

    assert {"type": raw("x")} == request.extra
    assert {"type": raw("message")} == request.messages[0].extra


def test_a_tools_breakpoint() -> None:
    """Tools may carry one, too."""
    tool = {"name": "f", "input_schema": SCHEMA, "cache_control": {"type": "ephemeral"}}

    assert CacheMark() == decode(tools=[tool]).tools[0].cache


@pytest.mark.parametrize(
    "fields, thinking",
    (
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}},
            Thinking(mode="enabled", budget_tokens=2000, display="omitted"),
        ),
        (
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            Thinking(mode="adaptive", effort="high"),
        ),
        ({"thinking": {"type": "disabled"}}, Thinking(mode="disabled")),
        ({"output_config": {"effort": "low"}}, Thinking(effort="low")),
        ({"thinking": None}, None),
    ),
)
def test_thinking(fields: dict[str, Any], thinking: Thinking | None) -> None:
    """Mode, budget and display, and the effort that stands elsewhere."""
    assert thinking == decode(**fields).thinking


@pytest.mark.parametrize("place", ("new", "old"))
def test_output_format(place: str) -> None:
    """In output_config, or at its older place."""
    shape = {"type": "json_schema", "schema": SCHEMA}
    fields = {"output_config": {"format": shape}} if place == "new" else {"output_format": shape}

    assert OutputFormat(kind="json_schema", schema=raw(SCHEMA)) == decode(**fields).output_format


def test_unknown_fields_are_kept() -> None:
    """At the top and inside what we take apart, each where it can be put back."""
    request = decode(
        container="c1",
        metadata={"user_id": "u", "team": 1},
        thinking={"type": "adaptive", "block_binding": {}},
        output_config={"effort": "low", "task_budget": {"total": 5}},
        tool_choice={"type": "auto", "hint": 1},
    )

    assert {
        "container": Raw(b'"c1"'),
        "metadata": Raw(b'{"team":1}'),
        "thinking": Raw(b'{"block_binding":{}}'),
        "output_config": Raw(b'{"task_budget":{"total":5}}'),
        "tool_choice": Raw(b'{"hint":1}'),
    } == dict(request.extra)


def test_beta_features_are_kept() -> None:
    """They belong to the fields they allow, so they travel with the request."""
    request = decode({b"anthropic-beta": b"a-1,b-2"})

    assert {"anthropic-beta": Raw(b'"a-1,b-2"')} == dict(request.extra)


@pytest.mark.parametrize(
    "fields, param",
    (
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": "7"}, "max_tokens"),
        ({"model": 3}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tools": [{"input_schema": {}}]}, "tools.0.name"),
        ({"tools": [{"type": "web_search_1", "name": 3}]}, "tools.0.name"),
        ({"thinking": {"budget_tokens": 1}}, "thinking.type"),
        ({"output_config": {"format": {}}}, "output_config.format.type"),
        ({"output_config": {"effort": 3}}, "output_config.effort"),
        ({"metadata": []}, "metadata"),
        ({"system": [{"type": "text"}]}, "system.0.text"),
        ({"stop_sequences": [3]}, "stop_sequences.0"),
        ({"temperature": "hot", "unknown": 1}, "temperature"),
    ),
)
def test_what_is_wrong_is_located(fields: dict[str, Any], param: str) -> None:
    """With the path of the field, as the API does."""
    with pytest.raises(Malformed) as caught:
        decode(**fields)

    assert param == caught.value.param


@pytest.mark.parametrize("field", ("model", "messages", "max_tokens"))
def test_what_is_missing_is_named(field: str) -> None:
    """Three fields every request must have."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    del body[field]

    with pytest.raises(Malformed) as caught:
        DIALECT.decode_request(json.encode(body), {})

    assert (field, f"{field}: Field required") == (caught.value.param, caught.value.message)


def test_counting_needs_no_max_tokens() -> None:
    """count_tokens asks for no answer."""
    body = json.encode({"model": "m", "messages": [{"role": "user", "content": "hi"}]})

    assert DIALECT.decode_count_request(body, {}).max_output_tokens is None


@pytest.mark.parametrize(
    "body", (b"", b"[]", b"{", b'{"a":"\xff"}', b'"\\ud800"', b"[" * 100_000, b'{"model":"\xc3"}')
)
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    """Bad bytes, bad escapes and absurd nesting included."""
    with pytest.raises(Malformed):
        DIALECT.decode_request(body, {})
