"""Streams of upstreams, as events."""

import pytest

from tests.dialects.openai_chat.kit import (
    DIALECT,
    DONE,
    answer_of,
    calls,
    chunk,
    events_of,
    fault_of,
    parts_of,
    text,
)
from trunkline.canon.content import Text
from trunkline.canon.errors import (
    ContextLengthExceeded,
    Disconnected,
    Garbled,
    Overloaded,
    Throttled,
)
from trunkline.canon.event import (
    Ended,
    Faulted,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage

OPENED = PartOpened(0, PartKind.TEXT)
STOP = Finished(FinishReason.STOP, native="stop", origin="openai-chat")


def test_a_plain_answer():
    """Role, text, reason, usage, sentinel: as OpenAI sends it."""
    events = events_of(
        chunk({"role": "assistant", "content": "", "refusal": None}, system_fingerprint="fp"),
        text("Hel"),
        text("lo"),
        chunk(finish="stop"),
        b'data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n',
        DONE,
    )
    started, *rest = events
    assert ("c1", "m", 7) == (started.id, started.model, started.created)
    assert b'"fp"' == bytes(started.extra["system_fingerprint"])
    assert [
        OPENED,
        PartDelta(0, "Hel"),
        PartDelta(0, "lo"),
        PartClosed(0),
        STOP,
        UsageReported(Usage(input=3, output=2)),
        Ended(),
    ] == rest


def test_events_come_at_once():
    """Nothing that can be told is held back."""
    decoder = DIALECT.decoder()
    assert [Started] == [type(e) for e in decoder.feed(chunk({"role": "assistant"}))]
    assert [OPENED, PartDelta(0, "a")] == decoder.feed(text("a"))
    assert [PartDelta(0, "b")] == decoder.feed(text("b"))
    assert [PartClosed(0), STOP] == decoder.feed(chunk(finish="stop"))
    assert [Ended()] == decoder.feed(DONE)
    assert () == decoder.feed(text("c"))
    assert () == decoder.finish()


def test_no_done_behind_the_finish():
    """A stream that said why it finished and only lacks its sentinel is complete."""
    assert Ended() == events_of(text("a"), chunk(finish="stop"))[-1]
    assert Ended() == events_of(text("a"), chunk(finish="stop"), b'data: {"cho')[-1]
    assert Ended() == events_of(text("a"), chunk(finish="stop"), b"data: [DONE]")[-1]
    assert Ended() == events_of(text("a"), chunk(finish="stop").rstrip())[-1]


def test_done_without_a_finish():
    """The sentinel says that the answer is whole: OpenRouter and Snowflake leave out the reason."""
    assert FinishReason.STOP == answer_of(text("a"), DONE).choices[0].finish
    call = calls({"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}})
    assert FinishReason.TOOL_CALLS == answer_of(call, DONE).choices[0].finish


@pytest.mark.parametrize("pieces", ((), (text("a"),), (text("a"), b'data: {"cho'), (b": hi\n\n",)))
def test_an_end_before_the_finish(pieces):
    """An error, never a success."""
    decoder = DIALECT.decoder()
    for piece in pieces:
        decoder.feed(piece)
    with pytest.raises(Disconnected):
        decoder.finish()


def test_nothing_but_done():
    """No answer at all."""
    assert isinstance(fault_of(DONE), Disconnected)


@pytest.mark.parametrize(
    ("event", "kind"),
    (
        (
            b'data: {"error":{"message":"x","code":"context_length_exceeded"}}\n\n',
            ContextLengthExceeded,
        ),
        (b'data: {"error":{"message":"x","code":502}}\n\n', Overloaded),
        (b'event: error\ndata: {"message":"x","code":429}\n\n', Throttled),
        (chunk(error={"message": "x", "code": 429}), Throttled),
        (chunk(finish="error"), Disconnected),
        (chunk(finish="insufficient_system_resource"), Disconnected),
        (b"data: {nonsense\n\n", Garbled),
        (b"data: 1\n\n", Garbled),
        (b'data: {"choices":1}\n\n', Garbled),
        (b'data: {"choices":[],"x":"\xff"}\n\n', Garbled),
    ),
)
def test_faults(event, kind):
    """An error event, or one that is none, ends the answer behind what came before it."""
    for pieces in ((text("a"), event, text("b")), (text("a") + event + text("b"),)):
        events = events_of(*pieces)
        assert [Started, PartOpened, PartDelta, Faulted] == [type(e) for e in events]
        assert kind is type(events[-1].error)
    assert kind is type(fault_of(event))


def test_usage_of_an_error():
    """What was consumed is told, too."""
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    events = events_of(text("a"), chunk(error={"message": "x"}, usage=usage))
    assert UsageReported(Usage(input=3, output=1)) == events[-2]


def test_a_null_error_is_none():
    """Some send the field always."""
    assert (Text("a"),) == parts_of(text("a", error=None), chunk(finish="stop"), DONE)


def test_azure_begins_with_its_filter():
    """An event without choices, id or model is no beginning; what it tells is kept."""
    first = b'data: {"choices":[],"created":0,"id":"","model":"","prompt_filter_results":[1]}\n\n'
    events = events_of(first, text("a"), chunk(finish="stop"), DONE)
    assert ("c1", b"[1]") == (events[0].id, bytes(events[0].extra["prompt_filter_results"]))


def test_groq_usage():
    """In a field of its own."""
    usage = {"id": "r", "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    end = chunk(finish="stop", x_groq=usage)
    assert Usage(input=3, output=1) == answer_of(text("a"), end, DONE).usage


def test_usage_of_no_kind():
    """An answer is not lost over its bill."""
    end = chunk(finish="stop", usage={"prompt_tokens": "many"})
    assert (Text("a"),) == parts_of(text("a"), end, DONE)


def test_usage_last_wins():
    """Perplexity counts up in every event."""
    pieces = [text("a", usage={"prompt_tokens": 3, "completion_tokens": n}) for n in (1, 2)]
    assert Usage(input=3, output=2) == answer_of(*pieces, chunk(finish="stop"), DONE).usage


def test_no_usage():
    """None is made up."""
    assert answer_of(text("a"), chunk(finish="stop"), DONE).usage is None


def test_framing():
    """Comments, CRLF, names, no space, several lines of data and an empty one."""
    stream = (
        b": OPENROUTER PROCESSING\r\n\r\n"
        b'event: message\r\ndata:{"id":"c1","choices":[\r\ndata:{"delta":{"content":"a"}}]}\r\n\r\n'
        b"data: \r\n\r\n" + chunk(finish="stop").replace(b"\n", b"\r\n") + b"data: [DONE]\r\n\r\n"
    )
    assert (Text("a"),) == parts_of(stream)


@pytest.mark.parametrize(
    "body",
    (
        b'{"id":"c1","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}',
        b'  {"id":"c1","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}\n',
    ),
)
def test_a_whole_answer_instead(body):
    """A provider that does not stream is understood all the same."""
    assert (Text("a"),) == parts_of(body)


def test_an_error_instead():
    """A JSON error where a stream was asked for is that error."""
    assert isinstance(fault_of(b'{"error":{"code":429,"message":"x"}}'), Throttled)
    assert isinstance(fault_of(b'[{"error":{"code":429,"message":"x"}}]'), Throttled)


def test_nothing_after_a_fault_at_the_very_end():
    """A blank line of a line feed and a carriage return shows when all is there (found by fuzzing)."""
    error = b'data: {"error":{"message":"x","code":502}}\n\rx\n'
    events = events_of(text("a"), error + text("b").rstrip())
    assert [Started, PartOpened, PartDelta, Faulted] == [type(e) for e in events]
