"""What the official SDKs make of bytes: answers, streams and errors, parsed without a network."""

import warnings
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
from anthropic.lib.streaming import _beta_messages as messages
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
from msgspec import json
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response as ResponsesAnswer
from openai.types.responses import ResponseStreamEvent

from tests.conformance import google
from tests.conformance.recordings import ANTHROPIC, GEMINI, RESPONSES
from trunkline.dialects.base import WireError


class Response:
    """As much of an HTTP response as the SDKs' parsers look at."""

    is_closed = is_stream_consumed = True
    http_version = "HTTP/1.1"
    request = None

    def __init__(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None):
        self.content = body
        self.text = body.decode()
        self.status_code = status
        self.headers = headers or {}

    def iter_bytes(self) -> Iterator[bytes]:
        yield self.content

    def close(self) -> None:
        """Nothing is held open."""


class Clients:
    """
    All SDKs. Strict ones refuse what their types do not allow: ours must pass them. Providers'
    own answers are read as users read them, leniently.
    """

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.openai = openai.OpenAI(api_key="k", _strict_response_validation=strict)
        self.anthropic = anthropic.Anthropic(api_key="k", _strict_response_validation=strict)

    def whole(self, dialect: str, body: bytes) -> Any:
        if dialect == GEMINI:
            return google.whole(body, strict=self.strict)
        if dialect == ANTHROPIC:
            return self.anthropic._process_response_data(
                data=json.decode(body), cast_to=BetaMessage, response=Response(body)
            )
        return self.openai._process_response_data(
            data=json.decode(body),
            cast_to=ResponsesAnswer if dialect == RESPONSES else ChatCompletion,
            response=Response(body),
        )

    def streamed(self, dialect: str, stream: bytes) -> Any:
        """Raises what the SDK raises; the answer so far when the stream just stops."""
        if dialect == GEMINI:
            return google.streamed(stream, strict=self.strict)
        reads = {ANTHROPIC: self._message, RESPONSES: self._response}
        return reads.get(dialect, self._completion)(stream)

    def listen(self, dialect: str, stream: bytes) -> None:
        """To every event, whatever they amount to; raises what the SDK raises."""
        if dialect == ANTHROPIC:
            self._message(stream)
        elif dialect == GEMINI:
            google.streamed(stream, strict=False)
        else:
            for _ in self.events(stream) if dialect == RESPONSES else self.chunks(stream):
                pass

    def events(self, stream: bytes) -> Iterator[Any]:
        yield from openai.Stream(
            cast_to=ResponseStreamEvent, response=Response(stream), client=self.openai
        )

    def _response(self, stream: bytes) -> Any:
        """As the last event tells it, once the SDK has gathered all before it."""
        state: ResponseStreamState[None] = ResponseStreamState(
            input_tools=openai.omit, text_format=openai.omit
        )
        last = None
        with warnings.catch_warnings():
            # The SDK dumps what it took for something else: tools it does not know.
            warnings.simplefilter("ignore", UserWarning)
            for event in self.events(stream):
                state.handle_event(event)
                last = event
        return getattr(last, "response", None)

    def chunks(self, stream: bytes) -> Iterator[ChatCompletionChunk]:
        yield from openai.Stream(
            cast_to=ChatCompletionChunk, response=Response(stream), client=self.openai
        )

    def _completion(self, stream: bytes) -> ChatCompletion:
        state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
        for chunk in self.chunks(stream):
            state.handle_chunk(chunk)
        return state.current_completion_snapshot

    def _message(self, stream: bytes) -> Any:
        snapshot, buffers = None, {}
        for event in anthropic.Stream(
            cast_to=BetaRawMessageStreamEvent, response=Response(stream), client=self.anthropic
        ):
            snapshot = messages.accumulate_event(
                event=event, current_snapshot=snapshot, json_bufs=buffers, request_headers={}
            )
        return snapshot

    def error(self, dialect: str, error: WireError) -> Exception:
        """The exception an error before the first byte becomes."""
        if dialect == GEMINI:
            return google.error(error)
        headers = {name.decode(): value.decode() for name, value in error.headers}
        response: Any = Response(error.body, error.status, headers)
        client = self.anthropic if dialect == ANTHROPIC else self.openai
        return client._make_status_error_from_response(response)


LENIENT = Clients(strict=False)
STRICT = Clients(strict=True)
