"""What a request said and was answered is handed on, however it ended."""

import asyncio

import pytest

from tests.gateway import head
from trunkline.canon.exchange import Principal
from trunkline.flow.overhearing import Overhearing
from trunkline.ledger.bodies import Taking
from trunkline.observe.redact import Redactor
from trunkline.testing.fakes import FakeReply, ManualClock

TAKING = Taking(10, Redactor())
CLOCK = ManualClock()


class Log:
    def __init__(self):
        self.got = []

    def put(self, heard, taking):
        self.got.append((heard, taking))


def heard_of(serve, body=b"{}", ends=()):
    """Of one request that is answered so."""
    log, reply = Log(), FakeReply()
    principal = Principal(key_id="k", tenant="acme")
    one = Overhearing(log, TAKING, head("key", "/v1/x", CLOCK), principal, "req_1")

    async def main():
        try:
            await one.run(body, reply, serve)
        except ends:
            return

    asyncio.run(main())
    [(heard, taking)] = log.got
    assert taking is TAKING
    return heard, reply


async def stream(reply):
    reply.start(200, ())
    reply.write(b"one two ")
    reply.end(b"three")


def test_a_request_is_told_with_its_answer():
    """Whose it is, and what went over the line."""
    heard, reply = heard_of(stream)

    assert b"one two three" == reply.body
    assert ("req_1", "acme", "k", CLOCK.unix(), "/v1/x") == (
        heard.request_id,
        heard.tenant,
        heard.key_id,
        heard.received_at,
        heard.path,
    )
    assert (b"{}", 2, b"one two th", 13) == (
        heard.request,
        heard.request_size,
        b"".join(heard.answer),
        heard.answer_size,
    )
    assert (200, True, True) == (heard.status, heard.streamed, heard.complete)


@pytest.mark.parametrize("error", (asyncio.CancelledError, ValueError))
def test_what_came_before_the_end_is_told(error):
    """The client left, or we failed; whoever waits for it learns of it all the same."""

    async def breaks(reply):
        reply.start(200, ())
        reply.write(b"one")
        raise error

    heard, _ = heard_of(breaks, ends=error)

    assert ((b"one",), 200, False) == (heard.answer, heard.status, heard.complete)


def test_a_very_large_request_is_cut_at_once():
    """It would fill the memory while it waits; one of a usual size waits in full."""
    for size, kept in ((4 << 20, 4 << 20), ((4 << 20) + 1, 10)):
        heard, _ = heard_of(stream, b"x" * size)
        assert (kept, size) == (len(heard.request), heard.request_size)
