"""Suite 2: what a provider of one dialect says, a client of another reads."""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import json
from msgspec.structs import replace

from tests.conformance import sdk
from tests.conformance.losses import CARRIED, CARRIED_TO, CROSS, explained, paths
from tests.conformance.meaning import Call, Meaning, meaning, seen_by
from tests.conformance.mend import recorded_answer
from tests.conformance.recordings import ANTHROPIC, GEMINI, OPENAI, RESPONSES, Recording
from tests.conformance.ways import CLIENTS, Verdict, Ways, through
from trunkline.dialects.thought_ids import unsigned

FELL_BACK = '"type":"fallback"'
"""Another model took over: a stream has named the first by then."""
_THOUGHTS = ("thinking", "redacted_thinking", "reasoning.text", "reasoning.encrypted", "reasoning")
_PROOFS = ("signature", "data", "encrypted_content")
_ID: Mapping[str, re.Pattern[str]] = {
    OPENAI: re.compile(r".{1,}"),
    ANTHROPIC: re.compile(r"[a-zA-Z0-9_-]+"),
    RESPONSES: re.compile(r".{1,}"),
    GEMINI: re.compile(r".{1,}"),
}
"""What ids of tool calls may be made of."""


def others(recording: Recording) -> tuple[str, ...]:
    """Clients of the dialects that its provider does not speak."""
    return tuple(client for client in CLIENTS if client != recording.dialect)


def check(ways: Ways, recording: Recording, client: str) -> Verdict:
    if not recording.is_answer:
        return Verdict()
    recorded = recorded_answer(recording)
    expected = seen_by(client, meaning(recording.dialect, recorded))
    received = _received(ways, recording, client)
    got = _without_guess(recording, expected, meaning(client, received), client)
    if FELL_BACK in recorded.model_dump_json(warnings=False):
        got = replace(got, model=expected.model)
    faults = list(told(expected, got, client))
    kept = "".join((*proofs(received.model_dump(warnings=False)), *_in_ids(got)))
    faults += [
        f"the proof of thinking {proof[:40]} does not come through"
        for proof in _sealed(recording) or proofs(recorded.model_dump(warnings=False))
        if proof not in kept
    ]
    unknown, losses = _losses(recording, recorded, client)
    return Verdict(tuple(faults + unknown), tuple(losses))


def _without_guess(recording: Recording, expected: Meaning, got: Meaning, client: str) -> Meaning:
    """A stream of Messages begins with a guess of its input, and keeps it where none is told."""
    kept = client == ANTHROPIC and recording.stream is not None and not expected.usage.input
    return replace(got, usage=replace(got.usage, input=0)) if kept else got


def _received(ways: Ways, recording: Recording, client: str) -> Any:
    """Strictly: nothing of the other dialect may show."""
    if recording.stream is None:
        return sdk.STRICT.whole(client, ways.whole(recording, client))
    pipe = ways.translation(recording, client)
    return sdk.STRICT.streamed(client, through(pipe, [recording.stream]))


def told(expected: Meaning, got: Meaning, client: str) -> Iterator[str]:
    if not got.id:
        yield "the answer has no id"
    ids = [call.id for turn in got.turns for call in turn.calls]
    if len(set(ids)) != len(ids) or not all(_ID[client].fullmatch(i) for i in ids):
        yield f"tool calls have ids that a client cannot use: {ids}"
    got = _comparable(got, expected, client)
    expected = _comparable(expected, expected, client)
    if expected != got:
        yield f"{expected} becomes {got}"


def _comparable(answer: Meaning, recorded: Meaning, client: str) -> Meaning:
    """Ids of tool calls count where the recorded ones will do; a model's name where there is one."""
    turns = []
    for turn, theirs in zip(answer.turns, recorded.turns, strict=False):
        fit = [_ID[client].fullmatch(call.id) is not None for call in theirs.calls]
        fit += [True] * (len(turn.calls) - len(fit))
        calls = tuple(map(_call, turn.calls, fit))
        turns.append(replace(turn, calls=calls))
    model = answer.model if recorded.model else ""
    return replace(answer, turns=tuple(turns) + answer.turns[len(turns) :], id="", model=model)


def _call(call: Call, fits: bool) -> Call:
    """Without the thought signature that may travel in its id."""
    return replace(call, id=unsigned(call.id)[0] if fits else "")


def _losses(recording: Recording, recorded: Any, client: str) -> tuple[list[str], list[str]]:
    """Of all that was recorded, what is neither carried over nor known to be lost."""
    comes = (*CARRIED[recording.dialect], *CARRIED_TO.get((recording.dialect, client), ()))
    rest, _ = explained(
        paths(recorded.model_dump(warnings=False)), tuple((pattern, "") for pattern in comes)
    )
    unknown, losses = explained(rest, CROSS[recording.dialect])
    if len(meaning(recording.dialect, recorded).turns) > 1 and client not in (OPENAI, GEMINI):
        losses.append("choices")
    return [f"nothing says what becomes of {path}" for path in unknown], losses


def _sealed(recording: Recording) -> list[str]:
    """OpenAI seals reasoning anew in a stream's last event; each opens the same."""
    if recording.dialect != RESPONSES or recording.stream is None:
        return []
    items = [
        json.decode(line[5:])["item"]
        for line in recording.stream.split(b"\n")
        if line.startswith(b"data:") and b'"response.output_item.done"' in line[:200]
    ]
    return list(proofs(items))


def proofs(found: Any) -> Iterator[str]:
    """Signatures and encrypted thinking, wherever they stand in a dumped answer."""
    if isinstance(found, list):
        for inner in found:
            yield from proofs(inner)
    elif isinstance(found, Mapping):
        if "thoughtSignature" in found and ("text" in found or "functionCall" in found):
            yield _opened(found["thoughtSignature"])
        thinks = str(found.get("type")) in _THOUGHTS
        for name, inner in found.items():
            if thinks and name in _PROOFS and inner:
                yield str(inner)
            elif isinstance(inner, Mapping | list):
                yield from proofs(inner)


def _opened(signature: str) -> str:
    """Google's own, or another dialect's that travels in its place."""
    data = b64decode(signature)
    return data.decode() if data.startswith(b"trunkline.1:") else signature


def _in_ids(answer: Meaning) -> Iterator[str]:
    """Thought signatures travel in the ids of calls."""
    for turn in answer.turns:
        for call in turn.calls:
            yield unsigned(call.id)[1]
