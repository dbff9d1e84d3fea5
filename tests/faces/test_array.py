"""A stream as one JSON array."""

import asyncio

from msgspec import json

from trunkline.faces.array import ArrayReply
from trunkline.testing.fakes import FakeReply

EVENTS = ((b"content-type", b"text/event-stream"), (b"x-a", b"b"))


def streamed(*pieces: bytes, last: bytes = b"") -> FakeReply:
    inner = FakeReply()
    reply = ArrayReply(inner)
    reply.start(200, EVENTS)
    for piece in pieces:
        reply.write(piece)
    reply.end(last)
    return inner


def body(reply: FakeReply) -> bytes:
    return b"".join(reply.written)


def test_entries():
    """Each event an entry, however the bytes are cut; comments are none."""
    stream = b'data: {"a":1}\r\n\r\n: ping\r\n\r\ndata: {"a":2}\r\n\r\n'
    for cut in (1, 7, len(stream)):
        pieces = [stream[i : i + cut] for i in range(0, len(stream), cut)]
        told = body(streamed(*pieces, last=b'data: {"a":3}\r\n\r\n'))
        assert [{"a": 1}, {"a": 2}, {"a": 3}] == json.decode(told)


def test_nothing():
    """Is an empty array."""
    assert [] == json.decode(body(streamed()))


def test_headers():
    """It is no stream of events any more; all else stays."""
    told = dict(streamed().headers)
    assert b"application/json; charset=UTF-8" == told[b"content-type"]
    assert b"b" == told[b"x-a"]


def test_all_else_passes():
    """Whole answers, state, backpressure."""
    inner = FakeReply()
    reply = ArrayReply(inner)
    assert not reply.started
    assert (inner.crowded, inner.draining) == (reply.crowded, reply.draining)
    asyncio.run(reply.drain())
    reply.whole(400, (), b"{}")
    assert (400, b"{}") == (inner.status, body(inner))
    aborted = FakeReply()
    ArrayReply(aborted).abort()
    assert "abort" == aborted.closed
