"""Suite 1: same dialect in equals out, passing through and by way of the canonical events."""

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, json
from msgspec.structs import replace

from tests.conformance.losses import SAME, explained, lost, plain
from tests.conformance.meaning import Call, Counts, Meaning, meaning
from tests.conformance.mend import clients_of, recorded_answer
from tests.conformance.recordings import GEMINI, OPENAI, Recording
from tests.conformance.ways import Verdict, Ways, deployment, through
from trunkline.canon.usage import Usage

_ENVELOPE = json.Decoder(dict[str, Raw])
_FORWARDED = "forwarded-model"
# Of a usage-only chunk: what a client that asked for no usage does not get.
_NO_CHOICES = b'"choices":[]'


def check(ways: Ways, recording: Recording) -> Verdict:
    faults = [*_request(ways, recording)]
    losses: list[str] = []
    if recording.is_answer:
        faults += _passing(ways, recording)
        more, losses = _through_canon(ways, recording)
        faults += more
    return Verdict(tuple(faults), tuple(losses))


def _request(ways: Ways, recording: Recording) -> Iterator[str]:
    """All but the model (in Gemini's path), and in a stream the usage asked for, to the byte."""
    if recording.request is None:
        return
    for body in (recording.request, json.format(recording.request, indent=1)):
        envelope = _ENVELOPE.decode(body)
        named = {} if recording.dialect == GEMINI else {"model": Raw(json.encode(_FORWARDED))}
        expected = {**envelope, **named}
        if recording.dialect == OPENAI and bytes(envelope.get("stream", b"")) == b"true":
            expected["stream_options"] = _with_usage(envelope.get("stream_options"))
        place = deployment(recording.dialect, _FORWARDED)
        sent = ways.of(recording.dialect).forward(envelope, place, {})
        if sent.body != json.encode(expected):
            yield "forward changes more of the request than it may"
        if sent.notes:
            yield f"forward notes {sent.notes}"


def _with_usage(options: Raw | None) -> Raw:
    told = (json.decode(options) if options else None) or {}
    return Raw(json.encode({**told, "include_usage": True}))


def _passing(ways: Ways, recording: Recording) -> Iterator[str]:
    recorded = meaning(recording.dialect, recorded_answer(recording))
    if recording.stream is None:
        usage = ways.of(recording.dialect).read_usage(recording.body or b"")
        yield from _told("read_usage", recorded.usage, usage)
        return
    stream = recording.stream
    for pieces in ([stream], _by(stream, 7), _events(stream)):
        pipe = ways.passthrough(recording.dialect)
        if through(pipe, pieces) != stream:
            yield f"a stream in {len(pieces)} pieces does not pass untouched"
        yield from _told("the watcher", recorded.usage, pipe.usage)
    quiet = ways.passthrough(recording.dialect, wants_usage=False)
    wanted = b"".join(e for e in _events(stream) if recording.dialect != OPENAI or not _bill(e))
    if through(quiet, [stream]) != wanted:
        yield "a client that asked for no usage gets it, or loses more"
    yield from _told("the watcher of no usage", recorded.usage, quiet.usage)


def _bill(event: bytes) -> bool:
    """Of usage alone; Azure's first event has no choices either, but its filter's results."""
    return (
        _NO_CHOICES in event.replace(b": ", b":")
        and b'"usage":null' not in event
        and (b'"usage"' in event)
    )


def _told(who: str, expected: Counts, usage: Usage | None) -> Iterator[str]:
    got = counts_of(usage or Usage())
    if got != expected:
        yield f"{who} sees {got}, recorded was {expected}"


def counts_of(usage: Usage) -> Counts:
    return Counts(
        usage.total_input,
        usage.cache_read,
        usage.cache_write + usage.cache_write_1h,
        usage.total_output,
        usage.reasoning,
    )


def _by(stream: bytes, width: int) -> list[bytes]:
    return [stream[at : at + width] for at in range(0, len(stream), width)]


def _events(stream: bytes) -> list[bytes]:
    return [event + b"\n\n" for event in stream.split(b"\n\n") if event]


def _through_canon(ways: Ways, recording: Recording) -> tuple[list[str], list[str]]:
    theirs, ours = recorded_answer(recording), _returned(ways, recording)
    faults = []
    expected, got = (meaning(recording.dialect, answer) for answer in (theirs, ours))
    if expected != named_as(got, expected):
        faults.append(f"through canon {expected} becomes {got}")
    dumped = (answer.model_dump(warnings=False) for answer in (theirs, ours))
    paths = lost(*map(plain, dumped))
    unknown, losses = explained(paths, SAME[recording.dialect])
    return faults + [f"through canon loses {path}" for path in unknown], losses


def named_as(got: Meaning, recorded: Meaning) -> Meaning:
    """Names that the recording leaves empty (Snowflake's, Gemini's) are ours to give."""
    turns = tuple(
        replace(mine, calls=tuple(map(_named, mine.calls, theirs.calls)))
        if len(mine.calls) == len(theirs.calls)
        else mine
        for mine, theirs in zip(got.turns, recorded.turns, strict=False)
    )
    return replace(
        got,
        turns=turns + got.turns[len(turns) :],
        id=got.id if recorded.id else "",
        model=got.model if recorded.model else "",
    )


def _named(mine: Call, theirs: Call) -> Call:
    return mine if theirs.id or not mine.id else replace(mine, id="")


def _returned(ways: Ways, recording: Recording) -> Any:
    dialect, clients = recording.dialect, clients_of(recording)
    if recording.stream is None:
        return clients.whole(dialect, ways.whole(recording, dialect))
    pipe = ways.translation(recording, dialect)
    return clients.streamed(dialect, through(pipe, [recording.stream]))
