"""The canonical answer as a whole Response object."""

from collections.abc import Iterator, Sequence

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Part, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import FinishReason, Started
from trunkline.canon.request import Request
from trunkline.dialects.base import Stamp
from trunkline.dialects.custom_input import input_of
from trunkline.dialects.openai_responses.encode_items import (
    CUSTOM,
    FUNCTION,
    MESSAGE,
    REASONING,
    CallHead,
    ItemWriter,
    reasoning_of,
    refusal_content,
    text_content,
)
from trunkline.dialects.openai_responses.encode_response import ResponseWriter, status_of
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NOT_JSON, RAW_MAP

_encode = json.Encoder().encode
COMPLETED = b"completed"


def encode_answer(answer: Answer, request: Request, stamp: Stamp) -> bytes:
    """There is one choice here: the first."""
    started = Started(answer.id, answer.model, answer.created, answer.extra, answer.origin)
    writer = ResponseWriter(request, stamp, started)
    choice = answer.choices[0] if answer.choices else Choice()
    reason = choice.finish or FinishReason.STOP
    output = _Output(ItemWriter(request, stamp, own=answer.origin == NAME), answer.origin)
    items = output.written(choice, status_of(reason))
    return writer.ended(reason, b",".join(items), answer.usage)


class _Output:
    def __init__(self, items: ItemWriter, origin: str) -> None:
        self._items = items
        self._origin = origin
        self._logprobs = b"[]"
        """Of the answer's tokens; they stand with its first text."""

    def written(self, choice: Choice, status: bytes) -> list[bytes]:
        """Items in order; of an answer that was cut, the last says so."""
        self._logprobs = logprobs_of(choice.logprobs)
        groups = list(self._groups(choice.parts))
        last = len(groups) - 1
        return [
            self._item(group, place, status if place == last else COMPLETED)
            for place, group in enumerate(groups)
        ]

    def _groups(self, parts: Sequence[Part]) -> Iterator[list[Part]]:
        """The parts of each item: one, but for texts of one message."""
        message: list[Part] = []
        for part in parts:
            if not self._shows(part):
                continue
            if isinstance(part, Text | Refusal):
                if message and self._id(part) not in ("", self._id(message[0])):
                    yield message
                    message = []
                message.append(part)
                continue
            if message:
                yield message
                message = []
            yield [part]
        if message:
            yield message

    def _shows(self, part: Part) -> bool:
        match part:
            case Text(text=text):
                return bool(text or self._notes(part) != b"[]")
            case Refusal(text=text):
                return bool(text)
            case Reasoning():
                return bool(part.text or part.signature)
            case ToolCall():
                return True
            case Opaque(origin=origin):
                return origin == NAME
            case _:
                return False

    def _id(self, part: Part) -> str:
        return self._items.given_id(part.extra) if isinstance(part, Text) else ""

    def _item(self, group: list[Part], place: int, status: bytes) -> bytes:
        match group[0]:
            case Opaque(raw=raw):
                return bytes(raw)
            case Reasoning() as part:
                part = replace(part, origin=part.origin or self._origin)
                return reasoning_of(part, self._items.id_of(REASONING, place, {}))
            case ToolCall() as call:
                return self._call(call, place, status)
            case first:
                extra = first.extra if isinstance(first, Text) else {}
                item_id = self._items.id_of(MESSAGE, place, extra)
                contents = [self._content(part) for part in group]
                return self._items.message(item_id, status, contents, extra)

    def _call(self, call: ToolCall, place: int, status: bytes) -> bytes:
        items = self._items
        kind, given = items.kind_of(call.name, call.kind), call.arguments
        if kind == CUSTOM and call.kind == FUNCTION:
            given = input_of(given)
        elif kind == FUNCTION and not given:
            given = "{}"
        item_id, call_id = items.id_of(kind, place, call.extra), items.call_id(call.id, place)
        head = CallHead(item_id, call_id, call.name, kind, call.extra)
        return items.call(head, status.decode(), given)

    def _content(self, part: Part) -> bytes:
        if isinstance(part, Refusal):
            return refusal_content(_encode(part.text))
        text = part.text if isinstance(part, Text) else ""
        logprobs, self._logprobs = self._logprobs, b"[]"
        return text_content(_encode(text), self._notes(part), logprobs)

    def _notes(self, part: Part) -> bytes:
        """Another dialect's citations mean nothing to a client of this one."""
        if isinstance(part, Text) and part.annotations is not None and part.origin == NAME:
            return bytes(part.annotations)
        return b"[]"


def logprobs_of(raw: Raw | None) -> bytes:
    """The list out of {"content":[..],"refusal":..}, whose entries are the same here."""
    try:
        content = None if raw is None else RAW_MAP.decode(raw).get("content")
    except NOT_JSON:
        return b"[]"
    told = b"[]" if content is None else bytes(content).strip()
    return told if told.startswith(b"[") else b"[]"
