"""
Look-alikes' answers put as the official SDK needs them, where it cannot read them as they are.

So that a recording can be judged by the SDK of its dialect at all; only the recording's side of
a comparison is ever mended.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import anthropic
import openai
from msgspec import json
from pydantic import ValidationError

from tests.conformance import sdk
from tests.conformance.recordings import OPENAI, RESPONSES, Recording


@cache
def recorded_answer(recording: Recording) -> Any:
    """As the SDK of its dialect reads it."""
    return _read(sdk.LENIENT, recording)


@cache
def clients_of(recording: Recording) -> sdk.Clients:
    """Strict ones, unless the provider itself says more than the SDK's types allow."""
    try:
        _read(sdk.STRICT, recording)
    except (
        anthropic.APIResponseValidationError,
        openai.APIResponseValidationError,
        ValidationError,
    ):
        return sdk.LENIENT
    return sdk.STRICT


def _read(clients: sdk.Clients, recording: Recording) -> Any:
    openai_like = recording.dialect == OPENAI
    if recording.dialect == RESPONSES and recording.stream is not None:
        # Its last event says all of it; those before may contradict themselves (GitHub's ids).
        return clients.whole(RESPONSES, _last_response(recording.stream))
    if recording.stream is not None:
        stream = _mended_stream(recording.stream) if openai_like else recording.stream
        return clients.streamed(recording.dialect, stream)
    body = recording.body or b""
    return clients.whole(recording.dialect, _mended_whole(body) if openai_like else body)


def _last_response(stream: bytes) -> bytes:
    """Under the id by which the first event announced it: GitHub's gateway changes it."""
    lines = [line for line in stream.split(b"\n") if b'"response":' in line]
    first, last = (
        json.decode(line.removeprefix(b"data:"))["response"] for line in lines[:: len(lines) - 1]
    )
    return json.encode({**last, "id": first["id"]})


def _mended_whole(body: bytes) -> bytes:
    answer = json.decode(body)
    for choice in answer["choices"]:
        message = choice["message"]
        _plain_content(message)
        for call in message.get("tool_calls") or ():
            call.setdefault("type", "function")  # Mistral
    return json.encode(answer)


def _mended_stream(stream: bytes) -> bytes:
    return b"\n\n".join(_events(stream.split(b"\n\n")))


def _events(events: Iterable[bytes]) -> Iterable[bytes]:
    told: set[int] = set()
    last: Any = None
    cited: list[Any] = []
    for event in events:
        if not event.startswith(b"data: {"):
            yield event
            continue
        chunk = json.decode(event[6:])
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            _delta(delta, first=choice["index"] not in told)
            told.add(choice["index"])
            # OpenRouter cites in many chunks, of which the SDK can take one.
            cited += delta.pop("annotations", None) or ()
            if choice.get("finish_reason") and cited:
                delta["annotations"], cited = cited, []
        # The SDK keeps the last chunk's usage, even where that is none.
        x_groq = chunk.get("x_groq") or {}
        last = chunk.get("usage") or x_groq.get("usage") or last
        yield b"data: " + json.encode({**chunk, "usage": last})


def _delta(delta: dict[str, Any], *, first: bool) -> None:
    _plain_content(delta)
    if not first:
        delta.pop("role", None)  # joined by the SDK: "assistantassistant"
    calls = delta.get("tool_calls")
    if calls is None:
        delta.pop("tool_calls", None)
    for number, call in enumerate(calls or ()):
        call["index"] = number if call.get("index") is None else call["index"]  # Mistral
        call.setdefault("type", "function")


def _plain_content(message: dict[str, Any]) -> None:
    """Mistral: a list of what it thinks and says."""
    if not isinstance(message.get("content"), list):
        return
    segments = message["content"]
    thoughts = [piece for segment in segments for piece in segment.get("thinking") or ()]
    message["reasoning_content"] = "".join(thought["text"] for thought in thoughts)
    message["content"] = "".join(segment.get("text") or "" for segment in segments)
