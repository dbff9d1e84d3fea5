"""Tools, and the choice among them."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.upstream import FOREIGN, OWN, notes, own, request, sent
from trunkline.canon.content import CacheMark
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice
from trunkline.dialects.openai_responses.wire import ADDITIONAL

SEARCH = Tool(name="web_search", kind="builtin", raw=Raw(b'{"type":"web_search"}'), origin=OWN)
THEIRS = Tool(name="bash_1", kind="builtin", raw=Raw(b'{"type":"bash_1"}'), origin=FOREIGN)


def tools(*wanted, asked=request):
    return sent(asked(tools=wanted))["tools"]


BOTH = (Tool(name="f"), Tool(name="g"))


def choice(mode, *names, wanted=BOTH):
    return sent(request(tools=wanted, tool_choice=ToolChoice(mode, names)))["tool_choice"]


def test_functions():
    """What this API takes for said when it is not, is said for who means otherwise."""
    schema = Raw(b'{ "type":"object" }')
    assert [
        {
            "type": "function",
            "name": "f",
            "description": "d",
            "parameters": {"type": "object"},
            "strict": False,
        },
        {
            "type": "function",
            "name": "g",
            "parameters": {"type": "object", "properties": {}},
            "strict": True,
        },
    ] == tools(Tool(name="f", description="d", parameters=schema), Tool(name="g", strict=True))
    assert [{"type": "function", "name": "f"}] == tools(Tool(name="f", origin=OWN), asked=own)


def test_definitions_with_more_in_them():
    """To the byte for their own API."""
    raw = Raw(b'{"type":"function","name":"f","defer_loading":true}')
    assert [json.decode(raw)] == tools(Tool(name="f", raw=raw, origin=OWN), asked=own)
    asked = request(tools=(Tool(name="f", raw=raw, origin=FOREIGN),))
    assert "tools.0" in notes(asked)


def test_custom_tools():
    """Chat Completions nests the definition, and its grammar once more."""
    flat = {
        "type": "custom",
        "name": "p",
        "description": "d",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
    }
    nested = {
        "type": "custom",
        "custom": {
            "name": "p",
            "format": {
                "type": "grammar",
                "grammar": {"syntax": "lark", "definition": "start: /x/"},
            },
        },
    }
    given = Tool(
        name="p", description="d", kind="custom", raw=Raw(json.encode(nested)), origin="openai-chat"
    )
    mine = Tool(name="p", description="d", kind="custom", raw=Raw(json.encode(flat)), origin=OWN)
    assert [flat] == tools(given)
    assert [flat] == tools(mine, asked=own)
    assert [{"type": "custom", "name": "p"}] == tools(Tool(name="p", kind="custom"))


def test_built_in_tools():
    """Of this API as they are; another's are left out, and noted."""
    assert [{"type": "web_search"}] == tools(SEARCH, asked=own)
    asked = request(tools=(THEIRS, Tool(name="f")))
    assert ["f"] == [tool["name"] for tool in sent(asked)["tools"]]
    assert "tools.0" in notes(asked)


def test_tools_an_item_brings_along():
    """Are not said twice."""
    asked = own(tools=(Tool(name="f", origin=ADDITIONAL), Tool(name="g")))
    assert ["g"] == [tool["name"] for tool in sent(asked)["tools"]]


def test_namespaces():
    """Their tools come together again."""
    one = Raw(b'{"name":"n","type":"namespace","tools":[{"type":"function","name":"a"}]}')
    two = Raw(b'{"name":"n","type":"namespace","tools":[{"type":"function","name":"b"}]}')
    (written,) = tools(
        Tool(name="n__a", raw=one, origin=OWN),
        Tool(name="n__b", raw=two, origin=OWN),
        asked=own,
    )
    assert ("namespace", ["a", "b"]) == (written["type"], [t["name"] for t in written["tools"]])


def test_cache_marks():
    """This provider caches by itself."""
    assert "cache_control" in notes(request(tools=(Tool(name="f", cache=CacheMark()),)))


def test_choices():
    """All forms; the chosen stand flat here."""
    f, g = {"type": "function", "name": "f"}, {"type": "function", "name": "g"}
    assert "auto" == choice(ChoiceMode.AUTO)
    assert "none" == choice(ChoiceMode.NONE)
    assert "required" == choice(ChoiceMode.REQUIRED)
    assert f == choice(ChoiceMode.ONE, "f")
    assert {"type": "allowed_tools", "mode": "auto", "tools": [f, g]} == choice(
        ChoiceMode.SUBSET, "f", "g"
    )
    assert {"type": "allowed_tools", "mode": "required", "tools": [g]} == choice(
        ChoiceMode.SUBSET_REQUIRED, "g"
    )


def test_the_chosen_of_other_kinds():
    """Custom tools by name, built-in ones by type, those of a namespace by both their names."""
    custom = Tool(name="p", kind="custom")
    raw = Raw(b'{"name":"n","type":"namespace","tools":[{"type":"function","name":"a"}]}')
    inside = Tool(name="n__a", raw=raw, origin=OWN)
    assert {"type": "custom", "name": "p"} == choice(ChoiceMode.ONE, "p", wanted=(custom,))
    assert {"type": "web_search"} == choice(ChoiceMode.ONE, "web_search", wanted=(SEARCH,))
    assert {"type": "function", "name": "a", "namespace": "n"} == choice(
        ChoiceMode.ONE, "n__a", wanted=(inside,)
    )


def test_chosen_tools_the_provider_lacks():
    """Demanded, they are refused; allowed, they are taken out."""
    wanted = (THEIRS, Tool(name="f"))
    with pytest.raises(Unsupported):
        choice(ChoiceMode.ONE, "bash_1", wanted=wanted)
    with pytest.raises(Unsupported):
        choice(ChoiceMode.SUBSET_REQUIRED, "bash_1", wanted=wanted)
    assert "none" == choice(ChoiceMode.SUBSET, "bash_1", wanted=wanted)
    left = choice(ChoiceMode.SUBSET, "bash_1", "f", wanted=wanted)
    assert [{"type": "function", "name": "f"}] == left["tools"]


def test_long_names():
    """Fitted in the choice as in the definition."""
    long = Tool(name="f" * 99)
    body = sent(request(tools=(long,), tool_choice=ToolChoice(ChoiceMode.ONE, (long.name,))))
    assert body["tools"][0]["name"] == body["tool_choice"]["name"]
