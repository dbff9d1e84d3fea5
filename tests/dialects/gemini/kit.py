"""What the tests of this dialect share: shorthand for requests, answers and streams."""

from collections.abc import Iterable
from typing import Any

from msgspec import json

from tests.dialects.turns import user
from trunkline.canon.answer import Answer
from trunkline.canon.content import Message, Part, Role
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.event import Burst, Event, Faulted
from trunkline.canon.fold import fold
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import EventDecoder, Stamp
from trunkline.dialects.gemini.dialect import Gemini

DIALECT = Gemini()
NAME = DIALECT.name
STAMP = Stamp("0123456789", "the-model", 1_700_000_000)
FOREIGN = "openai-chat"


def deployment(model: str = "gemini-3-flash", /, **quirks: Any) -> Deployment:
    return Deployment(
        id=f"p/{model}", provider="p", model=model, dialect=NAME, quirks=Quirks(**quirks)
    )


def request(*messages: Message, **fields: Any) -> ChatRequest:
    """By default from a client of another dialect."""
    said = messages or (user("hi"),)
    return ChatRequest(**{"model": "m", "messages": said, "origin": FOREIGN, **fields})


def results(*parts: Part) -> Message:
    return Message(Role.TOOL, parts)


def decode(**body: Any) -> ChatRequest:
    """A body with the fields every request needs, as a face hands it over."""
    said = [{"role": "user", "parts": [{"text": "hi"}]}]
    return DIALECT.decode_request(
        json.encode({"model": "m", "stream": False, "contents": said, **body}), {}
    )


def sent(canonical: ChatRequest, **quirks: Any) -> Any:
    """The body an upstream with these quirks gets."""
    return json.decode(DIALECT.encode_request(canonical, deployment(**quirks)).body)


def notes(canonical: ChatRequest, **quirks: Any) -> dict[str, str]:
    encoded = DIALECT.encode_request(canonical, deployment(**quirks))
    return {note.field: note.message for note in encoded.notes}


def response(*parts: Any, finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    """A GenerateContentResponse of one candidate."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": index}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "m", "responseId": "r1", **more}


def event(*parts: Any, **more: Any) -> bytes:
    """One event of a stream."""
    return framed(response(*parts, **more))


def framed(body: Any) -> bytes:
    return b"data: " + json.encode(body) + b"\r\n\r\n"


def read(decoder: EventDecoder, pieces: Iterable[bytes]) -> list[Event]:
    """All events of a stream; obeying the grammar, or the test fails."""
    events: list[Event] = []
    for piece in pieces:
        events += decoder.feed(piece)
    events += decoder.finish()
    assert [] == violations(events)
    return events


def events_of(*pieces: bytes) -> list[Event]:
    return read(DIALECT.decoder(), pieces)


def answer_of(*pieces: bytes) -> Answer:
    return fold(events_of(*pieces))


def parts_of(*pieces: bytes) -> tuple[object, ...]:
    return answer_of(*pieces).choices[0].parts


def fault_of(*pieces: bytes) -> Exception:
    last = events_of(*pieces)[-1]
    assert isinstance(last, Faulted)
    return last.error


def whole(*parts: Any, **more: Any) -> Answer:
    """A whole answer of one candidate, decoded."""
    more.setdefault("finish", "STOP")
    return DIALECT.decode_answer(json.encode(response(*parts, **more)))


def written(burst: Burst) -> list[Any]:
    """The events a client gets."""
    frames = DIALECT.encoder(request(), STAMP).feed(burst).split(b"\r\n\r\n")
    assert b"" == frames.pop()
    return [json.decode(frame.removeprefix(b"data: ")) for frame in frames]
