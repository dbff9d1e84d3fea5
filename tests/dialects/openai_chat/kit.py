"""What the tests of this dialect share."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import json
from msgspec.structs import replace

from trunkline.canon.answer import Answer
from trunkline.canon.content import Message, Role, Text
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.event import Burst, Event, Faulted
from trunkline.canon.fold import fold
from trunkline.canon.grammar import violations
from trunkline.canon.note import Note
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Encoded, EventDecoder, Stamp
from trunkline.dialects.openai_chat.dialect import OpenAIChat

DIALECT = OpenAIChat()
STAMP = Stamp("0123456789", "the-model", 1_700_000_000)
FOREIGN = "anthropic-messages"
# Takes everything: what a request loses on the way to it, the encoder lost.
ROOMY = Quirks(
    system_role="developer", reasoning_field="reasoning", cache_marks=True, custom_tools=True
)


def deployment(**quirks: Any) -> Deployment:
    return Deployment(
        id="p/m", provider="p", model="m", dialect="openai-chat", quirks=Quirks(**quirks)
    )


def request(*messages: Message, **fields: Any) -> ChatRequest:
    said = messages or (Message(Role.USER, (Text("hi"),)),)
    return ChatRequest(**{"model": "m", "messages": said, "origin": FOREIGN, **fields})


def decode(**body: Any) -> ChatRequest:
    """A body with the fields every request needs."""
    said = [{"role": "user", "content": "hi"}]
    return DIALECT.decode_request(json.encode({"model": "m", "messages": said, **body}), {})


def sent(canonical: ChatRequest, **quirks: Any) -> dict[str, Any]:
    """The body an upstream with these quirks gets."""
    return json.decode(DIALECT.encode_request(canonical, deployment(**quirks)).body)


def notes(canonical: ChatRequest, **quirks: Any) -> dict[str, str]:
    encoded = DIALECT.encode_request(canonical, deployment(**quirks))
    return {note.field: note.message for note in encoded.notes}


def encoded(canonical: ChatRequest, **quirks: Any) -> Encoded:
    return DIALECT.encode_request(canonical, deployment(**quirks))


def fields_noted(found: Sequence[Note]) -> list[str]:
    return [note.field for note in found]


def chunk(delta: Any = None, finish: str | None = None, index: int = 0, **more: Any) -> bytes:
    """One event of a stream."""
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    body = {"id": "c1", "model": "m", "created": 7, "choices": [choice], **more}
    return b"data: " + json.encode(body) + b"\n\n"


def text(words: str, **more: Any) -> bytes:
    return chunk({"content": words}, **more)


def calls(*deltas: dict[str, Any]) -> bytes:
    return chunk({"tool_calls": list(deltas)})


DONE = b"data: [DONE]\n\n"


def read(decoder: EventDecoder, pieces: Iterable[bytes]) -> list[Event]:
    """All events of a stream; obeying the grammar, or the test fails."""
    events: list[Event] = []
    for piece in pieces:
        events += decoder.feed(piece)
    events += decoder.finish()
    assert [] == violations(events)
    return events


def events_of(*pieces: bytes, think_tags: bool = False) -> list[Event]:
    return read(DIALECT.decoder(think_tags=think_tags), pieces)


def answer_of(*pieces: bytes, think_tags: bool = False) -> Answer:
    return fold(events_of(*pieces, think_tags=think_tags))


def parts_of(*pieces: bytes, think_tags: bool = False) -> tuple[object, ...]:
    return answer_of(*pieces, think_tags=think_tags).choices[0].parts


def whole(message: dict[str, Any], finish: str = "stop", **more: Any) -> Answer:
    """A whole answer with this message, decoded."""
    choice = {"index": 0, "message": message, "finish_reason": finish}
    body = {"id": "c1", "model": "m", "created": 7, "choices": [choice], **more}
    return DIALECT.decode_answer(json.encode(body))


def fault_of(*pieces: bytes) -> Exception:
    last = events_of(*pieces)[-1]
    assert isinstance(last, Faulted)
    return last.error


def comparable(events: Burst) -> list[object]:
    """Errors are compared by what they say."""
    return [repr(event) if isinstance(event, Faulted) else event for event in events]


def written(burst: Burst, canonical: ChatRequest | None = None) -> list[dict[str, Any] | None]:
    """The chunks a client gets; None for [DONE]."""
    encoder = DIALECT.encoder(canonical or request(), STAMP)
    frames = encoder.feed(burst).split(b"\n\n")
    assert b"" == frames.pop()
    return [
        None if frame == b"data: [DONE]" else json.decode(frame.removeprefix(b"data: "))
        for frame in frames
    ]


def without_native(answer: Answer) -> Answer:
    """But for what only repeats the finish reason in the upstream's words."""
    return replace(answer, choices=tuple(replace(c, native="") for c in answer.choices))
