"""What the tests of this dialect share: shorthand for requests, answers and streams."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Raw, json

from tests.dialects.turns import user
from trunkline.canon.content import Message, Part, Role
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.event import Event
from trunkline.canon.request import ChatRequest
from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages
from trunkline.dialects.base import Encoded, Stamp

DIALECT = AnthropicMessages()
NAME = DIALECT.name
STAMP = Stamp("01STAMP", "the-model", 1_700_000_000)


def deployment(
    model: str = "claude-opus-4-8", quirks: Quirks | None = None, **more: Any
) -> Deployment:
    return Deployment(
        id=f"anthropic/{model}",
        provider="anthropic",
        model=model,
        dialect=NAME,
        quirks=quirks or Quirks(),
        **more,
    )


def chat(*messages: Message, origin: str = "openai-chat", **fields: Any) -> ChatRequest:
    """A request, by default from a client of another dialect."""
    return ChatRequest(model="alias", messages=messages or (user("hi"),), origin=origin, **fields)


def results(*parts: Part) -> Message:
    return Message(Role.TOOL, parts)


def decode(headers: Mapping[bytes, bytes] | None = None, /, **body: Any) -> ChatRequest:
    """A client's body, with what every request must have."""
    whole = {
        "model": "alias",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}],
        **body,
    }
    return DIALECT.decode_request(json.encode(whole), headers or {})


def encode(request: ChatRequest, to: Deployment | None = None) -> tuple[dict[str, Any], Encoded]:
    """The body an upstream gets, and all that comes with it."""
    encoded = DIALECT.encode_request(request, to or deployment())
    return json.decode(encoded.body), encoded


def body_of(request: ChatRequest, to: Deployment | None = None) -> dict[str, Any]:
    return encode(request, to)[0]


def noted(request: ChatRequest, to: Deployment | None = None) -> list[str]:
    """The fields that notes are about."""
    return [note.field for note in encode(request, to)[1].notes]


def sse(*events: Mapping[str, Any]) -> bytes:
    """A stream as the API frames it."""
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.encode(event))
        for event in events
    )


def message_start(**usage: Any) -> dict[str, Any]:
    counts = usage or {"input_tokens": 10, "output_tokens": 1}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": counts,
    }
    return {"type": "message_start", "message": message}


def block_start(index: int, /, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, /, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def block_stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def message_delta(reason: str = "end_turn", output: int = 5, **more: Any) -> dict[str, Any]:
    return {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None},
        "usage": {"output_tokens": output},
        **more,
    }


STOP = {"type": "message_stop"}


def text_stream(*pieces: str) -> bytes:
    return sse(
        message_start(),
        block_start(0, type="text", text=""),
        *[delta(0, type="text_delta", text=piece) for piece in pieces],
        block_stop(0),
        message_delta(),
        STOP,
    )


def events_of(stream: bytes, width: int | None = None) -> list[Event]:
    """The whole of a stream decoded, `width` bytes at a time."""
    decoder, found = DIALECT.decoder(), []
    for at in range(0, len(stream), width or len(stream) or 1):
        found += decoder.feed(stream[at : at + (width or len(stream))])
    return [*found, *decoder.finish()]


def parsed(stream: bytes) -> list[dict[str, Any]]:
    """Every event of a stream towards a client; its name must repeat its type."""
    found = []
    for block in stream.decode().split("\n\n")[:-1]:
        first, second = block.split("\n")
        event = json.decode(second.removeprefix("data: "))
        assert first == f"event: {event['type']}"
        found.append(event)
    return found


def streamed(events: Iterable[Event]) -> list[dict[str, Any]]:
    return parsed(DIALECT.encoder(chat(), STAMP).feed(list(events)))


def raw(value: Any) -> Raw:
    return Raw(json.encode(value))
