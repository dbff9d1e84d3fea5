"""Tools and the choice between them."""

from msgspec import Raw

from trunkline.canon.foreign import refuse_foreign_choice
from trunkline.canon.request import ChoiceMode, Tool
from trunkline.dialects.claude_schema import tool_schema
from trunkline.dialects.cohere_chat.draft import Draft
from trunkline.dialects.cohere_chat.wire import BROKEN, NAME, Fields
from trunkline.dialects.custom_input import SCHEMA
from trunkline.dialects.raws import RAW_LIST, RAW_MAP

_FORCED = (ChoiceMode.REQUIRED, ChoiceMode.SUBSET_REQUIRED, ChoiceMode.ONE)


def encode_tools(draft: Draft) -> Fields:
    """The fields `tools`, `tool_choice` and `strict_tools`, as far as they are needed."""
    request = draft.request
    refuse_foreign_choice(request, NAME)
    if request.parallel_tool_calls is False and request.tools:
        draft.note("parallel_tool_calls", "dropped: there is no such choice here")
    offered = draft.offered
    tools: list[Fields] = []
    sent: list[Tool] = []
    for at, tool in enumerate(request.tools):
        if offered is None or tool.name in offered:
            fields = _tool(tool, f"tools.{at}", draft)
            if fields is not None:
                tools.append({"type": "function", "function": fields})
                sent.append(tool)
    if not tools:
        if request.tool_choice is not None and request.tool_choice.mode is not ChoiceMode.NONE:
            draft.note("tool_choice", "dropped: there are no tools")
        return {}
    return {"tools": tools, **_choice(draft), **_strict(sent, draft)}


def _tool(tool: Tool, path: str, draft: Draft) -> Fields | None:
    draft.unmark(tool.cache)
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
    fields: Fields = {"name": draft.names(tool.name)}
    if tool.description:
        fields["description"] = tool.description
    return {**fields, "parameters": schema}


def _choice(draft: Draft) -> Fields:
    """One tool, or some, are forced by offering no others: the API names none."""
    choice = draft.request.tool_choice
    if choice is None or choice.mode in (ChoiceMode.AUTO, ChoiceMode.SUBSET):
        return {}
    return {"tool_choice": "REQUIRED" if choice.mode in _FORCED else "NONE"}


def _strict(tools: list[Tool], draft: Draft) -> Fields:
    """
    All tools are strict, or none; and a strict one needs a required parameter.

    docs.cohere.com, "Structured Outputs", strict_tools, seen 2026-11-21.
    """
    wanted = [tool for tool in tools if tool.strict]
    if not wanted:
        return {}
    fit = len(wanted) == len(tools) and all(_requires(tool.parameters) for tool in tools)
    if fit and draft.deployment.quirks.schema_output:
        return {"strict_tools": True}
    draft.note("tools.strict", "dropped: all tools must be strict here, with required parameters")
    return {}


def _requires(schema: Raw | None) -> bool:
    try:
        required = RAW_MAP.decode(schema or b"{}").get("required")
        return required is not None and bool(RAW_LIST.decode(required))
    except BROKEN:
        return False
