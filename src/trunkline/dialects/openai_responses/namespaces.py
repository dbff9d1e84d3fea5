"""
Tools within namespaces, which only this API knows, as tools of one flat list, and back.

A tool `close` of the namespace `agents` is called `agents__close` everywhere but on this API's
wire. Its `raw` is the definition of a namespace that holds it alone, and so tells it apart from a
tool that has such a name by itself.
"""

from collections.abc import Iterable, Sequence

from msgspec import Raw, Struct, json

from trunkline.canon.request import Tool
from trunkline.dialects.openai_responses.wire import ADDITIONAL, NAME
from trunkline.dialects.raws import NOT_JSON

_OWN = (NAME, ADDITIONAL)
_MARK = b"namespace"


class Member(Struct, frozen=True):
    """Where a tool belongs, in this API's terms."""

    namespace: str
    name: str


class _Inner(Struct):
    name: str = ""


class Definition(Struct, omit_defaults=True):
    """A namespace on the wire."""

    name: str
    tools: Sequence[Raw]
    description: str | None = None
    type: str = ""


class _Names(Struct):
    type: str = ""
    name: str = ""
    tools: Sequence[_Inner] = ()


_NAMES = json.Decoder(_Names)
_DEFINITION = json.Decoder(Definition)


def flat_name(namespace: str, name: str) -> str:
    """The name by which the model calls it elsewhere."""
    return f"{namespace}__{name}"


def member_of(tool: Tool) -> Member | None:
    """None for a tool of no namespace."""
    if tool.raw is None or tool.origin not in _OWN or _MARK not in bytes(tool.raw):
        return None
    try:
        names = _NAMES.decode(tool.raw)
    except NOT_JSON:
        return None
    if names.type != "namespace" or len(names.tools) != 1:
        return None
    return Member(names.name, names.tools[0].name)


def members(tools: Iterable[Tool]) -> dict[str, Member]:
    """Those tools of a request that belong to a namespace, by their flat names."""
    found = ((tool.name, member_of(tool)) for tool in tools if tool.raw is not None)
    return {name: member for name, member in found if member is not None}


def regrouped(raws: Iterable[Raw]) -> list[Raw]:
    """
    Tool definitions as this API takes them: namespaces that hold one tool each, joined by name.

    Each joined one stands where its first tool stood; everything else is as it was.
    """
    written: list[Raw | Definition] = []
    joined: dict[str, Definition] = {}
    for raw in raws:
        one = _namespace(raw)
        if one is None:
            written.append(raw)
        elif one.name in joined:
            joined[one.name].tools = [*joined[one.name].tools, *one.tools]
        else:
            joined[one.name] = one
            written.append(one)
    return [each if isinstance(each, Raw) else Raw(json.encode(each)) for each in written]


def _namespace(raw: Raw) -> Definition | None:
    if _MARK not in bytes(raw):
        return None
    try:
        definition = _DEFINITION.decode(raw)
    except NOT_JSON:
        return None
    return definition if definition.type == "namespace" else None
