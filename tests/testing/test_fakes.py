"""The fakes do what the things they stand for do."""

import asyncio

import pytest

from trunkline.canon.deployment import Deployment
from trunkline.canon.exchange import Attempt, Exchange, Principal, Status
from trunkline.canon.usage import Usage
from trunkline.testing.fakes import FakeReply, FlatPricer, LetterCounter, ListLedger, ManualClock

D = Deployment(id="p/m", provider="p", model="m", dialect="d")


def test_the_clock_moves_when_told():
    """Both of its faces together."""
    clock = ManualClock(unix=100.0)
    since = clock.monotonic()
    clock.advance(2.5)

    assert (102.5, 2.5) == (clock.unix(), clock.monotonic() - since)


def test_the_clock_is_set():
    """What people read has changed; how long anything takes has not."""
    clock = ManualClock(unix=100.0)
    since = clock.monotonic()
    clock.step(-60.0)

    assert (40.0, since) == (clock.unix(), clock.monotonic())


def test_a_reply_keeps_what_was_written():
    """Head, pieces, and how it was closed."""
    reply, seen = FakeReply(), []
    reply.on_write = seen.append
    reply.start(200, ((b"a", b"1"),))
    reply.write(b"x")
    asyncio.run(reply.drain())
    reply.end(b"y")

    assert (200, b"1", None) == (reply.status, reply.header(b"a"), reply.header(b"b"))
    assert (b"xy", [b"x", b"y"], "end") == (reply.body, seen, reply.closed)


def test_a_whole_reply():
    """Closed at once; or broken off."""
    reply, broken = FakeReply(), FakeReply()
    reply.whole(404, (), b"no")
    broken.start(200, ())
    broken.abort()

    assert (404, b"no", "whole") == (reply.status, reply.body, reply.closed)
    assert (True, "abort") == (broken.started, broken.closed)


def test_a_reply_is_written_once():
    """A second head, or a piece after the end, is a bug of whoever writes."""
    reply = FakeReply()
    reply.whole(200, (), b"")

    with pytest.raises(AssertionError, match="second head"):
        reply.start(200, ())
    with pytest.raises(AssertionError, match="write after whole"):
        reply.write(b"x")


def test_books_in_a_list():
    """What was entered, in order, with its state."""
    ledger, attempt = ListLedger(), Attempt(1, D, 0.0)
    exchange = Exchange(
        "req_1", "native", "d", "chat", Principal(key_id="k", tenant="t"), {}, "m", False, {}, 0, 0
    )
    exchange.attempts.append(attempt)
    ledger.intent(exchange, attempt)
    attempt.status = exchange.status = Status.FAILED
    ledger.settle(exchange, attempt)
    ledger.close(exchange)
    asyncio.run(ledger.durable())

    assert [
        ("intent", "req_1", 1, None),
        ("settle", "req_1", 1, "failed"),
        ("close", "req_1", 1, "failed"),
    ] == ledger.entries


def test_prices_and_counts_are_foreseeable():
    """So that a test can say what a request must cost."""
    usage = asyncio.run(LetterCounter().estimate(D, None, ["ab", "c"]))

    assert Usage(input=1, output=3) == usage
    assert (4000, "flat") == FlatPricer().cost(D, usage, 0.0)
    assert (8, "flat") == FlatPricer(2).cost(D, usage, 0.0, "flex")
