"""A stream and its whole never disagree."""

import pytest
from msgspec import Raw

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.errors import Garbled
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
    Started,
    UsageReported,
)
from trunkline.canon.fold import Fold, fold, unfold
from trunkline.canon.grammar import violations
from trunkline.canon.usage import Usage

ANSWERS = [
    Answer(choices=(Choice(finish=FinishReason.STOP),)),
    Answer(
        id="a",
        model="m",
        created=7,
        origin="o",
        usage=Usage(input=1, output=2),
        extra={"k": Raw(b"1")},
        choices=(
            Choice(
                parts=(
                    Reasoning("think", "sig", "o"),
                    Reasoning("", "blob", "o", redacted=True),
                    Text("hello", Raw(b'[{"url":"x"}]') and None, Raw(b'[{"url":"x"}]'), "o"),
                    ToolCall("c1", "f", '{"a":1}'),
                    ToolCall("c2", "g", ""),
                    Refusal("no"),
                    Opaque("o", Raw(b'{"type":"x"}')),
                ),
                finish=FinishReason.TOOL_CALLS,
                native="tool_use",
                stop_sequence="END",
                details=Raw(b"{}"),
                logprobs=Raw(b'{"content":[1,2]}'),
            ),
        ),
    ),
    Answer(
        choices=(
            Choice(index=0, parts=(Text("a"),), finish=FinishReason.STOP),
            Choice(index=1, parts=(Text("b"),), finish=FinishReason.LENGTH),
        )
    ),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_fold_undoes_unfold(answer):
    """Whole to stream and back is the identity, and the stream obeys the grammar."""
    events = unfold(answer)

    assert [] == violations(events)
    assert answer == fold(events)


def test_interleaved_parts_do_not_mix():
    """Deltas go to the part of their index, whatever comes between."""
    answer = fold(
        [
            Started("i", "m"),
            PartOpened(0, PartKind.TOOL_CALL, id="a", name="f"),
            PartOpened(1, PartKind.TOOL_CALL, id="b", name="g"),
            PartDelta(0, "{"),
            PartDelta(1, "["),
            PartDelta(0, "}"),
            PartDelta(1, "]"),
            PartClosed(1),
            PartClosed(0),
            Finished(FinishReason.TOOL_CALLS),
            Ended(),
        ]
    )

    assert (ToolCall("a", "f", "{}"), ToolCall("b", "g", "[]")) == answer.choices[0].parts


def test_the_last_usage_counts():
    """Usage is cumulative: it replaces, never adds."""
    events = [Started("", ""), UsageReported(Usage(input=5)), UsageReported(Usage(input=7))]

    assert Usage(input=7) == fold(events).usage


def test_logprobs_of_a_stream_are_joined():
    """Each chunk has its own tokens; the whole has them all, and keeps its nulls."""
    events = [
        Started("", ""),
        Logprobs(0, Raw(b'{"content":[1],"refusal":null}')),
        Logprobs(0, Raw(b'{"content":[2],"refusal":null}')),
    ]

    assert b'{"content":[1,2],"refusal":null}' == bytes(fold(events).choices[0].logprobs)


def test_a_cut_stream_folds_to_what_was_delivered():
    """A prefix is enough to count what the client got."""
    folded = Fold()
    folded.feed([Started("i", "m"), PartOpened(0, PartKind.TEXT), PartDelta(0, "half")])
    folded.feed([Annotated(0, Raw(b"{}"), "o"), Faulted(Garbled("x"))])

    assert "half" == folded.answer().choices[0].parts[0].text
    assert folded.answer().choices[0].finish is None
    assert folded.fault is not None
