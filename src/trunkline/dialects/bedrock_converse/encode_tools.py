"""Tools and the choice between them."""

from msgspec import Raw

from trunkline.canon.content import CacheMark, ToolCall, ToolResult
from trunkline.canon.foreign import refuse_foreign_choice
from trunkline.canon.request import ChoiceMode, Tool
from trunkline.dialects.bedrock_converse.draft import NO_MARKS, Draft
from trunkline.dialects.bedrock_converse.families import Family
from trunkline.dialects.bedrock_converse.wire import NAME, Fields
from trunkline.dialects.claude_schema import OPEN, closed, tool_schema
from trunkline.dialects.custom_input import SCHEMA

_SUBSETS = (ChoiceMode.SUBSET, ChoiceMode.SUBSET_REQUIRED)
_FORCED = (ChoiceMode.REQUIRED, ChoiceMode.SUBSET_REQUIRED, ChoiceMode.ONE)
# "Only supported by Anthropic Claude 3 and Amazon Nova models" (the service model's ToolChoice,
# botocore 1.44, seen 2026-11-21); later Claudes take it, too.
_NAME_ONE = (Family.CLAUDE, Family.NOVA, Family.NOVA_2)


def encode_tools(draft: Draft) -> list[Fields]:
    """
    The tools, with their cache points.

    Nothing says "do not use them" here: where the choice is none they are left out, unless the
    history has calls, which the API refuses without tools.
    """
    request, called = draft.request, _called(draft)
    refuse_foreign_choice(request, NAME)
    choice = request.tool_choice
    if choice is not None and choice.mode is ChoiceMode.NONE and not called:
        if request.tools:
            draft.note("tool_choice", "the tools left out: nothing else keeps a model from them")
        return []
    kept = set(choice.names) if choice and choice.mode in _SUBSETS else None
    tools: list[Fields] = []
    for at, tool in enumerate(request.tools):
        if kept is None or tool.name in kept:
            fields = _tool(tool, f"tools.{at}", draft)
            if fields is not None:
                tools.append({"toolSpec": fields})
                _mark(tools, tool.cache, draft)
    if tools or not called:
        return tools
    draft.note("tools", "declared as the history calls them: it needs them")
    empty: Fields = {"json": Raw(b'{"type":"object"}')}
    return [{"toolSpec": {"name": name, "inputSchema": empty}} for name in called]


def _called(draft: Draft) -> list[str]:
    """Names of what the history calls, as they go out; a stand-in for results without a call."""
    parts = [part for message in draft.request.messages for part in message.parts]
    calls = [draft.names.fit(part.name) for part in parts if isinstance(part, ToolCall)]
    if not calls and any(isinstance(part, ToolResult) for part in parts):
        return ["tool"]
    return list(dict.fromkeys(calls))


def _mark(tools: list[Fields], cache: CacheMark | None, draft: Draft) -> None:
    """Claude alone caches tools (docs.aws.amazon.com/bedrock, prompt caching, seen 2026-11-21)."""
    if cache is not None and draft.family is not Family.CLAUDE:
        draft.note("tools.cache_control", NO_MARKS)
    else:
        draft.mark(tools, cache)


def _tool(tool: Tool, path: str, draft: Draft) -> Fields | None:
    if tool.kind == "builtin":
        draft.note(path, f"dropped: {tool.name} runs at {tool.origin or 'its own provider'} alone")
        return None
    schema, flattened = tool_schema(tool.parameters, f"{path}.parameters")
    if tool.kind == "custom":
        draft.note(path, "a custom tool sent as a function with one string, `input`")
        schema = SCHEMA
    elif flattened:
        draft.note(
            f"{path}.parameters", "alternatives at the top of the schema merged into one object"
        )
    fields: Fields = {"name": draft.names.fit(tool.name)}
    if tool.description:
        fields["description"] = tool.description
    if tool.strict and draft.deployment.quirks.schema_output:
        fits = closed(schema, f"{path}.parameters")
        if fits is None:
            draft.note(f"{path}.strict", OPEN)
        else:
            fields["strict"] = True
            schema, changes = fits
            if changes:
                draft.note(f"{path}.parameters", f"{changes}: it is strict")
    elif tool.strict:
        draft.note(f"{path}.strict", "dropped: this model cannot be held to a schema")
    return {**fields, "inputSchema": {"json": schema}}


def encode_choice(draft: Draft, *, thinking: bool) -> Fields | None:
    """`thinking`: by a budget, which forbids forcing a tool. Called where there are tools."""
    request = draft.request
    if request.parallel_tool_calls is False:
        draft.note("parallel_tool_calls", "dropped: there is no such choice here")
    choice = request.tool_choice
    if choice is None:
        return None
    if choice.mode is ChoiceMode.NONE:
        draft.note("tool_choice", "auto instead: the history has calls, so tools must be there")
        return None
    if choice.mode not in _FORCED or not request.tools:
        return {"auto": {}}
    if thinking:
        draft.note("tool_choice", "auto instead: no tool can be forced while the model thinks")
        return {"auto": {}}
    if choice.mode is ChoiceMode.ONE and choice.names:
        if draft.family in _NAME_ONE:
            return {"tool": {"name": draft.names.fit(choice.names[0])}}
        draft.note("tool_choice", "any tool instead of one: this model cannot be told which")
    return {"any": {}}
