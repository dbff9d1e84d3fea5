"""What the client gets is what it got before, and a copy of its beginning stays."""

import asyncio

from trunkline.flow.copying import CopyingReply
from trunkline.testing.fakes import FakeReply

HEADERS = ((b"content-type", b"text/plain"),)


def test_a_whole_answer_goes_through():
    """At once, and as it is."""
    reply = FakeReply()
    copy = CopyingReply(reply, 100)
    copy.whole(201, HEADERS, b"answer")

    assert (201, HEADERS, b"answer", "whole") == (
        reply.status,
        reply.headers,
        reply.body,
        reply.closed,
    )
    assert (201, HEADERS, (b"answer",), 6) == (copy.status, copy.headers, copy.pieces, copy.size)
    assert (True, False) == (copy.over, copy.streamed)


def test_of_a_long_stream_the_beginning_stays():
    """The client gets all of it, and its size is known."""
    reply = FakeReply()
    copy = CopyingReply(reply, 7)
    copy.start(200, HEADERS)
    for _ in range(4):
        copy.write(b"abc")
    assert not copy.over
    copy.end(b"d")

    assert (b"abcabcabcabcd", "end") == (reply.body, reply.closed)
    assert ((b"abc", b"abc", b"a"), 13, True, True) == (
        copy.pieces,
        copy.size,
        copy.over,
        copy.streamed,
    )


def test_what_is_broken_off_is_not_over():
    """What was sent before it stays."""
    reply = FakeReply()
    copy = CopyingReply(reply, 7)
    copy.start(200, ())
    copy.write(b"a")
    copy.abort()

    assert ("abort", False, (b"a",)) == (reply.closed, copy.over, copy.pieces)


def test_how_the_client_reads_is_told_through_it():
    """As the edge says."""
    reply = FakeReply()
    copy = CopyingReply(reply, 7)
    before = (copy.started, copy.crowded, copy.draining)
    reply.started = reply.crowded = reply.draining = True
    asyncio.run(copy.drain())

    assert (False, False, False) == before
    assert (True, True, True) == (copy.started, copy.crowded, copy.draining)
