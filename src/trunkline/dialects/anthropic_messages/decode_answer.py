"""A whole answer of an upstream, made canonical."""

from collections.abc import Mapping

from msgspec import Raw, Struct, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Part, Reasoning, Text, ToolCall
from trunkline.canon.errors import Garbled
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages import wire
from trunkline.dialects.anthropic_messages.errors import decode_inline
from trunkline.dialects.anthropic_messages.finish import reason_of
from trunkline.dialects.anthropic_messages.usage import read_usage, with_usage
from trunkline.dialects.anthropic_messages.wire import NAME, present, text_of

_KNOWN = frozenset({*wire.AnswerIn.__struct_fields__, "role"})
_TEXT_FIELDS = frozenset({"type", "text", "citations"})
_CALL_FIELDS = frozenset({"type", "id", "name", "input"})


_NO_INPUT = Raw(b"{}")


class _UsageOnly(Struct):
    usage: Raw = wire.ABSENT
    error: Raw = wire.ABSENT


_USAGE_ONLY = json.Decoder(_UsageOnly)


def decode_answer(body: bytes) -> Answer:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    try:
        answer = wire.ANSWER.decode(body)
        if (told := present(answer.error)) is not None:
            raise decode_inline(told)
        fields = wire.RAW_MAP.decode(body)
        if "content" not in fields:
            raise Garbled("the provider's answer has no content")
        return _canonical(answer, fields)
    except wire.BROKEN as error:
        raise garbled(error) from error


def read_answer_usage(body: bytes) -> Usage | None:
    """Only what the ledger needs of an answer that passes through."""
    try:
        seen = _USAGE_ONLY.decode(body)
        if (told := present(seen.error)) is not None:
            raise decode_inline(told)
        raw = present(seen.usage)
        return None if raw is None else read_usage(raw)[0]
    except wire.BROKEN as error:
        raise garbled(error) from error


def garbled(error: Exception) -> Garbled:
    return Garbled(
        "the provider's answer is not the Messages API's", detail=f"{type(error).__name__}: {error}"
    )


def _canonical(answer: wire.AnswerIn, fields: Mapping[str, Raw]) -> Answer:
    parts = tuple([decode_part(raw) for raw in answer.content])
    extra: Mapping[str, Raw] = {k: v for k, v in fields.items() if k not in _KNOWN}
    usage: Usage | None = None
    if (raw := present(answer.usage)) is not None:
        usage, beside = read_usage(raw)
        extra = with_usage(extra, beside)
    called = any(isinstance(part, ToolCall) for part in parts)
    stop_reason = answer.stop_reason or ""
    choice = Choice(
        parts=parts,
        finish=reason_of(stop_reason, called=called) if stop_reason else None,
        native=stop_reason,
        stop_sequence=answer.stop_sequence,
        details=present(answer.stop_details),
    )
    return Answer(
        id=answer.id,
        model=answer.model,
        choices=(choice,),
        usage=usage,
        extra=extra,
        origin=NAME,
    )


def decode_part(raw: Raw) -> Part:
    block = wire.ANSWER_BLOCK.decode(raw)
    match block.type:
        case "text":
            extra = text_extra(raw)
            if not block.citations:
                return Text(block.text, extra=extra)
            notes = Raw(json.encode(block.citations))
            return Text(block.text, annotations=notes, origin=NAME, extra=extra)
        case "thinking":
            return Reasoning(block.thinking, block.signature or "", NAME)
        case "redacted_thinking":
            return Reasoning("", block.data, NAME, redacted=True)
        case "tool_use":
            arguments = text_of(present(block.input) or _NO_INPUT)
            return ToolCall(block.id, block.name, arguments, extra=call_extra(raw))
        case _:
            return Opaque(NAME, raw)


def call_extra(raw: Raw) -> Mapping[str, Raw]:
    """A tool call's fields beyond those everybody knows: its caller, say."""
    return _beside(raw, _CALL_FIELDS)


def text_extra(raw: Raw) -> Mapping[str, Raw]:
    return _beside(raw, _TEXT_FIELDS)


def _beside(raw: Raw, known: frozenset[str]) -> Mapping[str, Raw]:
    return {name: value for name, value in wire.RAW_MAP.decode(raw).items() if name not in known}
