"""Recorded traffic of the Gemini API and of Vertex AI, in and out again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec import json
from msgspec.structs import replace

from tests.dialects.gemini.kit import DIALECT, STAMP, deployment, read, request
from trunkline.canon.content import Message, Reasoning, Role, ToolCall
from trunkline.canon.errors import GatewayError, ModelMissing, Refused, Throttled
from trunkline.canon.fold import fold, unfold
from trunkline.canon.grammar import violations
from trunkline.dialects.invented_ids import all_named
from trunkline.dialects.thought_ids import unsigned

FAULTS: dict[int, type[GatewayError]] = {400: Refused, 404: ModelMissing, 429: Throttled}


class Recording(NamedTuple):
    name: str
    status: int
    request: Any
    body: Any
    """A whole answer, an error, or the array of a stream without alt=sse; None for a stream."""
    stream: bytes | None


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Recording]:
    return [
        recording
        for folder in ("gemini", "vertex-gemini")
        for path in sorted((shared / "fixtures" / folder).iterdir())
        for recording in _read(path)
    ]


def _read(path: Path) -> Iterator[Recording]:
    if path.name.endswith(".chunks.txt"):
        lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
        framed = b"".join(b"data: " + line + b"\r\n\r\n" for line in lines)
        yield Recording(path.name, 200, None, None, framed)
    elif path.suffix == ".json":
        found = json.decode(path.read_bytes())
        if "request" not in found:
            error = found.get("error")
            yield Recording(path.name, error["code"] if error else 200, None, found, None)
        elif not found["request"]["path"].endswith(":countTokens"):
            answered = found["response"]
            named = answered.get("sse_file")
            stream = (path.parent / Path(named).name).read_bytes() if named else None
            yield Recording(
                path.name,
                answered["status"],
                found["request"]["body"],
                answered.get("body"),
                stream,
            )


def is_whole(recording: Recording) -> bool:
    return recording.status == 200 and recording.stream is None


def signatures(found: Any) -> list[str]:
    """All there are, in order, in either spelling."""
    if isinstance(found, list):
        return [signature for inner in found for signature in signatures(inner)]
    if not isinstance(found, dict):
        return []
    own = [v for k, v in found.items() if k in ("thoughtSignature", "thought_signature")]
    return own + [s for value in found.values() for s in signatures(value)]


def test_requests(recorded):
    """Every recorded request decodes, loses nothing, and is the same after a way out and in again."""
    asked = [r for r in recorded if r.request is not None]
    assert len(asked) > 120
    for recording in asked:
        first = DIALECT.decode_request(json.encode(recording.request), {})
        encoded = DIALECT.encode_request(first, deployment())
        assert () == encoded.notes, recording.name
        again = DIALECT.decode_request(encoded.body, {})
        assert first == again, recording.name
        assert sorted(signatures(recording.request["contents"])) == sorted(
            signatures(json.decode(encoded.body)["contents"])
        ), recording.name


def untiered(answer):
    """The official SDK's types have no room for the tier in what clients are told."""
    return replace(answer, usage=replace(answer.usage, tier="")) if answer.usage else answer


def test_whole_answers(recorded):
    """Read, and written to a client of this dialect, they say the same."""
    answers = [r for r in recorded if is_whole(r)]
    assert len(answers) > 80
    for recording in answers:
        answer = DIALECT.decode_answer(json.encode(recording.body))
        assert [] == violations(unfold(answer)), recording.name
        body = DIALECT.encode_answer(answer, request(), STAMP)
        expected = untiered(all_named(replace(answer, id=answer.id or STAMP.id), STAMP.id))
        assert expected == DIALECT.decode_answer(body), recording.name


def test_streams(recorded):
    """In any chunking the same events, which obey the grammar; written again, they amount to the same."""
    streams = [r for r in recorded if r.stream is not None]
    assert len(streams) > 15
    for recording in streams:
        stream = recording.stream or b""
        events = read(DIALECT.decoder(), [stream])
        pieces = [stream[i : i + 97] for i in range(0, len(stream), 97)]
        assert events == read(DIALECT.decoder(), pieces), recording.name
        written = DIALECT.encoder(request(), STAMP).feed(events)
        expected = untiered(all_named(fold(events), STAMP.id))
        assert expected == fold(read(DIALECT.decoder(), [written])), recording.name
        watcher = DIALECT.watcher(wants_usage=True)
        assert stream == watcher.feed(stream)
        assert fold(events).usage == watcher.usage, recording.name


def test_signatures_survive_a_client_of_another_dialect(recorded):
    """Each signature of an answer goes back to Google with the next request."""
    seen = 0
    for recording in recorded:
        if recording.status != 200:
            continue
        if recording.stream is not None:
            answer = fold(read(DIALECT.decoder(), [recording.stream]))
        else:
            answer = DIALECT.decode_answer(json.encode(recording.body))
        (choice, *_) = answer.choices
        signed = [
            unsigned(part.id)[1] if isinstance(part, ToolCall) else part.signature
            for part in choice.parts
            if isinstance(part, ToolCall | Reasoning)
        ]
        said = Message(Role.ASSISTANT, choice.parts)
        body = DIALECT.encode_request(
            request(*request().messages, said, origin="anthropic-messages"), deployment()
        ).body
        sent = signatures(json.decode(body)["contents"])
        assert [s for s in signed if s] == [s for s in sent if s in signed], recording.name
        seen += len(sent)
    assert seen > 60


def test_errors(recorded):
    """Told by whose fault they are."""
    failed = [r for r in recorded if r.status != 200]
    assert len(failed) >= 3
    for recording in failed:
        error = DIALECT.decode_error(recording.status, (), json.encode(recording.body))
        assert FAULTS[recording.status] is type(error), recording.name
