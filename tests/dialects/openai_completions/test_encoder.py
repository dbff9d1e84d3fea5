"""Events as chunks: text, echo, logprobs, usage, an end; and a fault, which is none."""

from msgspec import Raw

from tests.dialects.openai_completions.making import DIALECT, STAMP, asked, chunks
from trunkline.canon.errors import Overloaded
from trunkline.canon.event import (
    Ended,
    Faulted,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage

EVENTS = (
    Started("x", "up", 5),
    PartOpened(0, PartKind.REASONING),
    PartDelta(0, "Hm."),
    PartClosed(0),
    PartOpened(1, PartKind.TEXT),
    PartDelta(1, "Hel"),
    PartDelta(1, "lo"),
    PartClosed(1),
    Finished(FinishReason.STOP),
    UsageReported(Usage(input=3, output=2)),
    Ended(),
)


def told(events, **fields):
    return DIALECT.encoder(asked(stream=True, **fields), STAMP).feed(events)


def said(found):
    return [(c["text"], c["finish_reason"]) for one in found for c in one["choices"]]


def test_a_stream():
    """Every chunk of one answer, all keys there; thoughts are left out."""
    found = chunks(told(EVENTS))

    assert [("Hel", None), ("lo", None), ("", "stop")] == said(found)
    assert {("cmpl-t0k3n", "text_completion", 5, "up")} == {
        (one["id"], one["object"], one["created"], one["model"]) for one in found
    }
    assert all("usage" not in one for one in found)


def test_usage_for_whoever_asked():
    """In a chunk of its own; null before."""
    found = chunks(told(EVENTS, stream_options={"include_usage": True}))

    assert [None, None, None] == [one["usage"] for one in found[:-1]]
    assert ([], {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}) == (
        found[-1]["choices"],
        found[-1]["usage"],
    )


def test_an_echo_comes_first_and_for_every_choice():
    """Each choice begins with the prompt."""
    found = chunks(told(EVENTS, echo=True, n=2))

    assert [("Say", 0), ("Say", 1), ("Hel", 0)] == [
        (one["choices"][0]["text"], one["choices"][0]["index"]) for one in found[:3]
    ]


def test_logprobs_count_their_places():
    """Behind the echo and what was said before."""
    raw = Raw(b'{"content":[{"token":"Hel","logprob":-1,"top_logprobs":[]}]}')
    events = (
        *EVENTS[:1],
        PartOpened(0, PartKind.TEXT),
        PartDelta(0, "Hel"),
        Logprobs(0, raw),
        PartDelta(0, "Hel"),
        Logprobs(0, raw),
        PartClosed(0),
        *EVENTS[8:],
    )
    found = chunks(told(events, echo=True, logprobs=0))

    offsets = [
        c["logprobs"]["text_offset"] for one in found for c in one["choices"] if c["logprobs"]
    ]
    assert [[3], [6]] == offsets


def test_a_fault_is_no_end():
    """An error object, and no [DONE]."""
    encoder = DIALECT.encoder(asked(stream=True), STAMP)
    data = encoder.feed(EVENTS[:6]) + encoder.fault(Overloaded("busy"), "req_1")

    assert b"busy" in data
    assert b"[DONE]" not in data
    assert b"busy" in told((*EVENTS[:6], Faulted(Overloaded("busy"))))
