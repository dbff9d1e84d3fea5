"""Tools and choices off the wire."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.kit import decode
from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice
from trunkline.dialects.openai_responses.namespaces import Member, members

OWN = "openai-responses"


def raw(value):
    return Raw(json.encode(value))


def test_functions():
    """Their schema to the byte; what we do not know keeps the whole definition."""
    plain = {"type": "function", "name": "f", "description": "d", "parameters": {"a": 1}}
    newer = {**plain, "strict": False, "defer_loading": True}
    assert (
        Tool(name="f", description="d", parameters=Raw(b'{"a":1}'), origin=OWN),
        Tool(
            name="f",
            description="d",
            parameters=Raw(b'{"a":1}'),
            strict=False,
            raw=raw(newer),
            origin=OWN,
        ),
    ) == decode(tools=[plain, newer]).tools


def test_custom():
    """With its grammar."""
    form = {"type": "grammar", "syntax": "lark", "definition": "start: /x/"}
    patch = {"type": "custom", "name": "apply_patch", "description": "d", "format": form}
    (tool,) = decode(tools=[patch]).tools
    assert ("apply_patch", "custom", "d", raw(patch)) == (
        tool.name,
        tool.kind,
        tool.description,
        tool.raw,
    )


def test_built_in():
    """Called by their type, kept whole."""
    search = {"type": "web_search", "external_web_access": True}
    (tool,) = decode(tools=[search]).tools
    assert Tool(name="web_search", kind="builtin", raw=raw(search), origin=OWN) == tool


def test_namespaces():
    """One tool each, functions or not, that knows where it belongs."""
    space = {
        "type": "namespace",
        "name": "agents",
        "description": "d",
        "tools": [
            {"type": "function", "name": "close", "strict": False, "parameters": {}},
            {"type": "custom", "name": "say"},
        ],
    }
    request = decode(tools=[space])
    assert [("agents__close", "function"), ("agents__say", "custom")] == [
        (tool.name, tool.kind) for tool in request.tools
    ]
    assert {
        "agents__close": Member("agents", "close"),
        "agents__say": Member("agents", "say"),
    } == members(request.tools)


@pytest.mark.parametrize(
    ("choice", "expected"),
    (
        ("auto", ToolChoice(ChoiceMode.AUTO)),
        ("none", ToolChoice(ChoiceMode.NONE)),
        ("required", ToolChoice(ChoiceMode.REQUIRED)),
        ({"type": "function", "name": "f"}, ToolChoice(ChoiceMode.ONE, ("f",))),
        (
            {"type": "function", "name": "f", "namespace": "n"},
            ToolChoice(ChoiceMode.ONE, ("n__f",)),
        ),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice(ChoiceMode.ONE, ("f",))),
        ({"type": "custom", "name": "p"}, ToolChoice(ChoiceMode.ONE, ("p",))),
        ({"type": "web_search"}, ToolChoice(ChoiceMode.ONE, ("web_search",))),
        (
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "f"}, {"type": "image_generation"}],
            },
            ToolChoice(ChoiceMode.SUBSET, ("f", "image_generation")),
        ),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "custom", "name": "p"}]},
            },
            ToolChoice(ChoiceMode.SUBSET_REQUIRED, ("p",)),
        ),
        (None, None),
    ),
)
def test_choices(choice, expected):
    """In every form, and repeated as it was."""
    request = decode(tool_choice=choice)
    assert expected == request.tool_choice
    assert choice == json.decode(request.echo.get("tool_choice", b"null"))


@pytest.mark.parametrize(
    ("body", "param"),
    (
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tool_choice": {}}, "tool_choice.type"),
        ({"tools": [{"name": "f"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "namespace", "name": "n", "tools": [{}]}]}, "tools[0].tools[0].name"),
        ({"tools": {}}, "tools"),
    ),
)
def test_malformed(body, param):
    """Told by its place."""
    with pytest.raises(Malformed) as told:
        decode(**body)
    assert param == told.value.param
