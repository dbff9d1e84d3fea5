"""An upstream's stream to canonical events."""

import pytest
from msgspec import json

from tests.dialects.gemini.kit import (
    DIALECT,
    answer_of,
    event,
    events_of,
    fault_of,
    framed,
    parts_of,
    response,
)
from trunkline.canon.content import Text
from trunkline.canon.errors import Disconnected, Garbled, Overloaded, Throttled
from trunkline.canon.event import (
    Ended,
    Faulted,
    Finished,
    FinishReason,
    PartDelta,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini.decoder import StreamDecoder

HI, END = event({"text": "hi"}), event({"text": ""}, finish="STOP")


def test_a_text():
    """Id and model from the first event, the text in pieces, the end with the body."""
    events = events_of(HI, event({"text": " there"}), END)
    assert Started("r1", "m", 0, {}, "gemini") == events[0]
    assert ["hi", " there"] == [e.text for e in events if isinstance(e, PartDelta)]
    assert Finished(FinishReason.STOP, 0, "STOP", origin="gemini") == events[-2]
    assert Ended() == events[-1]


def test_usage_is_cumulative():
    """Each event repeats it, the last one counts; what says the same is not said again."""
    first = {"promptTokenCount": 169, "candidatesTokenCount": 1}
    last = {"promptTokenCount": 79, "candidatesTokenCount": 9}
    events = events_of(
        event({"text": "a"}, usageMetadata=first),
        event({"text": "b"}, usageMetadata=first),
        event({"text": ""}, finish="STOP", usageMetadata=last),
    )
    assert [Usage(input=169, output=1), Usage(input=79, output=9)] == [
        e.usage for e in events if isinstance(e, UsageReported)
    ]


def test_usage_behind_the_end():
    """What comes after the finish reason is still heard."""
    usage = {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4}}
    assert Usage(input=3, output=4) == answer_of(HI, END, framed(usage)).usage


def test_text_behind_the_end():
    """An answer that has finished is not taken up again."""
    assert (Text("hi"),) == parts_of(HI, END, HI)


def test_a_refused_prompt():
    """No candidate, and the reason in the feedback on the prompt."""
    answer = answer_of(framed({"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r"}))
    assert FinishReason.CONTENT_FILTER == answer.choices[0].finish
    assert "SAFETY" == answer.choices[0].native
    assert "promptFeedback" in answer.extra


def test_two_candidates():
    """Each finishes by itself."""
    answer = answer_of(
        event({"text": "a"}),
        event({"text": "b"}, index=1, finish="MAX_TOKENS"),
        event({"text": "c"}, finish="STOP"),
    )
    assert [(Text("ac"),), (Text("b"),)] == [choice.parts for choice in answer.choices]
    assert [FinishReason.STOP, FinishReason.LENGTH] == [c.finish for c in answer.choices]


def test_cut():
    """A body that ends before the finish reason is broken off, half an event or none behind it."""
    for pieces in ((HI,), (HI, END[:40]), ()):
        decoder = StreamDecoder()
        for piece in pieces:
            decoder.feed(piece)
        with pytest.raises(Disconnected):
            decoder.finish()


def test_a_last_event_without_its_blank_line():
    """Counts, if it is whole."""
    assert (Text("hi"),) == parts_of(HI, END.rstrip())


def test_an_error_within():
    """Told behind what came before it; nothing follows."""
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    events = events_of(HI, framed(error), END)
    assert isinstance(events[-1], Faulted)
    assert isinstance(events[-1].error, Overloaded)
    assert isinstance(fault_of(framed({"error": {"code": 429, "message": "slow"}})), Throttled)


def test_an_unreadable_event():
    """Not JSON, not the API's shape, not UTF-8: told behind what came before it."""
    for data in (b"{", b"[]", b'{"candidates":7}', b'{"x":"\xff"}'):
        assert isinstance(fault_of(HI, b"data: " + data + b"\r\n\r\n", END), Garbled)


def test_a_malformed_call():
    """The model wrote what is no call: the answer breaks off."""
    events = events_of(event({"text": "a"}), event(finish="MALFORMED_FUNCTION_CALL"))
    assert isinstance(events[-1], Faulted)
    assert isinstance(events[-1].error, Disconnected)


def test_whole_where_a_stream_was_asked():
    """One object, or the array that comes without alt=sse."""
    whole = json.encode(response({"text": "hi"}, finish="STOP"))
    array = json.encode([response({"text": "h"}), response({"text": "i"}, finish="STOP")])
    for body in (whole, array):
        assert (Text("hi"),) == parts_of(body)


def test_line_ends():
    """CRLF as Google sends it, LF as proxies make of it."""
    stream = HI + END
    assert events_of(stream) == events_of(stream.replace(b"\r\n", b"\n"))
    assert events_of(stream) == events_of(*[stream[i : i + 1] for i in range(len(stream))])


def test_nothing_after_a_fault():
    """The decoder is closed."""
    decoder = DIALECT.decoder()
    decoder.feed(framed({"error": {"code": 500}}))
    assert [] == list(decoder.feed(HI))
    assert [] == list(decoder.finish())


def test_nothing_after_a_fault_at_the_very_end():
    """A blank line of a line feed and a carriage return shows when all is there (found by fuzzing)."""
    error = b'data: {"error":{"code":503}}\n\rx\n'
    events = events_of(HI, error + END.rstrip())
    assert isinstance(events[-1], Faulted)
