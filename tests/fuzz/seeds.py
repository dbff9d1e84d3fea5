"""What the fuzzer begins with: the corpora of this folder, and recorded exchanges where they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import json

from tests.conformance.recordings import recordings_in

CORPUS = Path(__file__).parent / "corpus"
# The kinds of input of a corpus by the first byte of its files: see `check` of each target's file.
_NUMBERED = {b"\0": "request", b"\1": "answer", b"\2": "stream", b"\3": "stream", b"\4": "error"}
_LETTERED = {b"R": "request", b"A": "answer", b"S": "stream", b"W": "stream", b"E": "error"}
_EMBEDDED = {b"\0": "request", b"\1": "answer", b"\2": "answer", b"\3": "answer", b"\4": "error"}
_MARKS: Mapping[str, Mapping[bytes, str]] = {
    "anthropic_messages": _LETTERED,
    "gemini": _LETTERED,
    "bedrock_converse": {**_NUMBERED, b"\3": "framed"},
    "cohere_chat": {**_NUMBERED, b"\3": "lines"},
    "embeddings": _EMBEDDED,
}
_GOOGLE = ("gemini", "vertex-gemini")
_BIGGEST = 6144
"""Bytes of a recording that is worth its time; of a longer stream, its first and last events are."""
_EVENTS = 3072

Seeds = Mapping[str, Sequence[bytes]]
"""By kind: request, answer, stream, framed, error."""


def folder_of(dialect: str) -> str:
    """Of its corpus; the dialects of embeddings share one."""
    return "embeddings" if dialect.endswith("-embeddings") else dialect.replace("-", "_")


def marks_of(dialect: str) -> Mapping[bytes, str]:
    return _MARKS.get(folder_of(dialect), _NUMBERED)


def of_corpus(dialect: str) -> Seeds:
    found: dict[str, list[bytes]] = defaultdict(list)
    folder, marks = CORPUS / folder_of(dialect), marks_of(dialect)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        data = path.read_bytes()
        if kind := marks.get(data[:1]):
            found[kind].append(data[1:])
    return found


def of_recordings(shared: Path, dialect: str) -> Seeds:
    found: dict[str, list[bytes]] = defaultdict(list)
    for recording in recordings_in(shared):
        if recording.dialect != dialect:
            continue
        if recording.request is not None and len(recording.request) <= _BIGGEST:
            found["request"].append(recording.request)
        if recording.body is not None and len(recording.body) <= _BIGGEST:
            found["error" if recording.fails else "answer"].append(recording.body)
        if recording.stream is not None:
            found["stream"].append(_ends(recording.stream))
    if dialect == "gemini" and not found:
        _google(shared, found)
    return found


def _google(shared: Path, found: Mapping[str, list[bytes]]) -> None:
    """Where the conformance suites have no use for them."""
    paths = [path for name in _GOOGLE for path in sorted((shared / "fixtures" / name).iterdir())]
    for path in paths:
        if path.suffix == ".sse":
            found["stream"].append(_ends(path.read_bytes()))
        elif path.suffix == ".json":
            exchange = json.decode(path.read_bytes())
            for kind, side in (("request", "request"), ("answer", "response")):
                body = exchange.get(side, {}).get("body") if isinstance(exchange, dict) else None
                if body:
                    found[kind] += [json.encode(body)] * (len(json.encode(body)) <= _BIGGEST)


def _ends(stream: bytes) -> bytes:
    """Most of what a stream says between its first events and its last repeats itself."""
    events = stream.splitlines(keepends=True)
    head: list[bytes] = []
    tail: list[bytes] = []
    room = _EVENTS
    while events and room > 0:
        head.append(events.pop(0))
        room -= len(head[-1])
        if events and len(tail) < len(head) / 2:
            tail.append(events.pop())
            room -= len(tail[-1])
    return b"".join([*head, *reversed(tail)])


def save(dialect: str, kinds: Sequence[str], data: bytes, name: str) -> Path:
    """A counter-example into the corpus, where every later run of the tests finds it."""
    marks = {kind: mark for mark, kind in reversed(marks_of(dialect).items())}
    path = CORPUS / folder_of(dialect) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(marks[kinds[0]] + data)
    return path
