"""The canonical answer as a whole GenerateContentResponse."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Part, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import FinishReason
from trunkline.dialects.base import Stamp
from trunkline.dialects.gemini.encode_contents import arguments_of
from trunkline.dialects.gemini.finish import word_of
from trunkline.dialects.gemini.logprobs import write_logprobs
from trunkline.dialects.gemini.signature import pack
from trunkline.dialects.gemini.usage import write_usage
from trunkline.dialects.gemini.wire import NAME, Fields
from trunkline.dialects.invented_ids import all_named
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.dialects.thought_ids import unsigned

_FEEDBACK = "promptFeedback"
_PROOF = {"text", "thoughtSignature"}


def encode_answer(answer: Answer, stamp: Stamp) -> bytes:
    own = answer.origin == NAME
    body: Fields = {}
    choices = all_named(answer, stamp.id).choices
    candidates = [_candidate(choice, answer) for choice in choices]
    if not (own and _FEEDBACK in answer.extra and not any(c.parts for c in answer.choices)):
        body["candidates"] = candidates
    if answer.usage is not None:
        body["usageMetadata"] = write_usage(answer.usage)
    body["modelVersion"] = answer.model or stamp.model
    body["responseId"] = (own and answer.id) or stamp.id
    if own:
        body.update(answer.extra)
    return json.encode(body)


def _candidate(choice: Choice, answer: Answer) -> Fields:
    own = answer.origin == NAME
    parts = [wire for part in choice.parts for wire in write_part(part, answer.origin)]
    candidate: Fields = {
        "content": {"parts": _proven(parts), "role": "model"},
        "finishReason": word_of(choice.finish or FinishReason.STOP, choice.native if own else ""),
        "index": choice.index,
    }
    if choice.logprobs is not None and (told := write_logprobs([choice.logprobs])) is not None:
        candidate["logprobsResult"] = told
    if own and choice.details is not None:
        candidate.update(details_of(choice.details))
    return candidate


def details_of(raw: Raw) -> Mapping[str, Raw]:
    """A candidate's fields beyond those everybody knows."""
    try:
        return RAW_MAP.decode(raw)
    except NOT_JSON:
        return {}


def write_part(part: Part, origin: str) -> list[Fields | Raw]:
    """None or one; `origin`: whose answer it is."""
    match part:
        case Text(text=text) | Refusal(text=text):
            return [{"text": text}] if text else []
        case Reasoning():
            return _thought(part, part.origin or origin)
        case ToolCall():
            return [write_call(part)]
        case Opaque(origin=whose, raw=raw) if whose == NAME:
            return [raw]
        case _:
            return []


def write_call(call: ToolCall) -> Fields:
    plain, signature = unsigned(call.id)
    args, _ = arguments_of(call)
    wire: Fields = {"functionCall": {"id": plain, "name": call.name, "args": args}}
    if signature:
        wire["thoughtSignature"] = signature
    return wire


def _thought(part: Reasoning, origin: str) -> list[Fields | Raw]:
    if not part.text and not part.signature:
        return []
    wire: Fields = {"text": part.text}
    if part.text or origin != NAME:
        wire["thought"] = True
    if part.signature:
        wire["thoughtSignature"] = pack(part.signature, origin)
    return [wire]


def _proven(parts: list[Fields | Raw]) -> list[Fields | Raw]:
    """The proof of what nobody sees stands on the text before it, as Google puts it in a whole answer."""
    kept: list[Fields | Raw] = []
    for part in parts:
        last = kept[-1] if kept else None
        proof = (
            part.get("thoughtSignature")
            if isinstance(part, dict) and part.keys() == _PROOF
            else None
        )
        if proof is not None and isinstance(last, dict) and last.keys() == {"text"}:
            last["thoughtSignature"] = proof
        else:
            kept.append(part)
    return kept
