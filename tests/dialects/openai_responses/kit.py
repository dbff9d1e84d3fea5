"""What the tests of the server role share: requests off the wire, answers onto it, the official SDK's view."""

from typing import Any

import openai
from msgspec import json
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Part
from trunkline.canon.event import Event, FinishReason
from trunkline.canon.request import ChatRequest
from trunkline.canon.usage import Usage
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_responses.dialect import OpenAIResponses

DIALECT = OpenAIResponses()
STAMP = Stamp("0123456789abcdef", "stamped-model", 1_700_000_000)
FOREIGN = "anthropic-messages"
_SDK = openai.OpenAI(api_key="k", _strict_response_validation=True)


def decode(**body: Any) -> ChatRequest:
    """A body with the fields every request needs."""
    return DIALECT.decode_request(json.encode({"model": "m", "input": "hi", **body}), {})


def items(*given: Any, **body: Any) -> ChatRequest:
    return decode(input=list(given), **body)


def answer(*parts: Part, finish: FinishReason = FinishReason.STOP, **more: Any) -> Answer:
    """By an upstream of another dialect, unless `origin` says otherwise."""
    fields = {"id": "up_1", "model": "up-model", "created": 7, "origin": FOREIGN}
    usage = Usage(input=3, output=2)
    choices = (Choice(parts=parts, finish=finish),)
    return Answer(**{**fields, "choices": choices, "usage": usage, **more})


def whole(given: Answer, request: ChatRequest | None = None) -> dict[str, Any]:
    """The object a client gets, which the official SDK must take at its strictest."""
    body = DIALECT.encode_answer(given, request or decode(), STAMP)
    _SDK._process_response_data(data=json.decode(body), cast_to=Response, response=_Http(body))
    decoded: dict[str, Any] = json.decode(body)
    return decoded


def output(*parts: Part, request: ChatRequest | None = None, **more: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = whole(answer(*parts, **more), request)["output"]
    return items


def streamed(*events: Event, request: ChatRequest | None = None) -> list[dict[str, Any]]:
    return parsed(DIALECT.encoder(request or decode(), STAMP).feed(events))


def parsed(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream, each named on its `event` line as in its data."""
    frames = stream.split(b"\n\n")
    assert b"" == frames.pop()
    found = []
    for frame in frames:
        name, data = frame.split(b"\n")
        event = json.decode(data.removeprefix(b"data: "))
        assert b"event: " + event["type"].encode() == name
        found.append(event)
    return found


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def sdk_events(stream: bytes) -> list[ResponseStreamEvent]:
    """As the official SDK reads them at its strictest; it raises for an `error`."""
    return list(openai.Stream(cast_to=ResponseStreamEvent, response=_Http(stream), client=_SDK))


def accumulated(stream: bytes) -> Any:
    """What the official SDK's accumulator makes of a stream: its snapshot, and the last response."""
    state: Any = ResponseStreamState(input_tools=[], text_format=openai.omit)
    last = None
    for event in sdk_events(stream):
        state.handle_event(event)
        last = getattr(event, "response", last)
    return state._ResponseStreamState__current_snapshot, last


class _Http:
    """As much of an HTTP response as the SDK's parsers look at."""

    is_closed = is_stream_consumed = True
    http_version = "HTTP/1.1"
    request = None
    status_code = 200

    def __init__(self, body: bytes) -> None:
        self.content = body
        self.text = body.decode()
        self.headers: dict[str, str] = {}

    def iter_bytes(self) -> Any:
        yield self.content

    def close(self) -> None:
        """Nothing is held open."""
