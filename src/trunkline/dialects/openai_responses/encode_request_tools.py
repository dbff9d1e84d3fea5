"""Tools and the choice among them, as the API takes them."""

from collections.abc import Mapping, Sequence

from msgspec import Raw, json

from trunkline.canon.errors import Unsupported
from trunkline.canon.request import ChatRequest, ChoiceMode, Tool, ToolChoice
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_names import ToolName
from trunkline.dialects.openai_responses.encode_request_parts import NO_MARKS
from trunkline.dialects.openai_responses.namespaces import member_of, members, regrouped
from trunkline.dialects.openai_responses.wire import ADDITIONAL, NAME
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

_WORDS = {ChoiceMode.AUTO: "auto", ChoiceMode.NONE: "none", ChoiceMode.REQUIRED: "required"}
_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')


def write_tools(request: ChatRequest, names: ToolName, notes: Notes) -> list[Raw]:
    """Without those that an item of the input brings along itself."""
    written: list[Raw] = []
    for index, tool in enumerate(request.tools):
        if tool.cache is not None:
            notes.add("cache_control", NO_MARKS)
        raw = None
        if tool.origin != ADDITIONAL:
            raw = _written(tool, names(tool.name), notes, index, mine=request.origin == NAME)
        if raw is not None:
            written.append(raw)
    return regrouped(written)


def _written(tool: Tool, name: str, notes: Notes, index: int, *, mine: bool) -> Raw | None:
    """`mine`: its client speaks this dialect, and knows what is meant by what it leaves out."""
    own = tool.raw is not None and tool.origin == NAME
    if own and (name == tool.name or tool.kind == "builtin" or member_of(tool) is not None):
        return tool.raw
    if tool.kind == "builtin":
        notes.add(f"tools.{index}", f"dropped: the provider has no built-in tool '{tool.name}'")
        return None
    if tool.kind == "custom":
        return Raw(json.encode(_custom(tool, name)))
    if tool.raw is not None:
        notes.add(f"tools.{index}", "fields only its own dialect knows were dropped")
    function: dict[str, object] = {"type": "function", "name": name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    elif not mine:
        function["parameters"] = _NO_PARAMETERS
    # This API takes a missing word for true, every other for false.
    if tool.strict is not None:
        function["strict"] = tool.strict
    elif not mine:
        function["strict"] = False
    return Raw(json.encode(function))


def _custom(tool: Tool, name: str) -> Mapping[str, object]:
    """Chat Completions writes the definition in an object of its own, and its grammar in another."""
    try:
        definition = RAW_MAP.decode(tool.raw) if tool.raw is not None else {}
        inner = RAW_MAP.decode(definition["custom"]) if "custom" in definition else definition
        form = RAW_MAP.decode(inner["format"]) if "format" in inner else {}
        grammar = RAW_MAP.decode(form["grammar"]) if "grammar" in form else {}
    except NOT_JSON:
        form = grammar = {}
    custom: dict[str, object] = {"type": "custom", "name": name}
    if tool.description is not None:
        custom["description"] = tool.description
    if grammar:
        custom["format"] = {"type": "grammar", **grammar}
    elif form:
        custom["format"] = form
    return custom


def write_choice(
    choice: ToolChoice, request: ChatRequest, names: ToolName, notes: Notes
) -> str | Mapping[str, object] | None:
    """
    None where nothing is left to be said.

    Raises Unsupported where a tool is demanded that this provider does not have.
    """
    if choice.mode in _WORDS:
        return _WORDS[choice.mode]
    kinds = {tool.name: tool for tool in request.tools}
    gone = {tool.name for tool in request.tools if tool.kind == "builtin" and tool.origin != NAME}
    left = [name for name in choice.names if name not in gone]
    if len(left) < len(choice.names):
        if not left and choice.mode is not ChoiceMode.SUBSET:
            raise Unsupported(
                f"the provider has no built-in tool '{choice.names[0]}'", param="tool_choice"
            )
        notes.add("tool_choice", "built-in tools of another provider were taken out")
        if not left:
            return "none"
    chosen = _chosen(left, kinds, names)
    if choice.mode is ChoiceMode.ONE:
        return chosen[0]
    mode = "required" if choice.mode is ChoiceMode.SUBSET_REQUIRED else "auto"
    return {"type": "allowed_tools", "mode": mode, "tools": chosen}


def _chosen(
    wanted: Sequence[str], tools: Mapping[str, Tool], names: ToolName
) -> list[Mapping[str, object]]:
    """Built-in tools are known by their type; a tool of a namespace by that and its own name."""
    inside = members(tools.values())
    chosen: list[Mapping[str, object]] = []
    for name in wanted:
        kind = tools[name].kind if name in tools else "function"
        if kind == "builtin":
            chosen.append({"type": name})
        elif name in inside:
            member = inside[name]
            chosen.append({"type": kind, "name": member.name, "namespace": member.namespace})
        else:
            chosen.append({"type": kind, "name": names(name)})
    return chosen
