"""Suite 4: a stream that breaks off is an error in the client's dialect, and never an ending."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import anthropic
import openai
from google.genai import errors as genai_errors
from msgspec import Struct, json

from tests.conformance import sdk
from tests.conformance.recordings import ANTHROPIC, GEMINI, RESPONSES, Recording
from tests.conformance.ways import CLIENTS, Verdict, Ways
from trunkline.canon.errors import Disconnected
from trunkline.flow.pipes import Pipe

_LAST = ("response.completed", "response.incomplete")
_SAMPLE = 12
"""Cuts of one stream tried with a fresh pipe each, and as many within events."""


class Way(Struct, frozen=True):
    """One way through the house: who reads at its end, and a new pipe for each try."""

    client: str
    name: str
    pipe: Callable[[], Pipe]


class Stream(Struct, frozen=True):
    events: tuple[bytes, ...]
    finished: int
    """How many events it takes to know why the answer ended."""


class Came(Struct, frozen=True):
    """What a stream that was never cut came out as."""

    whole: bytes
    ends: tuple[int, ...]
    """Where it ends behind so many events."""

    def behind(self, events: int) -> bytes:
        return self.whole[: self.ends[events]]


def check(ways: Ways, recording: Recording) -> Verdict:
    if recording.stream is None or recording.breaks:
        return Verdict()
    cut = recording.stream.split(b"\n\n")
    events = tuple(event + b"\n\n" for event in cut if event)
    stream = Stream(events, _finished(recording.dialect, events))
    faults = [
        f"{way.name}: {fault}"
        for way in _ways_through(ways, recording)
        for fault in _broken_off(way, stream)
    ]
    return Verdict(tuple(faults))


def _ways_through(ways: Ways, recording: Recording) -> Iterator[Way]:
    own = recording.dialect
    yield Way(own, "passing through", lambda: ways.passthrough(own))
    for client in CLIENTS:
        yield Way(
            client,
            f"translated for {client}",
            lambda client=client: ways.translation(recording, client),
        )


def _finished(dialect: str, events: Sequence[bytes]) -> int:
    """
    How many events it takes to know.

    Of several choices the last to finish counts; a sentinel counts where nothing else told.
    """
    seen, done = set[int](), set[int]()
    for number, event in enumerate(events, 1):
        data = _data(event)
        if data == b"[DONE]":
            return number
        said: Any = json.decode(data) if data.startswith(b"{") else {}
        if dialect == RESPONSES:
            if said.get("type") in _LAST:
                return number
            continue
        if dialect == ANTHROPIC:
            if (said.get("delta") or {}).get("stop_reason"):
                return number
            continue
        for choice in said.get("choices") or said.get("candidates") or ():
            index = choice.get("index", 0)
            seen.add(index)
            if choice.get("finish_reason") or choice.get("finishReason"):
                done.add(index)
        if seen and done == seen:
            return number
    return len(events)


def _data(event: bytes) -> bytes:
    """Bedrock names an event behind its data."""
    lines = (line for line in event.split(b"\n") if line.startswith(b"data:"))
    return next(lines, b"data:")[5:].strip()


def _broken_off(way: Way, stream: Stream) -> Iterator[str]:
    passed = list[bytes]()
    yield from _at_every_event(way, stream, passed)
    if not passed:
        return
    came = Came(b"".join(passed), tuple(accumulate(map(len, passed), initial=0)))
    yield from _by_itself(way, stream, came)
    yield from _within_events(way, stream, came)
    yield from _told_to_the_sdk(way, stream)


def _at_every_event(way: Way, stream: Stream, passed: list[bytes]) -> Iterator[str]:
    """
    One pipe all along: what would it say if the upstream stopped here? Asking must change
    nothing, so that the whole still comes out as if nobody had asked.
    """
    pipe, quiet = way.pipe(), way.pipe()
    for number, event in enumerate(stream.events):
        if number < stream.finished and not _is_cut(pipe):
            yield f"cut behind {number} of {len(stream.events)} events it ends as if it were whole"
            return
        passed.append(pipe.feed(event))
    if b"".join(passed) != quiet.feed(b"".join(stream.events)):
        yield "event by event it is not the same as at once"


def _is_cut(pipe: Pipe) -> bool:
    try:
        pipe.finish()
    except Disconnected:
        return True
    return False


def _sample(most: int) -> list[int]:
    """Numbers below `most`: the ends, and some between."""
    return sorted({0, most - 1, *range(0, most, max(1, most // _SAMPLE))}) if most > 0 else []


def _by_itself(way: Way, stream: Stream, came: Came) -> Iterator[str]:
    """Fresh pipes: cut before the reason it is an error, behind it an ending."""
    for number in _sample(stream.finished):
        pipe = way.pipe()
        if pipe.feed(b"".join(stream.events[:number])) != came.behind(number):
            yield f"cut behind {number} events other bytes came through"
        if not _is_cut(pipe):
            yield f"cut behind {number} events it ends as if it were whole"
    for number in range(stream.finished, len(stream.events) + 1):
        pipe = way.pipe()
        whole = pipe.feed(b"".join(stream.events[:number])) + pipe.finish()
        if not _ends(way.client, whole) or not whole.startswith(came.behind(number)):
            yield f"cut behind its reason, at {number} events, it does not end"


def _ends(client: str, whole: bytes) -> bool:
    last = whole.rstrip().rsplit(b"\n\n", 1)[-1]
    if client == RESPONSES:
        last = whole.removesuffix(b"data: [DONE]\n\n").rstrip().rsplit(b"\n\n", 1)[-1]
        return any(f'"type":"{kind}"'.encode() in last.replace(b": ", b":") for kind in _LAST)
    if client == GEMINI:
        last = whole.replace(b"\r\n", b"\n").rstrip().rsplit(b"\n\n", 1)[-1]
        return b'"finishReason":"' in last.replace(b": ", b":") or b"promptFeedback" in last
    return b"message_stop" in last if client == ANTHROPIC else last == b"data: [DONE]"


def _within_events(way: Way, stream: Stream, came: Came) -> Iterator[str]:
    """Half an event is never passed on, and never an ending."""
    for number in _sample(stream.finished):
        event = stream.events[number]
        # All of an event but its blank line is an event, if the stream ends there.
        unframed = {len(event) - 2} if number + 1 < stream.finished else set[int]()
        # Bedrock's last event is all there once its data is: what is cut off is a name.
        said = event.find(_data(event)) + len(_data(event))
        inside = {1, len(event) // 2, min(len(event) - 3, said - 1)}
        for width in inside | unframed:
            pipe = way.pipe()
            before = pipe.feed(b"".join(stream.events[:number]) + event[:width])
            if before != came.behind(number):
                yield f"{width} bytes of event {number} came through"
            if not _is_cut(pipe):
                yield f"cut within event {number} it ends as if it were whole"


def _told_to_the_sdk(way: Way, stream: Stream) -> Iterator[str]:
    """The official SDK raises, whatever came before."""
    error = Disconnected("the provider broke off")
    for number in {1, stream.finished // 2, stream.finished - 1} - {0}:
        pipe = way.pipe()
        sent = pipe.feed(b"".join(stream.events[:number])) + pipe.fault(error, "req_1")
        try:
            sdk.LENIENT.listen(way.client, sent)
        except (openai.APIError, anthropic.APIStatusError, genai_errors.APIError) as raised:
            if error.message not in str(raised):
                yield f"the SDK does not say what happened: {raised}"
        except ValueError as raised:
            yield f"the SDK cannot read what came before: {raised}"
        else:
            yield f"the SDK takes a stream cut behind {number} events for an answer"
