"""Tools and choices, off the wire."""

import pytest
from msgspec import json

from tests.dialects.gemini.kit import NAME, decode, sent
from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice


def chosen(**calling):
    return decode(toolConfig={"functionCallingConfig": calling})


def test_functions():
    """Full JSON Schema stays as it is; whole definitions are kept where they say more."""
    schema = {"type": "object", "const": 1}
    plain = {"name": "f", "description": "d", "parametersJsonSchema": schema}
    google = {"name": "g", "parameters": {"type": "OBJECT"}}
    more = {"name": "h", "behavior": "BLOCKING"}
    f, g, h = decode(
        tools=[{"functionDeclarations": [plain, google]}, {"functionDeclarations": [more]}]
    ).tools
    assert ("f", "d", schema, None) == (
        f.name,
        f.description,
        json.decode(f.parameters or b""),
        f.raw,
    )
    assert {"type": "object"} == json.decode(g.parameters or b"")
    assert (google, more) == (json.decode(g.raw or b""), json.decode(h.raw or b""))


def test_snake_case_and_objects():
    """As pydantic-ai and others write them (recorded)."""
    f = {"name": "f", "parameters_json_schema": {"type": "object"}}
    for tools in ({"function_declarations": [f]}, [{"function_declarations": f}]):
        (tool,) = decode(tools=tools).tools
        assert ("f", b'{"type":"object"}') == (tool.name, bytes(tool.parameters or b""))


def test_googles_own():
    """By their names, as they came."""
    given = [{"googleSearch": {}, "codeExecution": {}}, {"urlContext": {"a": 1}}]
    tools = decode(tools=given).tools
    assert ["googleSearch", "codeExecution", "urlContext"] == [tool.name for tool in tools]
    assert {("builtin", NAME)} == {(tool.kind, tool.origin) for tool in tools}
    assert [{"googleSearch": {}}, {"codeExecution": {}}, {"urlContext": {"a": 1}}] == sent(
        decode(tools=given)
    )["tools"]


@pytest.mark.parametrize(
    ("calling", "choice"),
    (
        ({"mode": "AUTO"}, ToolChoice(ChoiceMode.AUTO)),
        ({}, ToolChoice(ChoiceMode.AUTO)),
        ({"mode": "none"}, ToolChoice(ChoiceMode.NONE)),
        ({"mode": "ANY"}, ToolChoice(ChoiceMode.REQUIRED)),
        ({"mode": "ANY", "allowedFunctionNames": ["f"]}, ToolChoice(ChoiceMode.ONE, ("f",))),
        (
            {"mode": "ANY", "allowed_function_names": ["f", "g"]},
            ToolChoice(ChoiceMode.SUBSET_REQUIRED, ("f", "g")),
        ),
        ({"mode": "VALIDATED"}, ToolChoice(ChoiceMode.AUTO)),
        (
            {"mode": "VALIDATED", "allowedFunctionNames": ["f"]},
            ToolChoice(ChoiceMode.SUBSET, ("f",)),
        ),
    ),
)
def test_choices(calling, choice):
    """What each mode means elsewhere."""
    assert choice == chosen(**calling).tool_choice


def test_what_else_there_is():
    """Goes back to Google: a mode of its own, other settings."""
    config = {
        "functionCallingConfig": {"mode": "VALIDATED"},
        "includeServerSideToolInvocations": True,
    }
    tools = [{"functionDeclarations": [{"name": "f"}]}]
    assert config == sent(decode(toolConfig=config, tools=tools))["toolConfig"]


def test_mistakes():
    """Are told by their place."""
    with pytest.raises(Malformed) as caught:
        chosen(mode="SOMETIMES")
    assert "toolConfig.functionCallingConfig.mode" == caught.value.param
    with pytest.raises(Malformed) as caught:
        decode(tools=[{"functionDeclarations": [{}]}])
    assert "tools[0].functionDeclarations[0].name" == caught.value.param
    assert () == decode(tools=[]).tools
    assert Tool(name="f") == decode(tools=[{"functionDeclarations": [{"name": "f"}]}]).tools[0]
