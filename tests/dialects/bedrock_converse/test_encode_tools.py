"""Tests of tools and the choice between them."""

import pytest
from msgspec import Raw

from tests.dialects.bedrock_converse.kit import (
    LLAMA,
    NOVA,
    SONNET_4,
    WEATHER,
    body_of,
    chat,
    encode,
    noted,
    to,
    tool,
)
from tests.dialects.turns import assistant, user
from trunkline.canon.content import CacheMark, Text, ToolCall, ToolResult
from trunkline.canon.request import ChoiceMode, Thinking, Tool, ToolChoice

CALLED = (user("a"), assistant(ToolCall("c", "f", "{}")), tool(ToolResult("c", (Text("r"),))))


def config(request, model=SONNET_4, **quirks):
    return body_of(request, to(model, **quirks)).get("toolConfig")


def choice(mode, *names, model=SONNET_4, **fields):
    request = chat(tools=(WEATHER,), tool_choice=ToolChoice(mode, names), **fields)
    return config(request, model).get("toolChoice")


def test_a_tool():
    """Name, description and schema."""
    spec = {
        "name": "weather",
        "description": "of a place",
        "inputSchema": {"json": {"type": "object", "properties": {}}},
    }
    told = Tool(name="weather", description="of a place", parameters=WEATHER.parameters)

    assert {"tools": [{"toolSpec": spec}]} == config(chat(tools=(told,)))


def test_an_empty_description_is_left_out():
    """The API asks for one character at least."""
    spec = config(chat(tools=(Tool(name="f", description=""),)))["tools"][0]["toolSpec"]

    assert {"name": "f", "inputSchema": {"json": {"type": "object"}}} == spec


@pytest.mark.parametrize(
    ("mode", "expected"),
    (
        (ChoiceMode.AUTO, {"auto": {}}),
        (ChoiceMode.REQUIRED, {"any": {}}),
        (ChoiceMode.SUBSET, {"auto": {}}),
        (ChoiceMode.SUBSET_REQUIRED, {"any": {}}),
        (ChoiceMode.ONE, {"tool": {"name": "weather"}}),
    ),
)
def test_choices(mode, expected):
    """Each mode in Bedrock's words."""
    assert expected == choice(mode, "weather")


def test_a_subset_is_all_the_model_sees():
    """Others are not sent."""
    tools = (WEATHER, Tool(name="other"))
    asked = chat(tools=tools, tool_choice=ToolChoice(ChoiceMode.SUBSET, ("other",)))

    assert ["other"] == [t["toolSpec"]["name"] for t in config(asked)["tools"]]


def test_a_choice_among_no_tools():
    """It is dropped, and a note tells, whoever left them out; none of no tools is no loss."""
    search = Tool(name="web_search", kind="builtin", raw=Raw(b"{}"), origin="anthropic-messages")
    asked, dropped = (
        chat(tools=tools, tool_choice=ToolChoice(ChoiceMode.AUTO)) for tools in ((), (search,))
    )

    assert [None, None] == [config(asked), config(dropped)]
    assert ["tool_choice"] == noted(asked)
    assert ["tools.0", "tool_choice"] == noted(dropped)
    assert [] == noted(chat(tool_choice=ToolChoice(ChoiceMode.NONE)))


def test_none_leaves_the_tools_out():
    """Nothing else keeps a model from them; a note tells."""
    asked = chat(tools=(WEATHER,), tool_choice=ToolChoice(ChoiceMode.NONE))

    assert None is config(asked)
    assert ["tool_choice"] == noted(asked)


def test_none_with_calls_in_the_history():
    """The API refuses calls without tools: they stay, and a note tells that none is not kept."""
    asked = chat(*CALLED, tools=(WEATHER,), tool_choice=ToolChoice(ChoiceMode.NONE))

    assert ["tools"] == list(config(asked))
    assert ["tool_choice"] == noted(asked)


def test_tools_are_declared_from_the_history():
    """Where the client declares none."""
    spec = {"name": "f", "inputSchema": {"json": {"type": "object"}}}

    assert {"tools": [{"toolSpec": spec}]} == config(chat(*CALLED))
    assert ["tools"] == noted(chat(*CALLED))


def test_a_result_without_its_call():
    """Still needs some tool."""
    asked = chat(user("a"), tool(ToolResult("c", (Text("r"),))))

    assert ["tool"] == [t["toolSpec"]["name"] for t in config(asked)["tools"]]


def test_one_tool_where_the_model_cannot_be_told_which():
    """Any, with a note."""
    assert {"any": {}} == choice(ChoiceMode.ONE, "weather", model=LLAMA)
    assert {"tool": {"name": "weather"}} == choice(ChoiceMode.ONE, "weather", model=NOVA)


def test_no_tool_is_forced_while_claude_thinks_on_a_budget():
    """Anthropic answers 400."""
    assert {"auto": {}} == choice(
        ChoiceMode.REQUIRED, thinking=Thinking(effort="low"), max_output_tokens=8000
    )


def test_parallel_calls_cannot_be_turned_off():
    """A note tells."""
    asked = chat(tools=(WEATHER,), parallel_tool_calls=False)

    assert ["parallel_tool_calls"] == noted(asked)


def test_cache_points():
    """Behind the tool, for Claude; Nova takes none there."""
    marked = chat(tools=(Tool(name="f", cache=CacheMark()),))

    assert {"cachePoint": {"type": "default"}} == config(marked)["tools"][1]
    assert 1 == len(config(marked, NOVA)["tools"])
    assert ["tools.cache_control"] == noted(marked, to(NOVA))


def test_strict_tools():
    """Where the model can be held to a schema, which is closed for it."""
    some = Raw(b'{"type":"object","properties":{"a":{"type":"string"}}}')
    asked = chat(tools=(Tool(name="f", parameters=some, strict=True),))
    spec = config(asked, schema_output=True)["tools"][0]["toolSpec"]

    assert (True, False) == (spec["strict"], spec["inputSchema"]["json"]["additionalProperties"])
    assert "strict" not in config(asked, schema_output=False)["tools"][0]["toolSpec"]
    assert ["tools.0.strict"] == noted(asked, to(schema_output=False))
    free = chat(tools=(Tool(name="f", parameters=Raw(b'{"type":"object"}'), strict=True),))
    assert {"json": {"type": "object"}} == config(free, schema_output=True)["tools"][0]["toolSpec"][
        "inputSchema"
    ]
    assert ["tools.0.strict"] == noted(free, to(schema_output=True))


def test_custom_and_builtin_tools():
    """Free text becomes one string; what runs elsewhere is dropped. Both noted."""
    asked = chat(
        tools=(
            Tool(name="patch", kind="custom"),
            Tool(name="web_search", kind="builtin", origin="openai-responses", raw=Raw(b"{}")),
        )
    )
    spec = config(asked)["tools"][0]["toolSpec"]

    assert ["input"] == spec["inputSchema"]["json"]["required"]
    assert ["tools.0", "tools.1"] == noted(asked)


def test_long_names_lead_back():
    """The flow restores them in the answer."""
    name = "n" * 100
    body, encoded = encode(chat(tools=(Tool(name=name),)))
    sent = body["toolConfig"]["tools"][0]["toolSpec"]["name"]

    assert {sent: name} == encoded.tool_names
