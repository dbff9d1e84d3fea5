"""A client's request body to the canonical request."""

from collections.abc import Mapping

from msgspec import DecodeError, Raw, json

from trunkline.canon.content import Message, Role
from trunkline.canon.errors import Malformed
from trunkline.canon.request import ChatRequest, OutputFormat, Request, Thinking, Tool, ToolChoice
from trunkline.canon.request import ChoiceMode as Mode
from trunkline.dialects.anthropic_messages import wire
from trunkline.dialects.anthropic_messages.decode_content import (
    Extra,
    cache_mark,
    decode_content,
    decode_message,
)
from trunkline.dialects.anthropic_messages.strict import Reader, malformed, object_of
from trunkline.dialects.anthropic_messages.wire import BETA_HEADER, NAME, present

_REQUEST: Reader[wire.RequestIn] = Reader(wire.RequestIn, wire.RequestIn)
_TOOL: Reader[wire.ToolIn] = Reader(wire.ToolIn, wire.ToolIn)
_CHOICE: Reader[wire.ToolChoiceIn] = Reader(wire.ToolChoiceIn, wire.ToolChoiceIn)
_THINKING: Reader[wire.ThinkingIn] = Reader(wire.ThinkingIn, wire.ThinkingIn)
_FORMAT = json.Decoder(wire.FormatIn)
_TEXT = json.Decoder(str)
_MODES = {"auto": Mode.AUTO, "any": Mode.REQUIRED, "tool": Mode.ONE, "none": Mode.NONE}
_TIERS = {"standard_only": "default"}
"""Our word for a tier is OpenAI's."""


def decode_request(
    body: bytes, headers: Mapping[bytes, bytes], *, counting: bool = False
) -> Request:
    """
    Raises Malformed (with `param`), only.

    `counting`: for count_tokens, which asks for no answer and so needs no max_tokens.
    """
    try:
        body.decode()
        request, unknown = _REQUEST.read(Raw(body), "")
        return _canonical(request, dict(unknown), headers, counting=counting)
    except (Malformed, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("the request body is nested too deeply") from error
    except wire.BROKEN as error:
        raise Malformed(f"the request body is not valid JSON: {error}") from error


def _canonical(
    request: wire.RequestIn, extra: Extra, headers: Mapping[bytes, bytes], *, counting: bool
) -> Request:
    thinking, output_format = _output_config(request, _thinking(request.thinking, extra), extra)
    choice, parallel = _tool_choice(request.tool_choice, extra)
    if betas := headers.get(BETA_HEADER.encode()):
        extra[BETA_HEADER] = Raw(json.encode(betas.decode("ascii", "replace")))
    return ChatRequest(
        model=request.model,
        messages=_messages(request),
        origin=NAME,
        tools=tuple([_tool(raw, f"tools.{at}") for at, raw in enumerate(request.tools or ())]),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_output_tokens=_max_tokens(request, counting=counting),
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop=tuple(request.stop_sequences or ()),
        thinking=thinking,
        output_format=output_format,
        user=_user(request.metadata, extra),
        service_tier=_TIERS.get(request.service_tier or "", request.service_tier),
        stream=bool(request.stream),
        extra=extra,
    )


def _max_tokens(request: wire.RequestIn, *, counting: bool) -> int | None:
    given = request.max_tokens
    if isinstance(given, int):
        if given < 0:
            raise Malformed("max_tokens: must be at least 0", param="max_tokens")
        return given
    if not counting:
        raise Malformed("max_tokens: Field required", param="max_tokens")
    return None


def _messages(request: wire.RequestIn) -> tuple[Message, ...]:
    messages: list[Message] = []
    if request.system:
        messages.append(Message(Role.SYSTEM, decode_content(request.system, "system")))
    for at, raw in enumerate(request.messages):
        messages += decode_message(raw, f"messages.{at}")
    if not request.messages:
        raise Malformed("messages: at least one message is required", param="messages")
    return tuple(messages)


def _tool(raw: Raw, path: str) -> Tool:
    """A tool the provider runs keeps its definition alone; ours keeps it where we know not all."""
    fields = object_of(raw, path)
    extra: Extra = {}
    kind = present(fields.get("type"))
    if kind is not None and bytes(kind) != b'"custom"':
        name = fields.get("name") or fields.get("mcp_server_name") or kind
        return Tool(
            name=_string(name, f"{path}.name"),
            kind="builtin",
            raw=raw,
            origin=NAME,
            cache=cache_mark(fields.get("cache_control"), extra),
        )
    tool, unknown = _TOOL.read(raw, path)
    mark = cache_mark(tool.cache_control, extra)
    whole = raw if unknown or extra else None
    return Tool(
        name=tool.name,
        description=tool.description,
        parameters=present(tool.input_schema),
        strict=tool.strict,
        raw=whole,
        origin=NAME if whole else "",
        cache=mark,
    )


def _tool_choice(raw: Raw | None, extra: Extra) -> tuple[ToolChoice | None, bool | None]:
    raw = present(raw)
    if raw is None:
        return None, None
    choice, unknown = _CHOICE.read(raw, "tool_choice")
    mode = _MODES.get(choice.type)
    if mode is None:
        raise Malformed(
            "tool_choice.type: must be one of auto, any, tool, none", param="tool_choice.type"
        )
    if mode is Mode.ONE and not choice.name:
        raise Malformed("tool_choice.name: Field required", param="tool_choice.name")
    _keep(extra, "tool_choice", unknown)
    names = (choice.name,) if mode is Mode.ONE and choice.name else ()
    disabled = choice.disable_parallel_tool_use
    return ToolChoice(mode, names), None if disabled is None else not disabled


def _thinking(raw: Raw | None, extra: Extra) -> Thinking | None:
    raw = present(raw)
    if raw is None:
        return None
    thinking, unknown = _THINKING.read(raw, "thinking")
    _keep(extra, "thinking", unknown)
    return Thinking(
        mode=thinking.type, budget_tokens=thinking.budget_tokens, display=thinking.display
    )


def _output_config(
    request: wire.RequestIn, thinking: Thinking | None, extra: Extra
) -> tuple[Thinking | None, OutputFormat | None]:
    """Effort and format, the latter also at its older place, top-level output_format."""
    output_format = request.output_format
    raw = present(request.output_config)
    if raw is not None:
        fields = dict(object_of(raw, "output_config"))
        effort, shape = present(fields.pop("effort", None)), present(fields.pop("format", None))
        _keep(extra, "output_config", fields)
        if effort is not None:
            word = _string(effort, "output_config.effort")
            given = thinking or Thinking()
            thinking = Thinking(
                mode=given.mode,
                budget_tokens=given.budget_tokens,
                effort=word,
                display=given.display,
            )
        if shape is not None:
            try:
                output_format = _FORMAT.decode(shape)
            except DecodeError as error:
                raise malformed(error, "output_config.format") from error
    if output_format is None:
        return thinking, None
    return thinking, OutputFormat(
        kind=output_format.type, schema=present(output_format.schema), name=output_format.name
    )


def _user(raw: Raw | None, extra: Extra) -> str | None:
    raw = present(raw)
    if raw is None:
        return None
    fields = dict(object_of(raw, "metadata"))
    user = present(fields.pop("user_id", None))
    _keep(extra, "metadata", fields)
    return None if user is None else _string(user, "metadata.user_id")


def _keep(extra: Extra, field: str, unknown: Mapping[str, Raw]) -> None:
    if unknown:
        extra[field] = Raw(json.encode(unknown))


def _string(raw: Raw, path: str) -> str:
    try:
        return _TEXT.decode(raw)
    except DecodeError as error:
        raise malformed(error, path) from error
