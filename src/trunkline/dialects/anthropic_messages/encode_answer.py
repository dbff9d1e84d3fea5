"""A whole canonical answer as an Anthropic client reads it."""

from msgspec import json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Part, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import Finished, FinishReason
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.encode_content import BlockOut, tool_input
from trunkline.dialects.anthropic_messages.finish import stop_reason_of
from trunkline.dialects.anthropic_messages.names import fit_id
from trunkline.dialects.anthropic_messages.signature import pack
from trunkline.dialects.anthropic_messages.usage import extra_of, full
from trunkline.dialects.anthropic_messages.wire import NAME, Fields
from trunkline.dialects.base import Stamp
from trunkline.dialects.invented_ids import all_named


def encode_answer(answer: Answer, stamp: Stamp) -> bytes:
    """There is one choice here: of several, the first."""
    choices = all_named(answer, stamp.id).choices
    choice = choices[0] if choices else Choice()
    blocks = [block for part in choice.parts if (block := _block(part, answer.origin)) is not None]
    finished = Finished(
        choice.finish or FinishReason.STOP,
        choice.index,
        choice.native,
        choice.stop_sequence,
        answer.origin,
        choice.details,
    )
    stop_reason, details = stop_reason_of(
        finished,
        called=any(isinstance(part, ToolCall) for part in choice.parts),
        refused=any(isinstance(part, Refusal) for part in choice.parts),
    )
    body: Fields = {
        "model": answer.model or stamp.model,
        "id": message_id(answer.id, answer.origin, stamp),
        "type": "message",
        "role": "assistant",
        "content": blocks,
        "stop_reason": stop_reason,
        "stop_sequence": choice.stop_sequence,
        "stop_details": details,
        "usage": full(answer.usage or Usage()),
    }
    if answer.origin == NAME:
        body["usage"] = full(answer.usage or Usage()) | dict(extra_of(answer.extra))
        body |= {field: raw for field, raw in answer.extra.items() if field != "usage"}
    return json.encode(body)


def message_id(given: str, origin: str, stamp: Stamp) -> str:
    return given if given and origin == NAME else f"msg_{stamp.id}"


def _block(part: Part, origin: str) -> BlockOut | None:
    """None for what has no block here: nothing said, or another dialect's own."""
    match part:
        case Text(text=text):
            return _text(part) if text else None
        case Refusal(text=text):
            return {"type": "text", "text": text} if text else None
        case Reasoning():
            return _reasoning(part, part.origin or origin)
        case ToolCall():
            block: Fields = {
                "type": "tool_use",
                "id": fit_id(part.id),
                "name": part.name,
                "input": tool_input(part),
            }
            return block | dict(part.extra) if origin == NAME else block
        case Opaque(origin=whose, raw=raw):
            return raw if whose == NAME else None
        case _:
            return None


def _text(part: Text) -> Fields:
    block: Fields = {"type": "text", "text": part.text}
    if part.annotations is not None and part.origin == NAME:
        block["citations"] = part.annotations
    return block


def _reasoning(part: Reasoning, origin: str) -> Fields | None:
    if part.redacted:
        return {"type": "redacted_thinking", "data": pack(part.signature, origin)}
    if not part.text and not part.signature:
        return None
    return {
        "type": "thinking",
        "thinking": part.text,
        "signature": pack(part.signature, origin),
    }
