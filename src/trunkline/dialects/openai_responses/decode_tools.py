"""Tools and the choice among them, off the wire."""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice
from trunkline.dialects.fields import BOOL, STR, Fields, is_string
from trunkline.dialects.openai_responses.namespaces import Definition, flat_name
from trunkline.dialects.openai_responses.wire import ADDITIONAL, NAME

_MODES = {"auto": ChoiceMode.AUTO, "none": ChoiceMode.NONE, "required": ChoiceMode.REQUIRED}
_BRINGS_TOOLS: Final = ("additional_tools", "tool_search_output")


class Chosen(Struct, frozen=True):
    choice: ToolChoice | None
    raw: Raw | None
    """As the client wrote it."""


def read_tools(body: Fields) -> tuple[Tool, ...]:
    return tuple(
        tool for raw, path in body.items("tools") or () for tool in _tools(raw, path, NAME)
    )


def brought_along(kind: str, item: Fields) -> Iterator[Tool]:
    """The tools an item of the input adds to those of the request."""
    if kind in _BRINGS_TOOLS:
        for raw, path in item.items("tools") or ():
            yield from _tools(raw, path, ADDITIONAL)


def together(tools: tuple[Tool, ...], added: list[Tool]) -> tuple[Tool, ...]:
    """The first of a name counts: a client may repeat what a search has found."""
    if not added:
        return tools
    named = {tool.name for tool in tools}
    more: dict[str, Tool] = {}
    for tool in added:
        if tool.name not in named:
            more.setdefault(tool.name, tool)
    return (*tools, *more.values())


def _tools(raw: Raw, path: str, origin: str) -> Iterator[Tool]:
    tool = Fields.of(raw, path)
    kind = tool.need("type", STR)
    if kind == "namespace":
        yield from _namespace(tool, origin)
    else:
        yield _tool(kind, raw, tool, origin)


def _tool(kind: str, raw: Raw, tool: Fields, origin: str) -> Tool:
    if kind == "function":
        return _function(raw, tool, origin)
    if kind == "custom":
        name, described = tool.need("name", STR), tool.get("description", STR)
        return Tool(name=name, description=described, kind="custom", raw=raw, origin=origin)
    return Tool(name=kind, kind="builtin", raw=raw, origin=origin)


def _function(raw: Raw, tool: Fields, origin: str) -> Tool:
    function = Tool(
        name=tool.need("name", STR),
        description=tool.get("description", STR),
        parameters=tool.raw("parameters"),
        strict=tool.get("strict", BOOL),
        origin=origin,
    )
    return replace(function, raw=raw) if tool.rest() else function


def _namespace(namespace: Fields, origin: str) -> Iterator[Tool]:
    name, described = namespace.need("name", STR), namespace.get("description", STR)
    for raw, path in namespace.items("tools") or ():
        inner = Fields.of(raw, path)
        tool = _tool(inner.get("type", STR) or "function", raw, inner, origin)
        around = Definition(name, [raw], described, "namespace")
        yield replace(tool, name=flat_name(name, tool.name), raw=Raw(json.encode(around)))


def read_choice(body: Fields) -> Chosen:
    """A choice of a form we do not know stays among the body's fields."""
    raw = body.raw("tool_choice")
    if raw is None:
        return Chosen(None, None)
    if is_string(raw):
        word = STR.decode(raw)
        mode = _MODES.get(word)
        if mode is None:
            told = f"invalid 'tool_choice': unknown value '{word[:50]}'"
            raise Malformed(told, param="tool_choice")
        return Chosen(ToolChoice(mode), raw)
    chosen = Fields.of(raw, "tool_choice")
    kind = chosen.need("type", STR)
    if kind == "allowed_tools":
        return Chosen(_allowed(chosen), raw)
    return Chosen(ToolChoice(ChoiceMode.ONE, (_named(kind, chosen),)), raw)


def _allowed(chosen: Fields) -> ToolChoice:
    """Chat Completions writes the same in an object of its own; some clients send that here, too."""
    allowed = chosen.inner("allowed_tools") or chosen
    required = allowed.get("mode", STR) == "required"
    tools = [Fields.of(raw, path) for raw, path in allowed.items("tools") or ()]
    mode = ChoiceMode.SUBSET_REQUIRED if required else ChoiceMode.SUBSET
    return ToolChoice(mode, tuple(_named(tool.need("type", STR), tool) for tool in tools))


def _named(kind: str, chosen: Fields) -> str:
    """A provider's own tool is called by its type."""
    if kind not in ("function", "custom"):
        return kind
    named = chosen.inner(kind) or chosen
    name, namespace = named.need("name", STR), named.get("namespace", STR)
    return name if namespace is None else flat_name(namespace, name)


def echoed_tools(body: Mapping[str, Raw]) -> Raw:
    """As an answer repeats them: what functions leave out is said."""
    raws = Fields(body).items("tools") or ()
    return Raw(json.encode([_echoed(raw, path) for raw, path in raws]))


def _echoed(raw: Raw, path: str) -> Raw | Mapping[str, object]:
    tool = Fields.of(raw, path)
    if tool.get("type", STR) != "function":
        return raw
    described, name = tool.raw("description"), tool.raw("name")
    parameters, strict = tool.raw("parameters"), tool.raw("strict")
    return {
        "type": "function",
        "description": described,
        "name": name,
        "parameters": parameters,
        "strict": True if strict is None else strict,
        **tool.rest(),
    }
