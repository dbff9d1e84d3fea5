"""Canonical events as the stream a Gemini client reads."""

from msgspec import Raw, json

from tests.dialects.gemini.kit import DIALECT, NAME, STAMP, request, written
from trunkline.canon.errors import Disconnected
from trunkline.canon.event import (
    Annotated,
    Ended,
    Faulted,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage

TEXT = (PartOpened(0, PartKind.TEXT), PartDelta(0, "a"), PartDelta(0, "b"), PartClosed(0))
STOP = (Finished(FinishReason.STOP), Ended())


def parts(events):
    return [part for body in events for c in body["candidates"] for part in c["content"]["parts"]]


def test_text():
    """An event a delta, each a whole response; the last says why it ended."""
    first, second, last = written((Started("", "m"), *TEXT, *STOP))
    assert {
        "candidates": [{"content": {"parts": [{"text": "a"}], "role": "model"}, "index": 0}],
        "modelVersion": "m",
        "responseId": "0123456789",
    } == first
    assert [{"text": "b"}, {"text": ""}] == parts((second, last))
    assert "STOP" == last["candidates"][0]["finishReason"]


def test_usage():
    """On every event since it is known; the last one's stands, though it came behind the finish."""
    early, late = Usage(input=1, output=1), Usage(input=1, output=5)
    events = written(
        (Started("", "m"), UsageReported(early), *TEXT, STOP[0], UsageReported(late), STOP[1])
    )
    assert [2, 2, 6] == [body["usageMetadata"]["totalTokenCount"] for body in events]


def test_calls():
    """Each whole, when it is: those written at the same time one after the other."""
    call = PartKind.TOOL_CALL
    events = written(
        (
            Started("", "m"),
            PartOpened(0, call, 0, "x", "f"),
            PartOpened(1, call, 0, "y", "g"),
            PartDelta(0, '{"a"'),
            PartDelta(1, "{}"),
            PartDelta(0, ":1}"),
            PartClosed(0),
            PartClosed(1),
            Finished(FinishReason.TOOL_CALLS),
            Ended(),
        )
    )
    assert [
        {"functionCall": {"id": "x", "name": "f", "args": {"a": 1}}},
        {"functionCall": {"id": "y", "name": "g", "args": {}}},
        {"text": ""},
    ] == parts(events)
    assert "STOP" == events[-1]["candidates"][0]["finishReason"]


def test_a_thought():
    """Marked as one; its proof follows in an empty piece."""
    thought = (PartOpened(0, PartKind.REASONING), PartDelta(0, "hm"), Signed(0, "c2ln", NAME))
    events = written((Started("", "m", origin=NAME), *thought, PartClosed(0), *STOP))
    assert [
        {"text": "hm", "thought": True},
        {"text": "", "thought": True, "thoughtSignature": "c2ln"},
        {"text": ""},
    ] == parts(events)


def test_googles_proof_of_what_nobody_sees():
    """Stands on an empty text, as in Google's own streams."""
    proof = (PartOpened(0, PartKind.REASONING, redacted=True), Signed(0, "c2ln", NAME))
    events = written((Started("", "m", origin=NAME), *proof, PartClosed(0), *STOP))
    assert {"text": "", "thoughtSignature": "c2ln"} == parts(events)[0]


def test_its_own():
    """Opaque parts, words for the end and fields of the candidate come back as they were."""
    raw = Raw(b'{"executableCode":{}}')
    finished = Finished(
        FinishReason.CONTENT_FILTER, 0, "SPII", None, NAME, Raw(b'{"finishMessage":"x"}')
    )
    opened = PartOpened(0, PartKind.OPAQUE, raw=raw, origin=NAME)
    started = Started("r", "m", 0, {"createTime": Raw(b'"t"')}, NAME)
    first, last = written((started, opened, PartClosed(0), finished, Ended()))
    assert ({"executableCode": {}}, "r", "t") == (
        parts([first])[0],
        first["responseId"],
        first["createTime"],
    )
    (candidate,) = last["candidates"]
    assert ("SPII", "x") == (candidate["finishReason"], candidate["finishMessage"])


def test_what_others_say():
    """Citations and opaque parts of other dialects have no place here; a refusal is a text."""
    events = written(
        (
            Started("", "m"),
            PartOpened(0, PartKind.TEXT),
            Annotated(0, Raw(b"{}"), "openai-chat"),
            PartClosed(0),
            PartOpened(1, PartKind.OPAQUE, raw=Raw(b"{}"), origin="openai-chat"),
            PartClosed(1),
            PartOpened(2, PartKind.REFUSAL),
            PartDelta(2, "no"),
            PartClosed(2),
            *STOP,
        )
    )
    assert [{"text": "no"}, {"text": ""}] == parts(events)


def test_choices():
    """Each ends with its own reason, all in the last event."""
    events = written(
        (
            Started("", "m"),
            PartOpened(0, PartKind.TEXT, 1),
            PartDelta(0, "a"),
            PartClosed(0),
            Finished(FinishReason.LENGTH, 1),
            Finished(FinishReason.STOP, 0),
            Ended(),
        )
    )
    assert 1 == events[0]["candidates"][0]["index"]
    assert {1: "MAX_TOKENS", 0: "STOP"} == {
        c["index"]: c["finishReason"] for c in events[-1]["candidates"]
    }


def test_log_probabilities():
    """All of a choice, in its last event."""
    raw = Raw(b'{"content":[{"token":"a","logprob":-1.0,"top_logprobs":[]}]}')
    last = written((Started("", "m"), Logprobs(0, raw), *TEXT, Logprobs(0, raw), *STOP))[-1]
    assert 2 == len(last["candidates"][0]["logprobsResult"]["chosenCandidates"])


def test_a_refused_prompt():
    """Has no candidates."""
    feedback = Raw(b'{"blockReason":"SAFETY"}')
    finished = Finished(FinishReason.CONTENT_FILTER, 0, "SAFETY", origin=NAME)
    (only,) = written((Started("r", "m", 0, {"promptFeedback": feedback}, NAME), finished, Ended()))
    assert {"blockReason": "SAFETY"} == only["promptFeedback"]
    assert "candidates" not in only


def test_a_fault():
    """An event that tells of it, and nothing behind it."""
    encoder = DIALECT.encoder(request(), STAMP)
    encoder.feed((Started("", "m"), *TEXT))
    told = encoder.feed((Faulted(Disconnected("gone")), *STOP))
    assert "gone" == json.decode(told[6:])["error"]["message"]
    assert b"" == encoder.feed(STOP)
    told = DIALECT.encoder(request(), STAMP).fault(Disconnected("gone"), "req_1")
    assert b"req_1" in told
