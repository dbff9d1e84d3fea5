"""The books of one exchange: every attempt entered, every token billed, closed once."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.flow.world import World, chat_body, openai
from trunkline.canon.errors import BudgetExceeded, LedgerUnavailable, Overloaded, RateLimited
from trunkline.canon.exchange import Attempt, Status
from trunkline.canon.usage import Usage
from trunkline.flow.books import Books, lacking

TOLD = Usage(input=3, output=4)


class Desk:
    """Books of one exchange over a list, and an attempt to enter."""

    def __init__(self, body=None, **rooms):
        self.world = World(openai())
        self.rooms = replace(self.world.rooms, **rooms)
        self.exchange = self.world.make(body or chat_body())
        self.books = Books(self.rooms, self.exchange, self.rooms.dialects["openai-chat"])
        self.deployment = self.world.providers["up"].deployment("m")

    def begin(self):
        clock = self.world.clock
        attempt = Attempt(len(self.exchange.attempts) + 1, self.deployment, clock.unix())
        self.books.begin(attempt)
        return attempt

    @property
    def entries(self):
        return [(kind, number, status) for kind, _, number, status in self.world.ledger.entries]


def test_an_attempt_is_entered_before_it_is_made():
    """So that a crash leaves a trace of what may have been spent."""
    desk = Desk()
    attempt = desk.begin()

    assert [("intent", 1, None)] == desk.entries
    assert [attempt] == desk.exchange.attempts


def test_one_whose_intent_cannot_be_written_was_never_made():
    """Nothing was sent: it is no attempt, and its request counts in no limit."""
    desk = Desk()
    desk.rooms.ledger.full = True
    with pytest.raises(LedgerUnavailable):
        desk.begin()

    assert [] == desk.exchange.attempts


def test_times_are_taken_from_the_attempts_start():
    """The exchange's own from its arrival."""
    desk = Desk()
    desk.world.clock.advance(1.0)
    attempt = desk.begin()
    desk.world.clock.advance(0.5)
    desk.books.first_content(attempt)
    desk.world.clock.advance(2.0)
    desk.books.answered(Status.OK, TOLD, None)

    assert (500.0, 2500.0) == (attempt.first_event_ms, attempt.total_ms)
    assert 1500.0 == desk.exchange.first_content_ms


def test_a_failed_attempt_is_settled_and_costs_nothing():
    """Another follows, with its own number."""
    desk = Desk()
    failed, error = desk.begin(), Overloaded("busy")
    desk.books.failed(failed, error)
    desk.begin()
    desk.books.answered(Status.OK, TOLD, None)
    desk.books.close(Status.OK)

    assert [
        ("intent", 1, None),
        ("settle", 1, "failed"),
        ("intent", 2, None),
        ("close", 2, "ok"),
    ] == desk.entries
    assert (error, Status.FAILED, 0, Usage()) == (
        failed.error,
        failed.status,
        failed.cost_nanousd,
        failed.usage,
    )


def test_what_the_upstream_told_is_billed():
    """At the price of the moment, with the price's version."""
    desk = Desk()
    attempt = desk.begin()
    desk.books.answered(Status.OK, TOLD, None)

    assert (TOLD, 7000, "flat", False) == (
        attempt.usage,
        attempt.cost_nanousd,
        attempt.price_version,
        attempt.estimated,
    )


@pytest.mark.parametrize(
    ("told", "status", "answer"),
    (
        (TOLD, Status.OK, False),
        (Usage(input=3, reasoning=9), Status.OK, False),
        (None, Status.OK, True),
        (TOLD, Status.PARTIAL, True),
        (TOLD, Status.CANCELLED, True),
        (Usage(input=3), Status.OK, True),
        (Usage(output=3), Status.OK, True),
        (Usage(input=200_000_000, output=1), Status.OK, True),
    ),
)
def test_when_an_upstreams_count_will_not_do(told, status, answer):
    """None, one of an answer that broke off, one without words, and one that cannot be true."""
    assert answer == lacking(told, status)


def estimated(told, delivered, body=None):
    desk = Desk(body)
    attempt = desk.begin()
    desk.books.answered(Status.OK, told, None)
    asyncio.run(desk.books.estimate(told, delivered))
    return attempt


@pytest.mark.parametrize(
    ("told", "usage", "is_estimate"),
    (
        (None, Usage(input=1, output=5), True),
        (Usage(input=9), Usage(input=9, output=5), True),
        (Usage(input=9, cache_read=2, output=1), Usage(input=9, cache_read=2, output=5), True),
        (Usage(input=9, reasoning=4), Usage(input=9, reasoning=4, output=1), True),
        (Usage(input=9, output=8), Usage(input=9, output=8), False),
        (Usage(output=8), Usage(input=1, output=5), True),
        (Usage(input=200_000_000), Usage(input=1, output=5), True),
    ),
)
def test_what_is_missing_is_counted(told, usage, is_estimate):
    """What was told is kept as far as it goes; the entry says where we had to count."""
    attempt = estimated(told, ["he", "llo"])

    assert (usage, is_estimate) == (attempt.usage, attempt.estimated)
    assert usage.total * 1000 == attempt.cost_nanousd


def test_a_request_that_cannot_be_read_is_no_obstacle():
    """What was delivered is counted all the same."""
    assert 5 == estimated(None, ["hello"], b'{"model":"m","messages":7}').usage.output


def test_the_books_are_closed_once():
    """Whoever comes second changes nothing: what follows the last entry is lost."""
    desk = Desk()
    desk.begin()
    desk.books.close(Status.FAILED)
    desk.books.close(Status.OK)

    assert [("intent", 1, None), ("close", 1, "failed")] == desk.entries
    assert Status.FAILED is desk.exchange.status
    assert desk.books.closed


def test_an_attempt_under_way_shares_the_end():
    """Cut off before it gave anything: its state is the exchange's."""
    desk = Desk()
    attempt = desk.begin()
    desk.books.close(Status.CANCELLED)

    assert (Status.CANCELLED, 0) == (attempt.status, attempt.cost_nanousd)


def test_a_request_without_attempts_leaves_an_entry_too():
    """Somebody asked."""
    desk = Desk()
    desk.books.close(Status.FAILED)

    assert [("close", 0, "failed")] == desk.entries


@pytest.mark.parametrize(
    ("error", "code"),
    (
        (BudgetExceeded("m", code="cost_limit_per_day"), "cost_limit_per_day"),
        (RateLimited("m"), "rate_limit_exceeded"),
        (None, ""),
    ),
)
def test_why_nobody_was_asked_is_entered(error, code):
    """Or the log would say that it failed, and leave whoever reads it guessing."""
    desk = Desk()
    desk.books.close(Status.FAILED, error)

    assert code == desk.exchange.refused


def test_a_cancelled_task_settles_later():
    """It may not wait itself; the count and the last entry follow, once."""

    async def main():
        desk = Desk()
        attempt = desk.begin()
        desk.books.answered(Status.CANCELLED, None, None)
        desk.books.close_later(Status.CANCELLED, None, ["hello"])
        assert 1 == len(desk.entries)
        await desk.rooms.tasks.finish("settle req_1")
        assert ("close", 1, "cancelled") == desk.entries[-1]
        assert (5, True) == (attempt.usage.output, attempt.estimated)
        desk.books.close_later(Status.CANCELLED, None, ["again"])
        assert 0 == len(desk.rooms.tasks)
        assert 2 == len(desk.entries)

    asyncio.run(main())


def test_books_are_closed_even_where_nothing_can_be_counted():
    """Or what the request holds of its key's places would be held for as long as this worker lives."""

    class Broken:
        async def estimate(self, deployment, request, delivered):
            raise RuntimeError("a bug of ours")

    async def main():
        desk = Desk(counter=Broken())
        desk.begin()
        desk.books.close_later(Status.CANCELLED, None, ["hello"])
        await desk.rooms.tasks.finish("settle req_1")
        return desk.entries[-1]

    assert ("close", 1, "cancelled") == asyncio.run(main())


@pytest.mark.parametrize(
    ("asked", "tier"),
    (("flex", "flex"), ("priority", "priority"), ("auto", None), (5, None), (None, None)),
)
def test_a_tier_that_was_asked_for_has_its_own_price(asked, tier):
    """Those that are sold as such; the pricer knows the rest."""
    seen = []

    class Pricer:
        def cost(self, deployment, usage, unix, tier=None):
            seen.append(tier)
            return 1, "v"

    body = chat_body() if asked is None else chat_body(service_tier=asked)
    desk = Desk(body, pricer=Pricer())
    desk.begin()
    desk.books.answered(Status.OK, TOLD, None)

    assert [tier] == seen


def test_legs_are_paid_one_by_one():
    """Each settled when the next begins; the last by the end."""
    desk = Desk()
    desk.begin()
    desk.world.clock.advance(0.5)
    desk.books.paid(Usage(input=3), estimated=False)
    desk.books.next_leg()
    second = desk.begin()
    desk.books.paid(Usage(input=4), estimated=True)
    desk.books.close(Status.OK)

    first = desk.exchange.attempts[0]
    assert (Status.OK, 500.0, 3000, False) == (
        first.status,
        first.total_ms,
        first.cost_nanousd,
        first.estimated,
    )
    assert (4000, True) == (second.cost_nanousd, second.estimated)
    assert [("settle", 1, "ok"), ("close", 2, "ok")] == desk.entries[1::2][0:1] + desk.entries[-1:]


def test_an_answer_that_was_none_after_all():
    """Its attempt has failed, whatever was thought of it."""
    desk = Desk()
    attempt = desk.begin()
    desk.books.paid(Usage(input=3), estimated=False)
    desk.books.spoiled(Overloaded("x"))

    assert (Status.FAILED, Overloaded) == (attempt.status, type(attempt.error))
