"""The last piece of an answer waits until it is stored, under an id that is its alone."""

import pytest

from trunkline.flow.keeping import KeepingReply
from trunkline.testing.fakes import FakeReply

LAST = b'data: {"type":"response.completed","response":{"id":"resp_0123456789abcdef0123456789","status":"completed"}}\n\n'
OURS = LAST.replace(b'"r"', b'"resp_fresh"')


WHOLE = b'{"id":"resp_0123456789abcdef0123456789"}'


def held(reply, most=1000, ends=None):
    return KeepingReply(reply, lambda: "fresh", most, [].append if ends is None else ends.append)


def test_a_whole_answer_waits_until_it_is_kept():
    """And says by its status that it was."""
    reply = FakeReply()
    keeping = held(reply)
    keeping.whole(200, ((b"a", b"b"),), WHOLE)

    assert (WHOLE, b"", "") == (keeping.response, keeping.events, reply.closed)
    keeping.release()
    assert (201, WHOLE, "whole") == (reply.status, reply.body, reply.closed)


@pytest.mark.parametrize(
    ("told", "warns"),
    (((), b"store: this"), (((b"x-trunkline-warnings", b"n: gone"),), b"n: gone; store: this")),
)
def test_a_whole_answer_that_could_not_be_kept_says_so(told, warns):
    """By its status, its `store`, and a warning behind those there are."""
    reply = FakeReply()
    keeping = held(reply)
    keeping.whole(200, ((b"a", b"b"), *told), WHOLE[:-1] + b',"store":true,"x":1.50}')
    keeping.release(kept=False)
    keeping.release()  # too late

    assert (200, WHOLE[:-1] + b',"store":false,"x":1.50}') == (reply.status, reply.body)
    assert b"b" == reply.header(b"a")
    assert (reply.header(b"x-trunkline-warnings") or b"").startswith(warns)


def test_what_is_no_response_stays_as_it_is():
    """It cannot be stored, and does not claim to be."""
    reply = FakeReply()
    keeping = held(reply)
    keeping.whole(200, (), b"[]")
    keeping.release(kept=False)
    assert (200, b"[]") == (reply.status, reply.body)


def test_a_stream_that_could_not_be_kept_ends_as_it_would():
    """What it would say of it was said in its first event."""
    reply = FakeReply()
    keeping = held(reply)
    keeping.start(200, ())
    keeping.end(LAST)
    keeping.release(kept=False)
    assert (LAST, "end") == (reply.body, reply.closed)


def test_of_a_stream_only_the_end_waits():
    """All before it goes out as it comes; the answer is what the last event carries."""
    reply = FakeReply()
    keeping = held(reply)
    keeping.start(200, ())
    keeping.write(b"data: 1\n\n")
    keeping.end(LAST)

    assert [b"data: 1\n\n"] == reply.written
    assert LAST[LAST.index(b'{"id') : -3] == keeping.response
    assert b"data: 1\n\n" + LAST == keeping.events
    keeping.release()
    assert (b"data: 1\n\n" + LAST, "end") == (reply.body, reply.closed)
    keeping.release()  # once is enough


def test_an_error_does_not_wait():
    """There is nothing to keep."""
    reply = FakeReply()
    keeping = held(reply)
    keeping.whole(404, (), b"{}")
    assert (None, 404, "whole") == (keeping.response, reply.status, reply.closed)


def test_a_broken_answer_is_none():
    """Nothing is kept, and nothing is sent after the break."""
    reply = FakeReply()
    keeping = held(reply)
    keeping.start(200, ())
    keeping.write(LAST)
    keeping.abort()
    keeping.release()
    assert (None, "abort") == (keeping.response, reply.closed)


UNIQUE = "resp_0123456789abcdef0123456789"


@pytest.mark.parametrize(
    ("theirs", "ours"), ((UNIQUE, UNIQUE), ("resp_123456", "resp_fresh"), ("r", "resp_fresh"))
)
def test_an_id_that_could_be_another_s_is_replaced(theirs, ours):
    """In whole answers and in all events; text that holds the same letters stays."""
    told = b'{"id":"%b","status":"completed","text":"r \\"r\\""}'
    event = b'data: {"type":"response.completed","response":%b}\n\n'
    before, after = told % theirs.encode(), told % ours.encode()
    whole, stream = FakeReply(), FakeReply()

    keeping = held(whole)
    keeping.whole(200, (), before)
    keeping.release()
    keeping = held(stream)
    keeping.write(event.replace(b"completed", b"created") % before)
    keeping.end(event % before)
    keeping.release()

    assert after == whole.body
    assert event.replace(b"completed", b"created") % after + event % after == stream.body


def test_an_end_is_told_once():
    """A refusal is none."""
    ends = []
    keeping = held(FakeReply(), ends=ends)
    keeping.start(200, ())
    keeping.end(LAST)
    keeping.release()
    held(FakeReply(), ends=ends).whole(404, (), b"{}")
    assert [keeping] == ends


def test_a_stream_that_is_too_large_is_not_kept():
    """It is passed on all the same."""
    reply = FakeReply()
    keeping = held(reply, most=200)
    keeping.start(200, ())
    keeping.write(b"data: %b\n\n" % (b"x" * 200))
    keeping.end(LAST)
    assert (None, b"") == (keeping.response, keeping.events)
    keeping.release()
    assert reply.body.endswith(LAST)
