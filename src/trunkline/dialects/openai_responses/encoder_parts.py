"""
The parts of an answer on their way into a stream: each says how it begins, goes on and ends.

Text, refusals and reasoning are shown once they say something, for none may be empty; a call is
shown at once.
"""

from typing import Final

from msgspec import Raw, json

from trunkline.canon.content import Reasoning
from trunkline.canon.event import PartOpened, Signed
from trunkline.dialects.custom_input import Unwrapping
from trunkline.dialects.openai_responses.encode_items import (
    CUSTOM,
    CallHead,
    reasoning,
    refusal_content,
    sealed,
    text_content,
)
from trunkline.dialects.openai_responses.encoder_events import NO_LOGPROBS, Events, Place
from trunkline.dialects.openai_responses.encoder_output import Item

_encode = json.Encoder().encode
_CALLS: Final = {
    CUSTOM: (b"response.custom_tool_call_input", b"input"),
    "function": (b"response.function_call_arguments", b"arguments"),
}


class Part:
    """An open part. Once it is shown, `before` begins each of its deltas and `template` is all of it."""

    __slots__ = (
        "before",
        "input",
        "item",
        "logprobs",
        "notes",
        "opened",
        "pieces",
        "place",
        "plain",
        "signed",
        "template",
    )

    def __init__(self, opened: PartOpened) -> None:
        self.opened = opened
        self.item: Item | None = None
        """None until it is shown."""
        self.place = Place(b"", 0)
        self.before = self.template = b""
        self.plain = False
        """Its deltas need nothing but quoting and a number."""
        self.pieces: list[str] = []
        self.notes: list[Raw] = []
        self.logprobs: list[bytes] = []
        self.signed: Signed | None = None
        self.input: Unwrapping | None = None
        """Of a custom tool's call whose upstream knew a function."""

    def deltas(self, name: bytes, logprobs: bytes = b"") -> None:
        self.before, self.template = self.place.delta(name, logprobs)


def begin_text(part: Part, item: Item, events: Events) -> None:
    part.item = item
    part.place = Place(_encode(item.id), item.place, b'"content_index":%d,' % len(item.contents))
    part.deltas(b"response.output_text.delta", NO_LOGPROBS)
    events.say(b"response.content_part.added", part.place.fields(b'"part":' + text_content(b'""')))


def end_text(part: Part, item: Item, events: Events) -> None:
    text = _encode("".join(part.pieces))
    logprobs = b"[" + b",".join(part.logprobs) + b"]"
    content = text_content(text, _encode(part.notes), logprobs)
    said = b'"logprobs":%b,"text":%b' % (logprobs, text)
    events.say(b"response.output_text.done", part.place.fields(said))
    events.say(b"response.content_part.done", part.place.fields(b'"part":' + content))
    item.contents.append(content)


def begin_refusal(part: Part, item: Item, events: Events) -> None:
    part.item = item
    part.place = Place(_encode(item.id), item.place, b'"content_index":%d,' % len(item.contents))
    part.deltas(b"response.refusal.delta")
    content = refusal_content(b'""')
    events.say(b"response.content_part.added", part.place.fields(b'"part":' + content))


def end_refusal(part: Part, item: Item, events: Events) -> None:
    text = _encode("".join(part.pieces))
    content = refusal_content(text)
    events.say(b"response.refusal.done", part.place.fields(b'"refusal":' + text))
    events.say(b"response.content_part.done", part.place.fields(b'"part":' + content))
    item.contents.append(content)


def begin_reasoning(part: Part, item: Item) -> None:
    part.item = item
    part.place = Place(_encode(item.id), item.place, b'"summary_index":0,')


def begin_summary(part: Part, events: Events) -> None:
    """With its first text: reasoning that is only sealed has no summary."""
    part.deltas(b"response.reasoning_summary_text.delta")
    empty = b'"part":{"type":"summary_text","text":""}'
    events.say(b"response.reasoning_summary_part.added", part.place.fields(empty))


def end_reasoning(part: Part, item: Item, events: Events, origin: str) -> None:
    """`origin`: the dialect of the answer, for a part that does not tell its own."""
    said = "".join(part.pieces)
    text = _encode(said) if said else b""
    if text:
        shown = b'"part":{"type":"summary_text","text":%b}' % text
        told = part.place.fields(b'"text":' + text)
        events.say(b"response.reasoning_summary_text.done", told)
        events.say(b"response.reasoning_summary_part.done", part.place.fields(shown))
    signed = part.signed
    proof = Reasoning(
        said,
        signed.signature if signed else "",
        (signed.origin if signed else "") or part.opened.origin or origin,
        part.opened.redacted,
    )
    item.thought = reasoning(item.id, text, sealed(proof, item.id))


def begin_call(part: Part, item: Item, head: CallHead) -> None:
    part.item = item
    item.call = head
    part.place = Place(_encode(item.id), item.place)
    name, _ = _CALLS[head.kind]
    part.deltas(name + b".delta")
    if head.kind == CUSTOM and part.opened.call_kind != CUSTOM:
        part.input = Unwrapping()
    part.plain = part.input is None


def end_call(part: Part, item: Item, events: Events) -> None:
    if part.input is not None:
        _give(part, part.input.finish(), events)
    elif not part.pieces and item.kind != CUSTOM:
        _give(part, "{}", events)  # what a client parses must be an object
    item.given = "".join(part.pieces)
    name, field = _CALLS[item.kind]
    said = b'"%b":%b' % (field, _encode(item.given))
    events.say(name + b".done", part.place.fields(said))


def unwrap(part: Part, text: str, events: Events) -> None:
    if part.input is not None:
        _give(part, part.input.feed(text), events)


def _give(part: Part, text: str, events: Events) -> None:
    if text:
        part.pieces.append(text)
        events.deltas(part.template, (text,))
