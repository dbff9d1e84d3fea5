"""The simulator's book."""

from hashlib import sha256

from msgspec import json

from trunkline.providers.sim.beats import Beat, Mark
from trunkline.providers.sim.log import Log, Row
from trunkline.providers.sim.steps import Send
from trunkline.providers.sim.turns import Answer, Call, Tally, Turn

ANSWER = Answer(
    turns=(Turn(thinking="hmm", text="hello", refusal="no", calls=(Call("f", "{}"),)),),
    usage=Tally(input=3, output=9),
)


def opened(log: Log, seq: int = 1):
    record = log.open(Row(seq=seq, id=f"req_{seq}", answer_id=f"msg_{seq}", at=1.0))
    record.answer = ANSWER
    return record


def test_a_stream_is_counted_as_it_goes_out() -> None:
    """Events, characters by kind, tokens; finish and end when they have gone."""
    record = opened(Log())
    for beat in (
        Beat(b"lead", Mark.LEAD),
        Beat(b"think", Mark.CONTENT, "reasoning", "hmm", 1),
        Beat(b"text1", Mark.CONTENT, "text", "hel", 1),
        Beat(b"text2", Mark.CONTENT, "text", "lo", 1),
        Beat(b"args", Mark.CONTENT, "arguments", "{}", 1),
    ):
        record.sent(Send(beat.data, beat), 2.0)
    half = record.snapshot()

    assert (4, 4, 5, 3, 2) == (
        half.content_events,
        half.tokens,
        half.text_chars,
        half.reasoning_chars,
        half.argument_chars,
    )
    assert sha256(b"hello").hexdigest() == half.text_sha256
    assert (None, False, "open", 2.0) == (
        half.finish,
        half.finished,
        half.outcome,
        half.first_content_at,
    )

    record.sent(Send(b"f", Beat(b"f", Mark.FINISH, usage=True)), 3.0)
    record.sent(Send(b"e", Beat(b"e", Mark.END)), 3.0)
    record.end("played", 4.0)
    row = record.row

    assert ("stop", True, True, "played", 4.0) == (
        row.finish,
        row.finished,
        row.usage_told,
        row.outcome,
        row.ended_at,
    )


def test_a_whole_answer_is_counted_at_once() -> None:
    """With the bytes that complete it, not before."""
    record = opened(Log())
    record.sent(Send(b"half"), 2.0)
    assert 0 == record.row.tokens

    record.sent(Send(b"rest", answer=ANSWER), 2.0)

    assert (8, 5, 3, 2, 2) == (
        record.row.bytes_sent,
        record.row.text_chars,
        record.row.reasoning_chars,
        record.row.refusal_chars,
        record.row.argument_chars,
    )
    assert ANSWER.turns[0].tokens == record.row.tokens
    assert record.row.finished


def test_many_events_alike_count_each() -> None:
    """One write of five hundred events."""
    record = opened(Log())
    record.sent(Send(b"x" * 500, Beat(b"", Mark.CONTENT, "text", "x", 1), times=500), 2.0)

    assert (500, 500, 500) == (
        record.row.content_events,
        record.row.tokens,
        record.row.text_chars,
    )


def test_the_first_end_counts() -> None:
    """A connection that closes behind a complete answer did not leave early."""
    record = opened(Log())
    record.end("played", 2.0)
    record.end("gone", 3.0, "fin")

    assert ("played", 2.0, None) == (record.row.outcome, record.row.ended_at, record.row.gone)


def test_who_leaves_is_told() -> None:
    """How and when."""
    record = opened(Log())
    record.end("gone", 3.0, "rst")

    assert ("gone", "rst", 3.0) == (record.row.outcome, record.row.gone, record.row.gone_at)


def test_rows_are_found() -> None:
    """Since a number, by request id, answer id or number; the oldest fall out."""
    log = Log(capacity=2)
    for seq in (1, 2, 3):
        opened(log, seq)

    assert [2, 3] == [row.seq for row in log.rows()]
    assert [3] == [row.seq for row in log.rows(2)]
    assert [3, 3, 3] == [log.find(key).seq for key in ("req_3", "msg_3", "3")]
    assert log.find("req_1") is None
    assert (2, 3) == (len(log), log.total)
    assert [2, 3] == [row.seq for row in log]

    log.clear()
    assert 0 == len(log)


def test_each_finished_row_is_a_line() -> None:
    """JSON, to whoever wants it, once."""
    lines: list[bytes] = []
    record = opened(Log(sink=lines.append))
    assert [] == lines

    record.end("played", 2.0)
    record.end("gone", 3.0, "fin")

    assert ["req_1"] == [json.decode(line)["id"] for line in lines]
    assert lines[0].endswith(b"}\n")
