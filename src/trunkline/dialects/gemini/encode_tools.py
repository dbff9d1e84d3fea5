"""Tools and the choice between them."""

from msgspec import Raw

from trunkline.canon.foreign import refuse_foreign_choice
from trunkline.canon.request import ChatRequest, ChoiceMode, Tool, ToolChoice
from trunkline.dialects.custom_input import SCHEMA
from trunkline.dialects.gemini.names import Names
from trunkline.dialects.gemini.wire import NAME, Fields
from trunkline.dialects.notes import Notes
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

_MODES = {
    ChoiceMode.AUTO: "AUTO",
    ChoiceMode.NONE: "NONE",
    ChoiceMode.REQUIRED: "ANY",
    ChoiceMode.ONE: "ANY",
    ChoiceMode.SUBSET_REQUIRED: "ANY",
    # The one mode besides ANY that takes names (ai.google.dev, function calling, seen 2026-11-21).
    ChoiceMode.SUBSET: "VALIDATED",
}


def encode_tools(request: ChatRequest, names: Names, notes: Notes) -> list[Fields | Raw]:
    """All functions in one entry, where the first stands; each tool of Google's own in another."""
    own = request.origin == NAME
    functions: list[Fields] = []
    entries: list[Fields | Raw] = []
    for index, tool in enumerate(request.tools):
        path = f"tools.{index}"
        if tool.cache is not None:
            notes.add("cache_control", "dropped: this provider caches by itself")
        if tool.kind != "builtin":
            if not functions:
                entries.append({"functionDeclarations": functions})
            functions.append(_function(tool, path, names, notes, own=own))
        elif tool.origin == NAME and tool.raw is not None:
            entries.append(tool.raw)
        else:
            notes.add(path, f"dropped: {tool.name} runs at {tool.origin or 'its provider'} alone")
    return entries


def _function(tool: Tool, path: str, names: Names, notes: Notes, *, own: bool) -> Fields:
    if own and tool.raw is not None:
        return {**RAW_MAP.decode(tool.raw), "name": names(tool.name)}
    fields: Fields = {"name": names(tool.name)}
    if tool.description is not None:
        fields["description"] = tool.description
    if tool.kind == "custom":
        notes.add(path, "a custom tool sent as a function with one string, `input`")
        fields["parametersJsonSchema"] = SCHEMA
    elif tool.parameters is not None:
        # Not `parameters`: that is a message of Google's own, which refuses $schema,
        # additionalProperties, const and whatever else it has no field for.
        fields["parametersJsonSchema"] = tool.parameters
    if tool.strict:
        notes.add(f"{path}.strict", "dropped: functions have no such field here")
    return fields


def encode_choice(request: ChatRequest, names: Names, notes: Notes) -> Fields | None:
    """The whole `toolConfig`."""
    refuse_foreign_choice(request, NAME)
    config: Fields = {}
    choice = request.tool_choice
    if choice is not None and not request.tools:
        notes.add("tool_choice", "dropped: there are no tools to choose from")
    elif choice is not None and (calling := _calling(choice, request, names, notes)) is not None:
        config["functionCallingConfig"] = calling
    if request.parallel_tool_calls is False:
        notes.add("parallel_tool_calls", "dropped: the Gemini API has no such switch")
    extra = request.extra.get("toolConfig") if request.origin == NAME else None
    if extra is not None:
        try:
            config |= RAW_MAP.decode(extra)
        except NOT_JSON:
            notes.add("toolConfig", "dropped: not an object")
    return config or None


def _calling(choice: ToolChoice, request: ChatRequest, names: Names, notes: Notes) -> Fields | None:
    """None where none of the tools that may be called is a function."""
    functions = {tool.name for tool in request.tools if tool.kind != "builtin"}
    if not functions:
        notes.add("tool_choice", "dropped: there is no function to choose")
        return None
    config: Fields = {"mode": _MODES[choice.mode]}
    chosen = [names(name) for name in choice.names if name in functions]
    if len(chosen) < len(choice.names):
        notes.add("tool_choice", "tools that are no functions here were taken out")
    if chosen:
        config["allowedFunctionNames"] = chosen
    elif choice.names:
        config["mode"] = "AUTO"
    return config
