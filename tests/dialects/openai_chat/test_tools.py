"""Tools and the choice among them."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_chat.kit import FOREIGN, decode, encoded, request, sent
from trunkline.canon.content import CacheMark, Message, Role, ToolCall
from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice
from trunkline.dialects.openai_chat.tools import uses_functions

OWN = "openai-chat"
SCHEMA = b'{ "type": "object" }'
LONG = "mcp__a_server_with_a_long_name__and_a_tool_with_a_name_just_as_long_as_that"


def test_functions_as_tools():
    """Each field; the schema to the byte, so that prompt caches still match."""
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
    (tool,) = decode(tools=[{"type": "function", "function": function}]).tools
    expected = Tool(name="f", description="d", parameters=Raw(b'{"type":"object"}'), strict=True)
    assert expected == tool
    body = sent(request(tools=(Tool(name="f", parameters=Raw(SCHEMA)),)))
    assert {"type": "object"} == body["tools"][0]["function"]["parameters"]
    assert SCHEMA in encoded(request(tools=(Tool(name="f", parameters=Raw(SCHEMA)),))).body


def test_without_a_type():
    """Mistral's client sends none."""
    assert ("f", "function") == (
        decode(tools=[{"function": {"name": "f"}}]).tools[0].name,
        decode(tools=[{"function": {"name": "f"}}]).tools[0].kind,
    )


@pytest.mark.parametrize(
    "tool",
    (
        {"type": "custom", "custom": {"name": "c", "description": "d", "format": {"type": "text"}}},
        {"type": "openrouter:web_search", "parameters": {"a": 1}},
        {"type": "function", "function": {"name": "f"}, "eager_input_streaming": True},
        {"type": "function", "function": {"name": "f", "odd": 1}},
        {"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}},
    ),
)
def test_own_tools_come_back(tool):
    """To the letter, whatever we know of them."""
    assert [tool] == sent(decode(tools=[tool]), custom_tools=True)["tools"]


def test_cache_marks():
    """On tools, too."""
    tool = Tool(name="f", cache=CacheMark())
    assert {"type": "ephemeral"} == sent(request(tools=(tool,)), cache_marks=True)["tools"][0][
        "cache_control"
    ]
    found = encoded(request(tools=(tool,)))
    assert ["cache_control"] == [note.field for note in found.notes]


def test_custom_tools_of_the_responses_api():
    """Written flat there, in an object of its own here."""
    raw = {
        "type": "custom",
        "name": "c",
        "format": {"type": "grammar", "syntax": "lark", "definition": "s"},
    }
    tool = Tool(name="c", kind="custom", raw=Raw(json.encode(raw)), origin="openai-responses")
    assert {
        "type": "custom",
        "custom": {
            "name": "c",
            "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "s"}},
        },
    } == sent(request(tools=(tool,)), custom_tools=True)["tools"][0]


@pytest.mark.parametrize("origin", ("openai-responses", "openai-chat"))
def test_custom_tools_where_there_are_none(origin):
    """A function of one string stands in, and is what a choice of the tool chooses; noted."""
    raw = {"type": "custom", "name": "c", "format": {"type": "grammar", "definition": "s"}}
    tool = Tool(name="c", description="d", kind="custom", raw=Raw(json.encode(raw)), origin=origin)
    asked = request(tools=(tool,), tool_choice=ToolChoice(ChoiceMode.ONE, ("c",)), origin=origin)
    body = sent(asked)
    schema = {
        "type": "object",
        "properties": {"input": {"type": "string"}},
        "required": ["input"],
    }

    function = {"name": "c", "description": "d", "parameters": schema}
    assert [{"type": "function", "function": function}] == body["tools"]
    assert {"type": "function", "function": {"name": "c"}} == body["tool_choice"]
    assert ["tools.0"] == [note.field for note in encoded(asked).notes]


@pytest.mark.parametrize(
    ("mode", "word"), ((ChoiceMode.SUBSET, "auto"), (ChoiceMode.SUBSET_REQUIRED, "required"))
)
def test_a_subset_where_it_cannot_be_told(mode, word):
    """It is all that the upstream is shown."""
    tools = tuple(Tool(name=name) for name in "abc")
    body = sent(request(tools=tools, tool_choice=ToolChoice(mode, ("c", "a"))))

    assert ["a", "c"] == [tool["function"]["name"] for tool in body["tools"]]
    assert word == body["tool_choice"]


def test_fields_of_another_dialect():
    """Are dropped with a note, the tool is not."""
    tool = Tool(name="f", raw=Raw(b'{"name":"f","defer_loading":true}'), origin=FOREIGN)
    found = encoded(request(tools=(tool,)))
    assert ["tools.0"] == [note.field for note in found.notes]
    assert [{"type": "function", "function": {"name": "f"}}] == json.decode(found.body)["tools"]


@pytest.mark.parametrize(
    ("wire", "choice"),
    (
        ("auto", ToolChoice(ChoiceMode.AUTO)),
        ("none", ToolChoice(ChoiceMode.NONE)),
        ("required", ToolChoice(ChoiceMode.REQUIRED)),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice(ChoiceMode.ONE, ("f",))),
        ({"type": "custom", "custom": {"name": "c"}}, ToolChoice(ChoiceMode.ONE, ("c",))),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [
                        {"type": "function", "function": {"name": "f"}},
                        {"type": "custom", "custom": {"name": "c"}},
                    ],
                },
            },
            ToolChoice(ChoiceMode.SUBSET, ("f", "c")),
        ),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "f"}}],
                },
            },
            ToolChoice(ChoiceMode.SUBSET_REQUIRED, ("f",)),
        ),
    ),
)
def test_choices(wire, choice):
    """All forms, both ways."""
    tools = [
        {"type": "function", "function": {"name": "f"}},
        {"type": "custom", "custom": {"name": "c"}},
    ]
    asked = decode(tools=tools, tool_choice=wire)
    assert choice == asked.tool_choice
    assert wire == sent(asked, custom_tools=True)["tool_choice"]


@pytest.mark.parametrize(
    ("wire", "choice"),
    (
        ("any", ToolChoice(ChoiceMode.REQUIRED)),
        ({"function": {"name": "f"}}, ToolChoice(ChoiceMode.ONE, ("f",))),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
            ToolChoice(ChoiceMode.SUBSET, ("f",)),
        ),
    ),
)
def test_other_forms_of_choice(wire, choice):
    """Mistral's word, a missing type, the flat form of the Responses API."""
    assert choice == decode(tool_choice=wire).tool_choice


def test_functions():
    """The API before tools: one call an answer."""
    asked = decode(functions=[{"name": "f", "parameters": {}}], function_call={"name": "f"})
    assert uses_functions(asked)
    assert ToolChoice(ChoiceMode.ONE, ("f",)) == asked.tool_choice
    assert asked.parallel_tool_calls is False
    assert "functions" not in asked.extra
    assert {"type": "function", "function": {"name": "f", "parameters": {}}} == sent(asked)[
        "tools"
    ][0]
    assert not uses_functions(decode())


@pytest.mark.parametrize(
    ("body", "param"),
    (
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools[0].custom.name"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": 1}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
    ),
)
def test_malformed(body, param):
    """What is wrong is named by its place."""
    with pytest.raises(Malformed) as raised:
        decode(**body)
    assert param == raised.value.param


def test_long_names():
    """Shortened the same in tools, choice and history, and given back."""
    asked = request(
        Message(Role.ASSISTANT, (ToolCall("call_1", LONG, "{}"),)),
        tools=(Tool(name=LONG), Tool(name="f")),
        tool_choice=ToolChoice(ChoiceMode.ONE, (LONG,)),
    )
    body = sent(asked)
    short = body["tools"][0]["function"]["name"]
    assert 64 == len(short)
    assert short == body["tool_choice"]["function"]["name"]
    assert short == body["messages"][0]["tool_calls"][0]["function"]["name"]
    assert "f" == body["tools"][1]["function"]["name"]
    assert {short: LONG} == encoded(asked).tool_names


def test_own_long_names():
    """A definition of our own dialect is not kept to the letter then."""
    tool = {"type": "function", "function": {"name": LONG}, "odd": 1}
    assert 64 == len(sent(decode(tools=[tool]))["tools"][0]["function"]["name"])
