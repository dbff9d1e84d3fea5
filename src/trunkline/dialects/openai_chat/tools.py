"""Tools and the choice among them, off the wire and onto it."""

from collections.abc import Mapping, Sequence

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.content import CacheMark
from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChatRequest, ChoiceMode, Request, Tool, ToolChoice
from trunkline.dialects import custom_input
from trunkline.dialects.fields import BOOL, STR, Fields, is_string, missing
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_chat.cache import NO_MARKS, read_mark, write_mark
from trunkline.dialects.openai_chat.wire import NAME
from trunkline.dialects.openai_names import ToolName
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

FUNCTIONS = "openai-chat/functions"
"""The origin of tools given as `functions`, the API before tools: the answer must speak it, too."""

_MODES = {"auto": ChoiceMode.AUTO, "none": ChoiceMode.NONE, "required": ChoiceMode.REQUIRED}
_WORDS = {mode: word for word, mode in _MODES.items()}
_SUBSETS = (ChoiceMode.SUBSET, ChoiceMode.SUBSET_REQUIRED)


def uses_functions(request: Request) -> bool:
    return bool(request.tools) and request.tools[0].origin == FUNCTIONS


def custom_names(request: Request) -> frozenset[str]:
    """Of the tools that take free text."""
    return frozenset([tool.name for tool in request.tools if tool.kind == "custom"])


def read_tools(body: Fields) -> tuple[Tool, ...]:
    tools = body.items("tools")
    if tools is not None:
        return tuple(_tool(raw, Fields.of(raw, path)) for raw, path in tools)
    functions = body.items("functions") or ()
    return tuple(_function(Fields.of(raw, path), None, FUNCTIONS) for raw, path in functions)


def read_choice(body: Fields) -> ToolChoice | None:
    """A choice of a form we do not know stays among the body's fields."""
    for field in ("tool_choice", "function_call"):
        raw = body.raw(field)
        if raw is None:
            continue
        if is_string(raw):
            word = STR.decode(raw)
            mode = _MODES.get("required" if word == "any" else word)  # Mistral says "any"
            if mode is None:
                raise Malformed(f"invalid '{field}': unknown value '{word[:50]}'", param=field)
            return ToolChoice(mode)
        choice = _choice(Fields.of(raw, field), named_itself=field == "function_call")
        if choice is None:
            body.keep(field, raw)
        return choice
    return None


def _choice(chosen: Fields, *, named_itself: bool) -> ToolChoice | None:
    kind = chosen.get("type", STR)
    if named_itself:
        return ToolChoice(ChoiceMode.ONE, (chosen.need("name", STR),))
    if kind == "allowed_tools":
        # Responses writes the same flat; some clients send that here, too.
        allowed = chosen.inner("allowed_tools") or chosen
        required = allowed.get("mode", STR) == "required"
        tools = [Fields.of(raw, path) for raw, path in allowed.items("tools") or ()]
        mode = ChoiceMode.SUBSET_REQUIRED if required else ChoiceMode.SUBSET
        return ToolChoice(mode, tuple(_name_in(tool, tool.get("type", STR)) for tool in tools))
    if kind in ("function", "custom", None):
        return ToolChoice(ChoiceMode.ONE, (_name_in(chosen, kind),))
    return None


def _name_in(named: Fields, kind: str | None) -> str:
    return (named.inner(kind or "function") or named).need("name", STR)


def _tool(raw: Raw, tool: Fields) -> Tool:
    kind = tool.get("type", STR) or "function"
    if kind == "function":
        cache = read_mark(tool)
        function = tool.inner("function")
        if function is None:
            raise missing(tool.at("function"))
        known = _function(function, cache, "")
        if tool.rest() or function.rest():
            return replace(known, raw=raw, origin=NAME)
        return known
    if kind == "custom":
        custom = tool.inner("custom") or tool
        return Tool(
            name=custom.need("name", STR),
            description=custom.get("description", STR),
            kind="custom",
            raw=raw,
            origin=NAME,
        )
    return Tool(name=kind, kind="builtin", raw=raw, origin=NAME)


def _function(function: Fields, cache: CacheMark | None, origin: str) -> Tool:
    return Tool(
        name=function.need("name", STR),
        description=function.get("description", STR),
        parameters=function.raw("parameters"),
        strict=function.get("strict", BOOL),
        origin=origin,
        cache=cache,
    )


def write_tools(
    request: ChatRequest, names: ToolName, notes: Notes, *, marks: bool, custom: bool
) -> list[Raw]:
    """`custom`: the upstream knows more than functions; else a choice of some is all it is shown."""
    written: list[Raw] = []
    choice = request.tool_choice
    kept = choice.names if choice and choice.mode in _SUBSETS and not custom else None
    for index, tool in enumerate(request.tools):
        if kept is not None and tool.name not in kept:
            continue
        raw = _written(tool, names(tool.name), notes, index, custom=custom)
        if raw is None:
            continue
        if tool.cache is not None and marks:
            raw = Raw(json.encode({**RAW_MAP.decode(raw), "cache_control": write_mark(tool.cache)}))
        elif tool.cache is not None:
            notes.add("cache_control", NO_MARKS)
        written.append(raw)
    return written


def _written(tool: Tool, name: str, notes: Notes, index: int, *, custom: bool) -> Raw | None:
    if tool.kind == "custom" and not custom:
        notes.add(f"tools.{index}", "a custom tool sent as a function with one string, `input`")
        tool = Tool(name=name, description=tool.description, parameters=custom_input.SCHEMA)
    if tool.raw is not None and tool.origin == NAME and name == tool.name:
        return tool.raw
    if tool.kind == "builtin":
        notes.add(f"tools.{index}", f"dropped: the provider has no built-in tool '{tool.name}'")
        return None
    if tool.kind == "custom":
        return Raw(json.encode({"type": "custom", "custom": _custom(tool, name)}))
    if tool.raw is not None:
        notes.add(f"tools.{index}", "fields only its own dialect knows were dropped")
    function: dict[str, object] = {"name": name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    return Raw(json.encode({"type": "function", "function": function}))


def _custom(tool: Tool, name: str) -> Mapping[str, object]:
    """Responses writes the definition flat, Chat Completions in an object of its own."""
    definition = RAW_MAP.decode(tool.raw) if tool.raw is not None else {}
    custom: dict[str, object] = {"name": name}
    if tool.description is not None:
        custom["description"] = tool.description
    inner = RAW_MAP.decode(definition["custom"]) if "custom" in definition else definition
    if "format" in inner:
        flat = _grammar(inner["format"])
        custom["format"] = {"type": "grammar", "grammar": flat} if flat else inner["format"]
    return custom


def _grammar(written: Raw) -> Mapping[str, Raw]:
    """Its fields; none of what is no grammar, which is the upstream's to refuse."""
    try:
        grammar = RAW_MAP.decode(written)
    except NOT_JSON:
        return {}
    return {key: raw for key, raw in grammar.items() if key in ("syntax", "definition")}


def write_choice(
    choice: ToolChoice, tools: Sequence[Tool], names: ToolName, *, custom: bool
) -> str | Mapping[str, object]:
    """`custom`: as for the tools, of which an upstream that knows functions alone is shown some."""
    if choice.mode in _WORDS:
        return _WORDS[choice.mode]
    if choice.mode in _SUBSETS and not custom:
        return "required" if choice.mode is ChoiceMode.SUBSET_REQUIRED else "auto"
    kinds = {tool.name: tool.kind for tool in tools if custom or tool.kind != "custom"}
    chosen = [_chosen(kinds.get(name, "function"), names(name)) for name in choice.names]
    if choice.mode is ChoiceMode.ONE:
        return chosen[0]
    mode = "required" if choice.mode is ChoiceMode.SUBSET_REQUIRED else "auto"
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": chosen}}


def _chosen(kind: str, name: str) -> Mapping[str, object]:
    return {"type": kind, kind: {"name": name}}
