"""What the tests of this dialect share: requests made, bodies read, streams framed."""

from typing import Any

from msgspec import Raw, json

from tests.dialects.turns import as_parts, user
from trunkline.canon.content import Message, Part, Role
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.event import Event
from trunkline.canon.request import ChatRequest, Tool
from trunkline.dialects.base import Encoded
from trunkline.dialects.cohere_chat.dialect import CohereChat

DIALECT = CohereChat()
SCHEMA = Raw(b'{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}')
WEATHER = Tool(name="weather", parameters=SCHEMA)
NOW = Tool(name="now", description="The time.")


def to(model: str = "command-a-reasoning-08-2025", most: int | None = None, **quirks: Any):
    return Deployment(
        id=f"cohere/{model}",
        provider="cohere",
        model=model,
        dialect=DIALECT.name,
        quirks=Quirks(**{"max_temperature": 1.0, "max_stop": 5, "mid_system": False, **quirks}),
        max_output_tokens=most,
    )


def tool(*parts: Part | str) -> Message:
    return Message(Role.TOOL, as_parts(parts))


def chat(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(
        **{"model": "m", "origin": "openai-chat", "messages": messages or (user("hi"),), **fields}
    )


def encode(request: ChatRequest, place: Deployment | None = None) -> tuple[Any, Encoded]:
    encoded = DIALECT.encode_request(request, place or to())
    return json.decode(encoded.body), encoded


def body_of(request: ChatRequest, place: Deployment | None = None) -> Any:
    return encode(request, place)[0]


def messages_of(*messages: Message, place: Deployment | None = None) -> Any:
    return body_of(chat(*messages), place)["messages"]


def noted(request: ChatRequest, place: Deployment | None = None) -> list[str]:
    """The fields that notes are about."""
    return [note.field for note in encode(request, place)[1].notes]


def event(kind: str, **fields: Any) -> bytes:
    """One event of a stream, framed as Cohere frames it."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json.encode({"type": kind, **fields}))


def inside(**fields: Any) -> Any:
    return {"message": fields}


START = event(
    "message-start", id="c1", delta=inside(role="assistant", content=[], tool_plan="", citations=[])
)
USAGE = {
    "billed_units": {"input_tokens": 10, "output_tokens": 5},
    "tokens": {"input_tokens": 1400, "output_tokens": 9},
    "cached_tokens": 700,
}


def begin(index: int, kind: str) -> bytes:
    return event(
        "content-start", index=index, delta=inside(content={"type": kind, kind: ""})
    )  # as recorded: with an empty piece


def text(index: int, piece: str, **more: Any) -> bytes:
    return event("content-delta", index=index, delta=inside(content={"text": piece}), **more)


def thought(index: int, piece: str) -> bytes:
    return event("content-delta", index=index, delta=inside(content={"thinking": piece}))


def stop(index: int) -> bytes:
    return event("content-end", index=index)


def plan(piece: str) -> bytes:
    return event("tool-plan-delta", delta=inside(tool_plan=piece))


def call(index: int, name: str, arguments: str | None = "", call_id: str = "t1") -> bytes:
    function = {"name": name, "arguments": arguments}
    told = {"id": call_id, "type": "function", "function": function}
    return event("tool-call-start", index=index, delta=inside(tool_calls=told))


def piece(index: int, arguments: str | None) -> bytes:
    told = {"function": {"arguments": arguments}}
    return event("tool-call-delta", index=index, delta=inside(tool_calls=told))


def hang_up(index: int) -> bytes:
    return event("tool-call-end", index=index)


def cite(**fields: Any) -> bytes:
    return event("citation-start", index=0, delta=inside(citations=fields))


def end(reason: str = "COMPLETE", **more: Any) -> bytes:
    return event("message-end", delta={"finish_reason": reason, "usage": USAGE, **more})


def decode(*stream: bytes) -> list[Event]:
    decoder = DIALECT.decoder()
    return [*decoder.feed(b"".join(stream)), *decoder.finish()]


def whole(finish: str = "COMPLETE", **message: Any) -> bytes:
    told = {"role": "assistant", **message}
    return json.encode({"id": "c1", "message": told, "finish_reason": finish, "usage": USAGE})
