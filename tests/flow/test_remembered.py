"""Keeping what a client may come back to: before it can, and only what it may."""

import pytest
from msgspec import Raw

from trunkline.canon.errors import Malformed
from trunkline.canon.exchange import Exchange, Principal
from trunkline.flow.remembered import KeepingReply, Wish, read_wish
from trunkline.testing.fakes import FakeReply

LAST = b'data: {"type":"response.completed","response":{"id":"r","status":"completed"}}\n\n'


def exchange(**fields):
    return Exchange(
        id="req_1",
        face="native",
        dialect="openai-responses",
        operation="chat",
        principal=Principal(key_id="k", tenant="t"),
        envelope={name: Raw(value) for name, value in fields.items()},
        model="m",
        stream=False,
        headers={},
        received_at=0.0,
        started=0.0,
    )


@pytest.mark.parametrize(
    ("fields", "wish"),
    (
        ({}, Wish()),
        ({"store": b"null", "background": b"null", "previous_response_id": b"null"}, Wish()),
        ({"store": b"false"}, Wish(store=False)),
        ({"background": b"true"}, Wish(background=True)),
        ({"previous_response_id": b'"resp_1"'}, Wish(previous_id="resp_1")),
    ),
)
def test_what_a_request_wishes(fields, wish):
    """With the API's defaults."""
    assert wish == read_wish(exchange(**fields))


@pytest.mark.parametrize(
    ("fields", "param"),
    (
        ({"store": b"1"}, "store"),
        ({"background": b'"yes"'}, "background"),
        ({"previous_response_id": b"7"}, "previous_response_id"),
        ({"background": b"true", "store": b"false"}, "background"),
        ({"conversation": b'"conv_1"'}, "conversation"),
    ),
)
def test_what_it_may_not_wish(fields, param):
    """The field is named."""
    with pytest.raises(Malformed) as refused:
        read_wish(exchange(**fields))
    assert param == refused.value.param


def test_a_whole_answer_waits_until_it_is_kept():
    """And says by its status that it was."""
    reply = FakeReply()
    keeping = KeepingReply(reply)
    keeping.whole(200, ((b"a", b"b"),), b'{"id":"r"}')

    assert (b'{"id":"r"}', b"", "") == (keeping.response, keeping.events, reply.closed)
    keeping.release()
    assert (201, b'{"id":"r"}', "whole") == (reply.status, reply.body, reply.closed)


def test_of_a_stream_only_the_end_waits():
    """All before it goes out as it comes; the answer is what the last event carries."""
    reply = FakeReply()
    keeping = KeepingReply(reply)
    keeping.start(200, ())
    keeping.write(b"data: 1\n\n")
    keeping.end(LAST)

    assert [b"data: 1\n\n"] == reply.written
    assert b'{"id":"r","status":"completed"}' == keeping.response
    assert b"data: 1\n\n" + LAST == keeping.events
    keeping.release()
    assert (b"data: 1\n\n" + LAST, "end") == (reply.body, reply.closed)
    keeping.release()  # once is enough


def test_an_error_does_not_wait():
    """There is nothing to keep."""
    reply = FakeReply()
    keeping = KeepingReply(reply)
    keeping.whole(404, (), b"{}")
    assert (None, 404, "whole") == (keeping.response, reply.status, reply.closed)


def test_a_broken_answer_is_none():
    """Nothing is kept, and nothing is sent after the break."""
    reply = FakeReply()
    keeping = KeepingReply(reply)
    keeping.start(200, ())
    keeping.write(LAST)
    keeping.abort()
    keeping.release()
    assert (None, "abort") == (keeping.response, reply.closed)
