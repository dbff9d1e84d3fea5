"""Providers that go down and come back are told of once, however many processes see it."""

import asyncio

import pytest

from tests.gateway import World, within
from tests.ledger.making import FakeClock
from tests.transport.upstream import until
from tests.webhooks.making import Bench, with_database
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import LedgerUnavailable, Unreachable
from trunkline.observe.trouble import Trouble
from trunkline.storage.sql.database import Database
from trunkline.webhooks.watch import ProviderWatch

TARGET = "openai/gpt-4o-mini"


async def told(bench: Bench) -> list[str]:
    await bench.deliver(3)
    return [claimed.type for claimed in sorted(bench.sender.seen, key=lambda c: c.event)]


def test_a_turn_is_told_once_by_all_processes(tmp_path):
    """Down and back, and down again; each has breakers of its own."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        await bench.endpoint("*", events=("provider.down", "provider.recovered"))
        state = [{TARGET: True}, {TARGET: True}]
        watches = [
            ProviderWatch(
                bench.service, lambda n=n: state[n], Trouble(bench.problems.append, FakeClock())
            )
            for n in range(2)
        ]
        for one, two in (
            (True, True),
            (False, True),
            (False, False),
            (True, False),
            (True, True),
            (False, True),
        ):
            bench.clock.now += 1
            state[:] = [{TARGET: one}, {TARGET: two}]
            for watch in watches:
                await watch.look()

        assert ["provider.down", "provider.recovered", "provider.down"] == await told(bench)
        assert (
            b'{"target":"openai/gpt-4o-mini","provider":"openai","model":"gpt-4o-mini"}'
            == bench.sender.seen[0].data
        )

    with_database(tmp_path, test)


def test_a_process_that_starts_later_tells_of_the_recovery(tmp_path):
    """The one that told it down may be gone; what never was down is no news."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        await bench.endpoint("*", events=("*",))
        down = ProviderWatch(
            bench.service, lambda: {TARGET: False}, Trouble(bench.problems.append, FakeClock())
        )
        await down.look()
        bench.clock.now += 1
        later = ProviderWatch(
            bench.service,
            lambda: {TARGET: True, "a/b": True},
            Trouble(bench.problems.append, FakeClock()),
        )
        await later.look()

        assert ["provider.down", "provider.recovered"] == await told(bench)

    with_database(tmp_path, test)


def test_one_target_s_name_may_begin_another_s(tmp_path):
    """They are told apart."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        await bench.endpoint("*", events=("*",))
        state = {"a/m": False, "a/m 2": False}
        await ProviderWatch(
            bench.service, lambda: state, Trouble(bench.problems.append, FakeClock())
        ).look()

        assert ["provider.down", "provider.down"] == await told(bench)

    with_database(tmp_path, test)


class Away:
    def __init__(self):
        self.asked = 0
        self.back = False

    async def turned(self, name, kind, data, *, first):
        self.asked += 1
        if not self.back:
            raise LedgerUnavailable("no", detail="away")
        return True


def test_what_could_not_be_told_is_told_by_the_next_look():
    """The database was away."""

    async def test() -> None:
        away, problems = Away(), []
        watch = ProviderWatch(away, lambda: {TARGET: False}, Trouble(problems.append, FakeClock()))
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                await watch.look()

        assert 2 == away.asked

    asyncio.run(test())


def test_the_loop_outlives_a_database_that_is_away():
    """It says so, once, and when it is over."""

    async def test() -> None:
        problems, away = [], Away()
        watch = ProviderWatch(
            away, lambda: {TARGET: False}, Trouble(problems.append, FakeClock()), every=0.0
        )
        loop = asyncio.get_running_loop().create_task(watch.run())
        await until(lambda: away.asked > 3)
        away.back = True
        await until(lambda: len(problems) > 1)
        loop.cancel()

        assert [
            "a provider's turn could not be told: away",
            "providers' turns are told again after 0.0 s",
        ] == problems

    asyncio.run(test())


def test_a_gateway_s_breakers_are_what_is_looked_at(tmp_path):
    """Open after three failures in a row, and well again after a success; unasked ones say nothing."""
    target = Deployment(id="sim/m", provider="sim", model="m", dialect="openai-chat")

    async def test(w: World) -> None:
        gateway, seen = w.gateway, []
        seen.append(dict(gateway.generations.targets_well()))
        for _ in range(3):
            gateway.rooms.router.failed(target, Unreachable("no"), w.clock.monotonic())
        seen.append(dict(gateway.generations.targets_well()))
        gateway.rooms.router.succeeded(target, 1.0)
        seen.append(dict(gateway.generations.targets_well()))

        assert [{}, {"sim/m": False}, {"sim/m": True}] == seen

    within(tmp_path, test)
