"""Tools and the choice between them."""

from collections.abc import Mapping, Sequence

from msgspec import Raw

from trunkline.canon.content import ToolCall
from trunkline.canon.foreign import refuse_foreign_choice
from trunkline.canon.request import ChoiceMode, Tool
from trunkline.dialects.anthropic_messages.draft import Draft
from trunkline.dialects.anthropic_messages.wire import NAME, RAW_MAP, Fields
from trunkline.dialects.claude_schema import OPEN, closed, tool_schema
from trunkline.dialects.custom_input import SCHEMA

_SUBSETS = (ChoiceMode.SUBSET, ChoiceMode.SUBSET_REQUIRED)
_FORCED = {ChoiceMode.REQUIRED: "any", ChoiceMode.SUBSET_REQUIRED: "any", ChoiceMode.ONE: "tool"}


def encode_tools(draft: Draft) -> list[Fields]:
    request = draft.request
    choice = request.tool_choice
    kept = set(choice.names) if choice and choice.mode in _SUBSETS else None
    tools = []
    for at, tool in enumerate(request.tools):
        if kept is not None and tool.name not in kept:
            continue
        fields = _tool(tool, f"tools.{at}", draft)
        if fields is not None:
            tools.append(fields)
    return tools or _from_history(draft)


def _from_history(draft: Draft) -> list[Fields]:
    """A history with tool calls needs `tools`; other dialects' clients may leave them out."""
    if draft.same:
        return []
    names = {
        part.name: None
        for message in draft.request.messages
        for part in message.parts
        if isinstance(part, ToolCall)
    }
    if names:
        draft.note("tools", "declared as the history calls them: it needs them")
    empty = Raw(b'{"type":"object"}')
    return [{"name": draft.names.fit(name), "input_schema": empty} for name in names]


def _tool(tool: Tool, path: str, draft: Draft) -> Fields | None:
    if tool.kind == "builtin":
        return _builtin(tool, path, draft)
    fields: Fields = {}
    if tool.raw is not None and tool.origin == NAME:
        fields.update(RAW_MAP.decode(tool.raw))
    fields["name"] = draft.names.fit(tool.name)
    if tool.description is not None:
        fields["description"] = tool.description
    if tool.kind == "custom":
        draft.note(path, "a custom tool sent as a function with one string, `input`")
        fields["input_schema"] = SCHEMA
    else:
        fields["input_schema"] = _schema(tool, f"{path}.parameters", draft)
    if tool.strict is not None:
        _strict(fields, tool, path, draft)
    if tool.raw is None or "cache_control" not in fields:
        draft.mark(fields, tool.cache)
    elif tool.cache is not None:
        draft.marked.append(fields)
    return fields


def _builtin(tool: Tool, path: str, draft: Draft) -> Fields | None:
    """A tool its provider runs: only its own knows how."""
    if tool.origin != NAME or tool.raw is None:
        draft.note(path, f"dropped: {tool.name} runs at {tool.origin or 'its own provider'} alone")
        return None
    fields: Fields = {**RAW_MAP.decode(tool.raw)}
    if tool.cache is not None:
        draft.marked.append(fields)
    return fields


def _schema(tool: Tool, path: str, draft: Draft) -> Raw:
    if draft.same and tool.parameters is not None:
        return tool.parameters
    schema, flattened = tool_schema(tool.parameters, path)
    if flattened:
        draft.note(path, "alternatives at the top of the schema merged into one object")
    return schema


def _strict(fields: Fields, tool: Tool, path: str, draft: Draft) -> None:
    if draft.same:
        fields["strict"] = tool.strict
    elif tool.strict and draft.deployment.quirks.schema_output:
        schema = fields["input_schema"]
        fits = closed(schema, f"{path}.parameters") if isinstance(schema, Raw) else None
        if fits is None:
            draft.note(f"{path}.strict", OPEN)
            return
        fields["strict"] = True
        fields["input_schema"], changes = fits
        if changes:
            draft.note(f"{path}.parameters", f"{changes}: it is strict")
    elif tool.strict:
        draft.note(f"{path}.strict", "dropped: this model cannot be held to a schema")


def encode_choice(
    draft: Draft, tools: Sequence[Mapping[str, object]], *, thinking: bool
) -> Fields | None:
    """disable_parallel_tool_use lives inside, so it makes a choice where there was none."""
    request = draft.request
    refuse_foreign_choice(request, NAME)
    if not tools:
        if request.tool_choice is not None and request.tool_choice.mode is not ChoiceMode.NONE:
            draft.note("tool_choice", "dropped: there are no tools")
        return None
    choice = _choice(draft, thinking=thinking)
    parallel = request.parallel_tool_calls
    if parallel is False and choice is None:
        choice = {"type": "auto"}
    if choice is None or parallel is None or choice["type"] == "none":
        return choice
    if draft.same or not parallel:
        choice["disable_parallel_tool_use"] = not parallel
    return choice


def _choice(draft: Draft, *, thinking: bool) -> Fields | None:
    request = draft.request
    if not request.tools:
        return {"type": "none"}
    if request.tool_choice is None:
        return None
    mode = request.tool_choice.mode
    if mode is ChoiceMode.NONE:
        return {"type": "none"}
    word = _FORCED.get(mode)
    if word is None:
        return {"type": "auto"}
    if thinking:
        draft.note("tool_choice", "auto instead: no tool can be forced while the model thinks")
        return {"type": "auto"}
    if word == "tool" and request.tool_choice.names:
        return {"type": word, "name": draft.names.fit(request.tool_choice.names[0])}
    return {"type": "any"}
