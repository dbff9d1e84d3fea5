"""Tools and the choice between them."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from tests.dialects.cohere_chat.kit import NOW, SCHEMA, WEATHER, body_of, chat, encode, noted, to
from trunkline.canon.content import CacheMark
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice


def names(body):
    return [tool["function"]["name"] for tool in body.get("tools", ())]


def chosen(mode, *named, **fields):
    return chat(**{"tools": (WEATHER, NOW), "tool_choice": ToolChoice(mode, named), **fields})


def test_functions():
    """With a schema in any case."""
    assert [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "parameters": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                },
            },
        },
        {
            "type": "function",
            "function": {
                "name": "now",
                "description": "The time.",
                "parameters": {"type": "object"},
            },
        },
    ] == body_of(chat(tools=(WEATHER, NOW)))["tools"]


@pytest.mark.parametrize(
    ("mode", "named", "tools", "word"),
    (
        (ChoiceMode.AUTO, (), ["weather", "now"], None),
        (ChoiceMode.NONE, (), ["weather", "now"], "NONE"),
        (ChoiceMode.REQUIRED, (), ["weather", "now"], "REQUIRED"),
        (ChoiceMode.ONE, ("now",), ["now"], "REQUIRED"),
        (ChoiceMode.SUBSET, ("now",), ["now"], None),
        (ChoiceMode.SUBSET_REQUIRED, ("now", "weather"), ["weather", "now"], "REQUIRED"),
    ),
)
def test_choices(mode, named, tools, word):
    """The API names no tool: one is forced by offering no other. Nothing is lost by it."""
    body = body_of(chosen(mode, *named))

    assert (tools, word) == (names(body), body.get("tool_choice"))
    assert [] == noted(chosen(mode, *named))


def test_no_tools_no_choice():
    """Noted where the client wanted one."""
    request = chosen(ChoiceMode.REQUIRED, tools=())

    assert not {"tools", "tool_choice"} & body_of(request).keys()
    assert ["tool_choice"] == noted(request)
    assert [] == noted(chosen(ChoiceMode.NONE, tools=()))


def test_what_other_providers_run_is_noted():
    """And refused where the answer must call it."""
    search = Tool(name="web_search", kind="builtin", origin="openai-responses", raw=Raw(b"{}"))

    assert ["tools.0"] == noted(chat(tools=(search, NOW)))
    with pytest.raises(Unsupported):
        body_of(chosen(ChoiceMode.ONE, "web_search", tools=(search,)))


def test_a_custom_tool_is_a_function_of_one_string():
    """Named so that its answer is understood."""
    request = chat(tools=(Tool(name="shell", kind="custom"),))

    assert ["input"] == body_of(request)["tools"][0]["function"]["parameters"]["required"]
    assert ["tools.0"] == noted(request)


def test_alternatives_at_the_top_are_merged():
    """The schema is that of an object."""
    either = Raw(b'{"anyOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}')
    request = chat(tools=(Tool(name="f", parameters=either),))

    assert {"a", "b"} == set(body_of(request)["tools"][0]["function"]["parameters"]["properties"])
    assert ["tools.0.parameters"] == noted(request)


def test_long_names_lead_back():
    """In definition, and from the answer."""
    body, encoded = encode(chat(tools=(Tool(name="a.b" * 40),)))
    (name,) = names(body)

    assert len(name) <= 64
    assert {name: "a.b" * 40} == encoded.tool_names


def test_all_tools_are_strict_or_none():
    """And each needs a required parameter."""
    strict = replace(WEATHER, strict=True)
    bare = replace(NOW, strict=True)

    assert body_of(chat(tools=(strict,)))["strict_tools"] is True
    for tools, place in (
        ((strict, NOW), to()),
        ((strict, bare), to()),
        ((Tool(name="f", strict=True, parameters=Raw(b'{"type":"object","required":7}')),), to()),
        ((strict,), to(schema_output=False)),
    ):
        assert "strict_tools" not in body_of(chat(tools=tools), place)
        assert ["tools.strict"] == noted(chat(tools=tools), place)


def test_what_there_is_no_field_for_is_noted():
    """One call at a time, and marks of caches."""
    request = chat(
        tools=(Tool(name="f", parameters=SCHEMA, cache=CacheMark()),), parallel_tool_calls=False
    )

    assert ["parallel_tool_calls", "cache_control"] == noted(request)
