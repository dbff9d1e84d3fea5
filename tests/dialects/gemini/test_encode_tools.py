"""Tools and the choice between them."""

import pytest
from msgspec import Raw

from tests.dialects.gemini.kit import NAME, notes, request, sent
from trunkline.canon.content import CacheMark
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice

SCHEMA = Raw(b'{"$schema":"x","type":"object","additionalProperties":false}')
F, G = Tool(name="f", parameters=SCHEMA, description="does f"), Tool(name="g")
BUILTIN = Tool(name="googleSearch", kind="builtin", raw=Raw(b'{"googleSearch":{}}'), origin=NAME)


def config(mode, *names, tools=(F, G)):
    chosen = request(tools=tools, tool_choice=ToolChoice(mode, names))
    return sent(chosen)["toolConfig"]["functionCallingConfig"]


def test_functions():
    """All in one entry, schemas as they are in the field that takes whole JSON Schema."""
    (entry,) = sent(request(tools=(F, G)))["tools"]
    assert {
        "functionDeclarations": [
            {
                "name": "f",
                "description": "does f",
                "parametersJsonSchema": {
                    "$schema": "x",
                    "type": "object",
                    "additionalProperties": False,
                },
            },
            {"name": "g"},
        ]
    } == entry


def test_tools_of_others():
    """Custom ones take one text; those another provider runs are dropped; both are said."""
    custom = Tool(name="patch", kind="custom", raw=Raw(b"{}"), origin="openai-chat")
    web = Tool(name="web_search", kind="builtin", raw=Raw(b"{}"), origin="anthropic-messages")
    asked = request(tools=(custom, web))
    (entry,) = sent(asked)["tools"]
    (patch,) = entry["functionDeclarations"]
    assert ["input"] == patch["parametersJsonSchema"]["required"]
    assert {"tools.0", "tools.1"} == set(notes(asked))


def test_its_own_tools():
    """Go as they came, beside the functions."""
    raw = Raw(b'{"name":"f","behavior":"BLOCKING","parameters":{"type":"OBJECT"}}')
    own = Tool(name="f", raw=raw, origin=NAME)
    assert [
        {
            "functionDeclarations": [
                {"name": "f", "behavior": "BLOCKING", "parameters": {"type": "OBJECT"}}
            ]
        },
        {"googleSearch": {}},
    ] == sent(request(tools=(own, BUILTIN), origin=NAME))["tools"]


def test_notes():
    """What functions have no field for."""
    marked = request(tools=(Tool(name="f", strict=True, cache=CacheMark()),))
    assert {"tools.0.strict", "cache_control"} == set(notes(marked))


@pytest.mark.parametrize(
    ("choice", "expected"),
    (
        ((ChoiceMode.AUTO,), {"mode": "AUTO"}),
        ((ChoiceMode.NONE,), {"mode": "NONE"}),
        ((ChoiceMode.REQUIRED,), {"mode": "ANY"}),
        ((ChoiceMode.ONE, "f"), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        ((ChoiceMode.SUBSET_REQUIRED, "g"), {"mode": "ANY", "allowedFunctionNames": ["g"]}),
        ((ChoiceMode.SUBSET, "f", "g"), {"mode": "VALIDATED", "allowedFunctionNames": ["f", "g"]}),
    ),
)
def test_choices(choice, expected):
    """Names go with the two modes that take them."""
    assert expected == config(*choice)


def test_choices_among_nothing():
    """Without functions there is nothing to choose, and that is said."""
    for tools in ((), (BUILTIN,)):
        asked = request(tools=tools, tool_choice=ToolChoice(ChoiceMode.REQUIRED))
        assert "toolConfig" not in sent(asked)
        assert "tool_choice" in notes(asked)


def test_a_choice_of_what_is_no_function():
    """Is left to the model."""
    assert {"mode": "AUTO"} == config(ChoiceMode.ONE, "googleSearch", tools=(F, BUILTIN))


def test_parallel_calls():
    """Cannot be switched off."""
    assert "parallel_tool_calls" in notes(request(tools=(F,), parallel_tool_calls=False))
