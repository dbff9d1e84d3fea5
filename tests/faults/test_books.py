"""The comparison of the three books sees what it is there to see: bugs planted in a real gateway."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.faults.client import Call, leave
from tests.faults.gateway import World, opened
from tests.faults.planted import Bug, Faulty, Over
from tests.faults.simulators import ANTHROPIC, OPENAI
from trunkline.canon.exchange import Attempt, Exchange, Status
from trunkline.canon.usage import Usage
from trunkline.flow.rooms import Rooms


class ForgetsWhoLeft(Over):
    def close(self, exchange: Exchange) -> None:
        if exchange.status is not Status.CANCELLED:
            self.other.close(exchange)


class BillsFailures(Over):
    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        attempt.usage = Usage(input=5)
        self.other.settle(exchange, attempt)


class ForgetsFailures(Over):
    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        """The attempt stays open."""


class WritesTwice(Over):
    def close(self, exchange: Exchange) -> None:
        self.other.close(exchange)
        exchange.id += "x"
        self.other.close(exchange)


class RoundsUp(Over):
    def cost(self, *arguments: Any) -> tuple[int, str]:
        cost, version = self.other.cost(*arguments)
        return cost + 1, version


class SwallowsStalls(Over):
    """A relay that ends what broke off as if it had been meant to end there."""

    def watcher(self, *, wants_usage: bool) -> Any:
        return Quiet(self.other.watcher(wants_usage=wants_usage))


class Quiet(Over):
    def fault(self, error: Exception, request_id: str) -> bytes:
        return (
            b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
        )


class SaysTwice(Over):
    """A relay that lets one event through two times."""

    def watcher(self, *, wants_usage: bool) -> Any:
        return Echo(self.other.watcher(wants_usage=wants_usage))


class Echo(Over):
    def feed(self, events: bytes) -> bytes:
        passed: bytes = self.other.feed(events)
        return passed + passed if b'"3 wo"' in passed else passed


def ledger(kind: Callable[[Any], Any]) -> Bug:
    return lambda rooms: replace(rooms, ledger=kind(rooms.ledger))


def pricer(kind: Callable[[Any], Any]) -> Bug:
    return lambda rooms: replace(rooms, pricer=kind(rooms.pricer))


def dialect(kind: Callable[[Any], Any]) -> Bug:
    def plant(rooms: Rooms) -> Rooms:
        dialects: Mapping[str, Any] = {**rooms.dialects, OPENAI: kind(rooms.dialects[OPENAI])}
        return replace(rooms, dialects=dialects, clients=dialects)

    return plant


FAILS, STALLS, GOOD = "o1/sim-echo@fault=u11,fail=1", "o1/sim-echo@fault=u5:after=9", "o1/sim-echo"
PLANTED = (
    (ledger(BillsFailures), FAILS, "a failure is billed"),
    (ledger(ForgetsFailures), FAILS, "attempt 1 is still open"),
    (ledger(WritesTwice), GOOD, "2 rows in the ledger"),
    (pricer(RoundsUp), GOOD, "by the price list"),
    (dialect(SwallowsStalls), STALLS, "the client saw whole (200), the ledger says partial"),
    (dialect(SaysTwice), "o1/sim-echo@rate=900", "text that nobody sent"),
)


@pytest.mark.parametrize(("bug", "target", "found"), PLANTED, ids=[f for _, _, f in PLANTED])
def test_a_planted_bug_is_seen(tmp_path: Path, bug: Bug, target: str, found: str) -> None:
    """The difference is named; without the bug the same request has none."""
    with opened(Faulty(tmp_path / "bug", bug)) as town:
        differences = town.compare(town.ask(town.call(target))).differences
    with opened(Faulty(tmp_path / "sound", lambda rooms: rooms)) as town:
        sound = town.compare(town.ask(town.call(target))).differences

    assert [] == sound
    assert any(found in text for text in differences), differences


async def _left(town: World, call: Call) -> Any:
    await town.gateway.reload()
    return await leave(town.port, town.key, call, after=0.1)


def test_a_ledger_that_forgets_who_left_is_seen(tmp_path: Path) -> None:
    """A row that stays open after its client has gone."""
    with opened(Faulty(tmp_path, ledger(ForgetsWhoLeft))) as town:
        call = town.call("a1/sim-echo@rate=40", dialect=ANTHROPIC)
        books = town.compare([town.do(_left(town, call))])

    assert any("its row is still open" in text for text in books.differences)


def test_a_request_that_is_sent_behind_the_ledgers_back_is_seen(town: World) -> None:
    """One arrival more than attempts: the counts do not match."""
    call = town.call("o1/sim-echo")
    seen = town.ask(call)
    again = town.call("o1/sim-echo", tag=call.tag)
    town.ask(again)

    assert any("arrivals" in text for text in town.compare(seen).differences)
