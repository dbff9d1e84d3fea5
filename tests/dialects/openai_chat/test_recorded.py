"""Recorded traffic of OpenAI and its look-alikes, in and out again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.dialects.openai_chat.kit import DIALECT, STAMP, comparable, read, request
from tests.dialects.openai_chat.recordings import Recording, recordings
from trunkline.canon.content import Message, ToolCall, ToolResult
from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import (
    Disconnected,
    GatewayError,
    ModelMissing,
    Refused,
    Throttled,
)
from trunkline.canon.event import Ended, Faulted
from trunkline.canon.fold import fold, unfold
from trunkline.dialects.invented_ids import all_named
from trunkline.dialects.openai_chat import call_ids
from trunkline.dialects.raws import RAW_MAP

# Recorded where the provider broke off with an error event.
BROKEN = (
    "groq/pai-test-groq-test-tool-use-failed-error-streaming-with-text.00.json",
    "openrouter/pai-test-openrouter-test-openrouter-stream-error.00.json",
)
FAULTS: dict[int, type[GatewayError]] = {400: Refused, 404: ModelMissing, 429: Throttled}


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Recording]:
    return recordings(shared)


def is_answer(recording: Recording) -> bool:
    return recording.status == 200 and bool(recording.body) and "choices" in recording.body


def place(name: str, model: str) -> Deployment:
    """The deployment the recording was made with, as far as its quirks matter."""
    mistral = name.startswith("mistral/")
    quirks = Quirks(
        system_role="developer",
        reasoning_field="content" if mistral else "reasoning",
        document_url="document_url" if mistral else "",
    )
    return Deployment(id="p/m", provider="p", model=model, dialect="openai-chat", quirks=quirks)


def with_short_ids(message: Message) -> Message:
    """OpenRouter's longest ids do not fit OpenAI: they are shortened on the way out."""
    parts = []
    for part in message.parts:
        if isinstance(part, ToolCall):
            parts.append(replace(part, id=call_ids.fitted(part.id, "")))
        elif isinstance(part, ToolResult):
            parts.append(replace(part, call_id=call_ids.fitted(part.call_id, "")))
        else:
            parts.append(part)
    return replace(message, parts=tuple(parts))


def test_requests(recorded):
    """Every recorded request decodes, and is the same after a way out and in again; nothing is noted."""
    asked = [r for r in recorded if r.request is not None]
    assert len(asked) > 150
    for recording in asked:
        first = DIALECT.decode_request(json.encode(recording.request), {})
        sent = DIALECT.encode_request(first, place(recording.name, first.model))
        again = DIALECT.decode_request(sent.body, {})
        expected = replace(
            first,
            include_usage=first.stream,
            messages=tuple(map(with_short_ids, first.messages)),
        )
        assert expected == again, recording.name
        assert () == sent.notes, recording.name


def test_forwarded_requests(recorded):
    """Passed through, a request is what it was, but for the model and that it asks for usage."""
    for recording in recorded:
        if recording.request is None:
            continue
        envelope = RAW_MAP.decode(json.encode(recording.request))
        body = json.decode(DIALECT.forward(envelope, place(recording.name, "x"), {}).body)
        expected = {**recording.request, "model": "x"}
        if expected.get("stream"):
            expected["stream_options"] = {"include_usage": True}
        assert expected == body, recording.name


def typed(body: dict[str, Any]) -> dict[str, Any]:
    """Mistral leaves out a call's type, without which the SDK cannot tell its kind."""
    for choice in body["choices"]:
        for call in choice["message"].get("tool_calls") or ():
            call.setdefault("type", "function")
    return body


def in_words(completion: ChatCompletion) -> dict[str, Any]:
    """What a client sees of an answer: text, reasoning, tools, why it ended, what it cost."""
    usage = completion.usage
    return {
        "choices": [in_words_choice(choice) for choice in completion.choices],
        "usage": usage and (usage.prompt_tokens, usage.total_tokens),
    }


def in_words_choice(choice: Any) -> dict[str, Any]:
    message = choice.message
    content = message.content
    thought = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    if isinstance(content, list):
        entries = json.decode(json.encode(content))
        thoughts = [e["thinking"][0]["text"] for e in entries if e["type"] == "thinking"]
        content = "".join(e["text"] for e in entries if e["type"] == "text")
        thought = "".join(thoughts)
    return {
        "text": content or "",
        "reasoning": thought or "",
        "refusal": getattr(message, "refusal", None) or None,
        "calls": [
            (call.id, call.function.name, call.function.arguments)
            for call in message.tool_calls or ()
        ],
        # Snowflake fills in every field, this one with "".
        "finish": choice.finish_reason or ("tool_calls" if message.tool_calls else "stop"),
    }


def test_answers_by_the_official_sdk(recorded):
    """The SDK reads from our answer what it reads from the provider's."""
    answers = [r for r in recorded if is_answer(r)]
    assert len(answers) > 80
    for recording in answers:
        answer = DIALECT.decode_answer(json.encode(recording.body))
        ours = json.decode(DIALECT.encode_answer(answer, request(), STAMP))
        theirs = in_words(ChatCompletion.construct(**typed(recording.body)))
        for choice in theirs["choices"]:
            if any(not call[0] for call in choice["calls"]):
                # Gemini's compatible endpoint gives calls no ids: they get one.
                named = all_named(answer, STAMP.id).choices[0]
                got = [p for p in named.parts if isinstance(p, ToolCall)]
                choice["calls"] = [
                    (part.id, *call[1:]) for part, call in zip(got, choice["calls"], strict=True)
                ]
        assert theirs == in_words(ChatCompletion.construct(**ours)), recording.name


def test_answers_as_streams(recorded):
    """A whole answer streamed to a client amounts to the same whole answer."""
    for recording in recorded:
        if is_answer(recording):
            answer = DIALECT.decode_answer(json.encode(recording.body))
            encoder = DIALECT.encoder(request(include_usage=True), STAMP)
            streamed = fold(read(DIALECT.decoder(), [encoder.feed(unfold(answer))]))
            assert spoken(all_named(answer, STAMP.id)) == spoken(streamed), recording.name


def spoken(answer: Any) -> object:
    """But for the words an answer carries for its own provider alone."""
    return [(choice.parts, choice.finish) for choice in answer.choices], answer.usage


def chunkings(stream: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and by sevens."""
    yield [stream]
    yield [stream[i : i + 1] for i in range(len(stream))]
    yield [stream[i : i + 7] for i in range(0, len(stream), 7)]


def test_streams_in_any_chunking(recorded):
    """Every recorded stream decodes to events that obey the grammar, however it is cut."""
    streams = [r for r in recorded if r.stream is not None]
    assert len(streams) > 50
    for recording in streams:
        # Long ones repeat themselves: their head and tail will do, byte by byte.
        stream = shortened(recording.stream)
        first, *others = (read(DIALECT.decoder(), pieces) for pieces in chunkings(stream))
        for other in others:
            assert comparable(first) == comparable(other), recording.name


def shortened(stream: bytes, most: int = 60) -> bytes:
    events = stream.split(b"\n\n")
    return (
        stream if len(events) <= most else b"\n\n".join(events[: most // 2] + events[-most // 2 :])
    )


def accumulated(stream: bytes) -> dict[str, Any]:
    """What a client of the SDK gathers from a stream; reasoning under any name."""
    text, thought, finish, usage = "", "", None, None
    told = ""  # what reasoning_details say: Snowflake says it nowhere else
    calls: dict[int, list[str]] = {}
    for event in stream.split(b"\n\n"):
        if not event.startswith(b"data: {"):
            continue
        chunk = ChatCompletionChunk.construct(**json.decode(event[6:]))
        usage = chunk.usage or groq_usage(chunk) or usage
        for choice in chunk.choices:
            delta = choice.delta
            finish = choice.finish_reason or finish
            plain = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
            details = getattr(delta, "reasoning_details", None) or ()
            shown = "".join(detail.get("text") or "" for detail in details)
            thought += plain or (shown if thought in ("", told) else "")
            told += shown
            content = delta.content
            if isinstance(content, list):
                entries = json.decode(json.encode(content))
                thought += "".join(
                    piece["text"] for e in entries for piece in e.get("thinking", ())
                )
                content = "".join(e.get("text", "") for e in entries)
            text += content or ""
            for call in delta.tool_calls or ():
                known = calls.setdefault(call.index, ["", "", ""])
                known[0] = known[0] or call.id or ""
                known[1] = known[1] or call.function.name or ""
                known[2] += call.function.arguments or ""
    return {
        "text": text,
        "reasoning": thought,
        "calls": list(calls.values()),
        "finish": finish or ("tool_calls" if calls else "stop"),
        "usage": usage and (usage.prompt_tokens, usage.total_tokens),
    }


def in_details(details: Any, known: str) -> str:
    """Snowflake tells its reasoning in details alone; OpenRouter says it in both, ours once more."""
    told = "".join(detail.get("text") or "" for detail in details or ())
    return told if told and not known.endswith(told) else ""


def groq_usage(chunk: ChatCompletionChunk) -> Any:
    """Groq says it in a field of its own, in some streams only there."""
    told = (getattr(chunk, "x_groq", None) or {}).get("usage")
    return told and CompletionUsage.construct(**told)


def with_indices(stream: bytes) -> bytes:
    """Mistral and Alibaba leave out what the SDK needs: a call's index, a list of choices."""
    return stream.replace(b'"tool_calls":null', b'"tool_calls":[]')


def test_streams_by_the_official_sdk(recorded):
    """The SDK gathers from our stream what it gathers from the provider's."""
    for recording in recorded:
        if recording.stream is None or recording.name in BROKEN:
            continue
        events = read(DIALECT.decoder(), [recording.stream])
        assert isinstance(events[-1], Ended), recording.name
        ours = DIALECT.encoder(request(include_usage=True), STAMP).feed(events)
        theirs = accumulated(with_indices(recording.stream))
        assert theirs == accumulated(ours), recording.name


def test_broken_streams(recorded):
    """A stream that tells of an error ends in a fault, and the watcher raises the same."""
    broken = [r for r in recorded if r.name in BROKEN]
    assert len(BROKEN) == len(broken)
    for recording in broken:
        last = read(DIALECT.decoder(), [recording.stream])[-1]
        assert isinstance(last, Faulted)
        watcher = DIALECT.watcher(wants_usage=True)
        with pytest.raises(GatewayError) as raised:
            watcher.feed(recording.stream)
        assert repr(last.error) == repr(raised.value)
        assert recording.stream.startswith(watcher.before_error)


def test_streams_watched(recorded):
    """A recorded stream passes to the byte, and is metered as if it had been translated."""
    for recording in recorded:
        if recording.stream is None or recording.name in BROKEN:
            continue
        watcher = DIALECT.watcher(wants_usage=True)
        assert recording.stream == watcher.feed(recording.stream)
        whole = fold(read(DIALECT.decoder(), [recording.stream]))
        assert whole.usage == watcher.usage, recording.name


def test_streams_cut_at_every_event(recorded):
    """Before it said why it finished, a stream that ends is an error; behind it, an ending."""
    for recording in recorded:
        if recording.stream is None or recording.name in BROKEN:
            continue
        events = shortened(recording.stream, 20).split(b"\n\n")
        finished = next(
            (n for n, e in enumerate(events) if b'"finish_reason":"' in e), len(events) - 2
        )
        for cut in range(1, len(events) - 2):
            decoder = DIALECT.decoder()
            decoder.feed(b"\n\n".join(events[:cut]) + b"\n\n")
            if cut <= finished:
                with pytest.raises(Disconnected):
                    decoder.finish()
            else:
                assert isinstance(decoder.finish()[-1], Ended), recording.name


def test_errors(recorded):
    """A recorded error is told by its kind, its message kept."""
    failed = [r for r in recorded if r.status >= 400]
    assert len(failed) > 8
    for recording in failed:
        error = DIALECT.decode_error(recording.status, (), json.encode(recording.body))
        assert FAULTS[recording.status] is type(error), recording.name
        assert error.message.startswith(recording.body["error"]["message"][:60]), recording.name
