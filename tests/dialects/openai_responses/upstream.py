"""What the tests of the role that faces upstreams share."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import json

from trunkline.canon.answer import Answer
from trunkline.canon.content import Message, Part, Role, Text
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import Burst, Event, Faulted
from trunkline.canon.fold import fold
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Encoded
from trunkline.dialects.openai_responses.decode_answer import decode_answer
from trunkline.dialects.openai_responses.decoder import StreamDecoder
from trunkline.dialects.openai_responses.encode_request import encode_request

OWN = "openai-responses"
FOREIGN = "anthropic-messages"
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 7, "model": "m"}
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 14,
}


def deployment(**quirks: Any) -> Deployment:
    return Deployment(id="p/m", provider="p", model="m", dialect=OWN, quirks=Quirks(**quirks))


def request(*messages: Message, **fields: Any) -> ChatRequest:
    said = messages or (Message(Role.USER, (Text("hi"),)),)
    return ChatRequest(**{"model": "m", "messages": said, "origin": FOREIGN, **fields})


def own(*messages: Message, **fields: Any) -> ChatRequest:
    return request(*messages, **{"origin": OWN, **fields})


def encoded(canonical: ChatRequest, **quirks: Any) -> Encoded:
    return encode_request(canonical, deployment(**quirks))


def sent(canonical: ChatRequest, **quirks: Any) -> dict[str, Any]:
    """The body an upstream with these quirks gets."""
    return json.decode(encoded(canonical, **quirks).body)


def items(canonical: ChatRequest, **quirks: Any) -> list[dict[str, Any]]:
    return sent(canonical, **quirks)["input"]


def notes(canonical: ChatRequest, **quirks: Any) -> dict[str, str]:
    return {note.field: note.message for note in encoded(canonical, **quirks).notes}


def event(kind: str, **fields: Any) -> bytes:
    body = json.encode({"type": f"response.{kind}", **fields})
    return b"event: response." + kind.encode() + b"\ndata: " + body + b"\n\n"


def created(**fields: Any) -> bytes:
    response = {**RESPONSE, "status": "in_progress", "output": [], **fields}
    return event("created", sequence_number=0, response=response)


def ended(kind: str = "completed", output: Sequence[Any] = (), **fields: Any) -> bytes:
    response = {**RESPONSE, "status": kind, "output": output, "usage": USAGE, **fields}
    return event(kind, response=response)


def added(index: int, kind: str, **item: Any) -> bytes:
    full = {"type": kind, "id": f"item_{index}", **item}
    return event("output_item.added", output_index=index, item=full)


def done(index: int, kind: str, **item: Any) -> bytes:
    full = {"type": kind, "id": f"item_{index}", **item}
    return event("output_item.done", output_index=index, item=full)


def delta(index: int, text: str, kind: str = "output_text", **fields: Any) -> bytes:
    place = {"item_id": f"item_{index}", "output_index": index}
    return event(f"{kind}.delta", delta=text, **place, **fields)


def finished(index: int, kind: str, **fields: Any) -> bytes:
    return event(f"{kind}.done", item_id=f"item_{index}", output_index=index, **fields)


def message(index: int, *pieces: str) -> bytes:
    """A message of one text, as OpenAI streams it."""
    text = "".join(pieces)
    part = {"type": "output_text", "text": text, "annotations": []}
    return b"".join(
        (
            added(index, "message", role="assistant", content=[]),
            finished(index, "content_part", content_index=0).replace(b".done", b".added"),
            *(delta(index, piece, content_index=0) for piece in pieces),
            finished(index, "output_text", content_index=0, text=text),
            finished(index, "content_part", content_index=0, part=part),
            done(index, "message", role="assistant", content=[part]),
        )
    )


def read(pieces: Iterable[bytes]) -> list[Event]:
    """All events of a stream; obeying the grammar, or the test fails."""
    decoder, events = StreamDecoder(), list[Event]()
    for piece in pieces:
        events += decoder.feed(piece)
    events += decoder.finish()
    assert [] == violations(events)
    return events


def answer_of(*pieces: bytes) -> Answer:
    return fold(read(pieces))


def parts_of(*pieces: bytes) -> tuple[Part, ...]:
    """Of a stream that has these events within."""
    return answer_of(created(), *pieces, ended()).choices[0].parts


def fault_of(*pieces: bytes) -> GatewayError:
    last = read(pieces)[-1]
    assert isinstance(last, Faulted)
    return last.error


def whole(*output: dict[str, Any], **fields: Any) -> Answer:
    """A whole answer with these items, decoded."""
    body = {**RESPONSE, "status": "completed", "output": output, "usage": USAGE, **fields}
    return decode_answer(json.encode(body))


def comparable(events: Burst) -> list[object]:
    """Errors are compared by what they say."""
    return [repr(event) if isinstance(event, Faulted) else event for event in events]
