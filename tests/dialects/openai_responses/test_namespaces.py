"""Namespaces made flat and restored."""

from msgspec import Raw, json

from trunkline.canon.request import Tool
from trunkline.dialects.openai_responses.namespaces import (
    Member,
    flat_name,
    member_of,
    members,
    regrouped,
)
from trunkline.dialects.openai_responses.wire import ADDITIONAL, NAME


def raw(value):
    return Raw(json.encode(value))


def namespace(name, *tools, **more):
    return raw({"name": name, "tools": [{"name": tool} for tool in tools], **more})


def namespaced(namespace_name, name, origin=NAME):
    definition = namespace(namespace_name, name, type="namespace")
    return Tool(name=flat_name(namespace_name, name), raw=definition, origin=origin)


def test_membership():
    """Known from the definition, whatever brought the tool along, and never from the name."""
    tools = [
        namespaced("a", "b"),
        namespaced("a", "c", ADDITIONAL),
        namespaced("a", "d", "another-dialect"),
        Tool(name="a__e"),
        Tool(name="x", raw=raw({"type": "function", "name": "namespace"}), origin=NAME),
        Tool(name="y", raw=Raw(b'{"namespace'), origin=NAME),
        Tool(name="z", raw=namespace("n", "f", "g", type="namespace"), origin=NAME),
    ]
    assert {"a__b": Member("a", "b"), "a__c": Member("a", "c")} == members(tools)
    assert member_of(tools[3]) is None


def test_regrouped():
    """Joined where the first stood, description and all; other tools stay as they are."""
    plain = raw({"type": "function", "name": "namespace"})
    first = namespace("a", "b", type="namespace", description="d")
    second = namespace("a", "c", type="namespace", description="d")
    other = namespace("z", "b", type="namespace")
    assert [
        {"name": "a", "tools": [{"name": "b"}, {"name": "c"}], "description": "d"}
        | {"type": "namespace"},
        {"type": "function", "name": "namespace"},
        {"name": "z", "tools": [{"name": "b"}], "type": "namespace"},
    ] == [json.decode(each) for each in regrouped([first, plain, second, other])]
