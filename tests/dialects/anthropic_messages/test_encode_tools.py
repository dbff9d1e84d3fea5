"""Tests of tools and the choice between them."""

from typing import Any

import pytest
from msgspec import Raw

from tests.dialects.anthropic_messages.kit import (
    NAME,
    body_of,
    chat,
    deployment,
    noted,
    raw,
    results,
)
from tests.dialects.turns import assistant, user
from trunkline.canon.content import CacheMark, Text, ToolCall, ToolResult
from trunkline.canon.deployment import Quirks
from trunkline.canon.request import ChoiceMode, Thinking, Tool, ToolChoice

OPEN = Raw(b'{"type":"object","properties":{}}')
F, G = Tool(name="f", parameters=OPEN), Tool(name="g", parameters=OPEN)


def tools(*given: Tool, **more: Any) -> list[Any]:
    return body_of(chat(tools=given, **more))["tools"]


def test_a_function() -> None:
    """Name, description, schema and breakpoint."""
    tool = Tool(name="f", description="d", parameters=OPEN, cache=CacheMark())

    assert [
        {
            "name": "f",
            "description": "d",
            "input_schema": {"type": "object", "properties": {}},
            "cache_control": {"type": "ephemeral"},
        }
    ] == tools(tool)


def test_no_schema_is_any_object() -> None:
    """The API wants one."""
    assert [{"name": "f", "input_schema": {"type": "object"}}] == tools(Tool(name="f"))


def test_order_is_kept() -> None:
    """For the prompt cache."""
    names = ["z", "a", "m"]

    assert names == [tool["name"] for tool in tools(*[Tool(name=name) for name in names])]


def test_strict() -> None:
    """Closed as the API wants it, or noted where no schema is enforced."""
    some = {"type": "object", "properties": {"a": {"type": "string"}}}
    tool = Tool(name="f", parameters=raw(some), strict=True)
    unable = deployment(quirks=Quirks(schema_output=False))

    assert [
        {
            "name": "f",
            "input_schema": {**some, "additionalProperties": False},
            "strict": True,
        }
    ] == tools(tool)
    assert ["tools.0.parameters"] == noted(chat(tools=(tool,)))
    assert ["tools.0.strict"] == noted(chat(tools=(tool,)), unable)
    assert "strict" not in tools(Tool(name="f", strict=False))[0]


def test_a_tool_that_takes_anything_is_not_strict() -> None:
    """Closed, it could be called with nothing but {}."""
    tool = Tool(name="f", parameters=OPEN, strict=True)

    assert [{"name": "f", "input_schema": {"type": "object", "properties": {}}}] == tools(tool)
    assert ["tools.0.strict"] == noted(chat(tools=(tool,)))


def test_own_tools_keep_all_their_fields() -> None:
    """Those we do not understand included; the provider's own to the field."""
    lazy = {"name": "f", "input_schema": {"type": "object"}, "defer_loading": True}
    search = {"type": "web_search_20250305", "name": "web_search"}

    assert [lazy, search] == tools(
        Tool(name="f", parameters=raw(lazy["input_schema"]), raw=raw(lazy), origin=NAME),
        Tool(name="web_search", kind="builtin", raw=raw(search), origin=NAME),
        origin=NAME,
    )


def test_a_foreign_builtin_is_noted() -> None:
    """OpenAI's file search runs at OpenAI alone."""
    tool = Tool(name="file_search", kind="builtin", raw=Raw(b"{}"), origin="openai-responses")

    assert ["tools.0"] == noted(chat(tools=(tool, F)))
    assert ["f"] == [found["name"] for found in tools(tool, F)]


def test_alternatives_at_the_top_are_noted() -> None:
    """They were merged into one object."""
    tool = Tool(name="f", parameters=raw({"anyOf": [{"properties": {"a": {}}}]}))

    assert ["tools.0.parameters"] == noted(chat(tools=(tool,)))
    assert {"a": {}} == tools(tool)[0]["input_schema"]["properties"]


@pytest.mark.parametrize(
    "choice, fields",
    (
        (None, None),
        (ToolChoice(ChoiceMode.AUTO), {"type": "auto"}),
        (ToolChoice(ChoiceMode.NONE), {"type": "none"}),
        (ToolChoice(ChoiceMode.REQUIRED), {"type": "any"}),
        (ToolChoice(ChoiceMode.ONE, ("g",)), {"type": "tool", "name": "g"}),
        (ToolChoice(ChoiceMode.SUBSET, ("g",)), {"type": "auto"}),
        (ToolChoice(ChoiceMode.SUBSET_REQUIRED, ("g",)), {"type": "any"}),
    ),
)
def test_every_choice(choice: ToolChoice | None, fields: Any) -> None:
    """A subset is chosen by leaving the others out."""
    body = body_of(chat(tools=(F, G), tool_choice=choice))

    subset = choice is not None and choice.mode.value.startswith("subset")
    assert fields == body.get("tool_choice")
    assert (["g"] if subset else ["f", "g"]) == [tool["name"] for tool in body["tools"]]


@pytest.mark.parametrize(
    "choice, parallel, fields",
    (
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, True, None),
        (ChoiceMode.REQUIRED, False, {"type": "any", "disable_parallel_tool_use": True}),
        (ChoiceMode.REQUIRED, True, {"type": "any"}),
        (ChoiceMode.NONE, False, {"type": "none"}),
    ),
)
def test_parallel_calls(choice: ChoiceMode | None, parallel: bool, fields: Any) -> None:
    """The switch lives inside the choice, which it brings into being."""
    request = chat(
        tools=(F,),
        tool_choice=ToolChoice(choice) if choice else None,
        parallel_tool_calls=parallel,
    )

    assert fields == body_of(request).get("tool_choice")


def test_a_choice_without_tools_is_noted() -> None:
    """It would be refused."""
    request = chat(tool_choice=ToolChoice(ChoiceMode.REQUIRED))

    assert "tool_choice" not in body_of(request)
    assert ["tool_choice"] == noted(request)
    assert [] == noted(chat(tool_choice=ToolChoice(ChoiceMode.NONE)))


@pytest.mark.parametrize("mode", (ChoiceMode.REQUIRED, ChoiceMode.ONE))
def test_thinking_forbids_force(mode: ChoiceMode) -> None:
    """With a budget only auto and none are taken; adaptive thinking minds nothing (recorded)."""
    request = chat(
        tools=(F,),
        tool_choice=ToolChoice(mode, ("f",) if mode is ChoiceMode.ONE else ()),
        thinking=Thinking(effort="high"),
        max_output_tokens=9000,
    )

    assert {"type": "auto"} == body_of(request, deployment("claude-haiku-4-5"))["tool_choice"]
    assert ["tool_choice"] == noted(request, deployment("claude-haiku-4-5"))
    assert body_of(request, deployment("claude-opus-4-8"))["tool_choice"]["type"] in {"any", "tool"}


def test_a_history_of_calls_needs_tools() -> None:
    """A foreign client that no longer offers them gets them declared, and not called."""
    history = (
        user("go"),
        assistant(ToolCall("t", "f", "{}")),
        results(ToolResult("t", (Text("ok"),))),
    )
    request = chat(*history)

    body = body_of(request)

    assert [{"name": "f", "input_schema": {"type": "object"}}] == body["tools"]
    assert {"type": "none"} == body["tool_choice"]
    assert ["tools"] == noted(request)
    assert "tools" not in body_of(chat(*history, origin=NAME))
