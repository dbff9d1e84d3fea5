"""What is delivered when, and that no endpoint waits for another."""

import asyncio

from tests.transport.upstream import until
from tests.webhooks.making import Bench, with_database
from trunkline.canon.errors import LedgerUnavailable
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.deliveries import DEAD, PENDING
from trunkline.webhooks.deliverer import WebhookStatistics


async def statuses(bench: Bench, endpoint_id: str) -> list[tuple[str, int]]:
    found = await bench.service.deliveries(None, endpoint_id, None, None, 200)
    return [(delivery.status, delivery.attempts) for delivery in found]


def test_what_was_put_is_delivered_once(tmp_path):
    """To each endpoint that listens; and then there is nothing left to do."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one, two = await bench.endpoint(), await bench.endpoint()
        deaf = await bench.endpoint(events=("budget.exceeded",))
        await bench.tell(3)
        await bench.deliver(2)

        assert 6 == len(bench.sent()) == len(set(bench.sent()))
        assert [("delivered", 1)] * 3 == await statuses(bench, one.id)
        assert [("delivered", 1)] * 3 == await statuses(bench, two.id)
        assert [] == await statuses(bench, deaf.id)
        assert 0 == await bench.deliverer.round()

    with_database(tmp_path, test)


def test_a_failed_attempt_waits_for_its_time(tmp_path):
    """And counts on."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        bench.sender.statuses[one.id] = PENDING
        await bench.tell()
        await bench.deliver(2)
        assert [("pending", 1)] == await statuses(bench, one.id)

        bench.clock.now += 4.9
        await bench.deliver()
        assert 1 == len(bench.sent())
        bench.clock.now += 0.2
        bench.sender.statuses.clear()
        await bench.deliver()

        assert [("delivered", 2)] == await statuses(bench, one.id)
        assert [1, 2] == [claimed.attempt for claimed in bench.sender.seen]
        assert 1 == len({claimed.event for claimed in bench.sender.seen})

    with_database(tmp_path, test)


def test_a_dead_letter_is_left_alone_until_it_is_sent_again(tmp_path):
    """From the API; then it has all its attempts again."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        bench.sender.statuses[one.id] = DEAD
        await bench.tell()
        await bench.deliver()
        bench.clock.now += 1e6
        await bench.deliver()
        assert [("dead", 1)] == await statuses(bench, one.id)
        told = f"gave up the webhook delivery {bench.sent()[0]} after 1 attempts: answered 500"
        assert [told] == bench.problems

        bench.sender.statuses.clear()
        again = await bench.service.redeliver("acme", one.id, bench.sent()[0])
        assert ("pending", 0) == (again.status, again.attempts)
        await bench.deliver()
        assert [("delivered", 1)] == await statuses(bench, one.id)

    with_database(tmp_path, test)


def test_an_endpoint_that_hangs_delays_nobody(tmp_path):
    """It has eight attempts under way and no more; the others' go out."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        slow, well = await bench.endpoint(), await bench.endpoint()
        held = bench.sender.held[slow.id] = asyncio.Event()
        await bench.tell(30)
        for _ in range(6):
            await bench.deliverer.round()
            await bench.tasks.finish("nothing")
            await asyncio.sleep(0.01)

        by = [claimed.endpoint.id for claimed in bench.sender.seen]
        assert (8, 30) == (by.count(slow.id), by.count(well.id))
        assert 8 == bench.deliverer.statistics().in_flight
        held.set()
        await bench.deliver(6)
        assert [("delivered", 1)] * 30 == await statuses(bench, slow.id)

    with_database(tmp_path, test)


def test_one_that_keeps_failing_gets_one_attempt_at_a_time(tmp_path):
    """Until it answers again."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        bench.sender.statuses[one.id] = PENDING
        bench.sender.pause_us = 10**12
        await bench.tell(30)
        await bench.deliver()
        assert 8 == len(bench.sent())
        assert 1 == bench.deliverer.statistics().failing

        await bench.deliver(2)
        assert 10 == len(bench.sent())
        bench.sender.statuses.clear()
        await bench.deliver(2)
        assert 19 == len(bench.sent())
        assert 0 == bench.deliverer.statistics().failing

    with_database(tmp_path, test)


def test_failing_endpoints_share_half_of_all_places(tmp_path):
    """A hundred dead ones leave room for the living."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        dead = [(await bench.endpoint(f"t{n}")).id for n in range(100)]
        well = (await bench.endpoint("well")).id
        for endpoint_id in dead:
            bench.deliverer._failures[endpoint_id] = 3
            bench.sender.held[endpoint_id] = asyncio.Event()
        for n in range(100):
            await bench.tell(2, f"t{n}")
        await bench.tell(20, "well")
        for _ in range(8):
            await bench.deliverer.round()
            await asyncio.sleep(0.01)

        assert 64 == bench.deliverer.statistics().in_flight
        assert 20 == sum(claimed.endpoint.id == well for claimed in bench.sender.seen)
        for event in bench.sender.held.values():
            event.set()
        await bench.deliverer.idle()

    with_database(tmp_path, test)


def test_two_processes_share_the_work(tmp_path):
    """What one has claimed the other does not get."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        await bench.endpoint()
        other = bench.another()
        await bench.tell(40)
        for _ in range(6):
            await asyncio.gather(bench.deliverer.round(), other.round())
            await bench.deliverer.idle()
            await other.idle()

        assert 40 == len(bench.sent()) == len(set(bench.sent()))

    with_database(tmp_path, test)


def test_what_a_killed_sender_had_claimed_comes_back(tmp_path):
    """After its lease; what the dead one would say later is not heard."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        bench.sender.held[one.id] = asyncio.Event()
        await bench.tell()
        await bench.deliverer.round()
        other = bench.another()
        bench.clock.now += 59
        assert 0 == await other.round()
        bench.clock.now += 2
        assert 1 == await other.round()

        bench.sender.statuses[one.id] = DEAD
        bench.sender.held[one.id].set()
        await bench.deliverer.idle()
        await other.idle()
        assert [1, 2] == [claimed.attempt for claimed in bench.sender.seen]
        assert [("dead", 2)] == await statuses(bench, one.id)

    with_database(tmp_path, test)


def test_one_that_is_gone_is_disabled(tmp_path):
    """Nothing is put for it any more, and what was waits until it is enabled."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        bench.sender.statuses[one.id] = DEAD
        bench.sender.disable.add(one.id)
        await bench.tell(9)
        await bench.deliver(2)
        view = await bench.service.get("acme", one.id)
        assert (False, "answered 500") == (view.enabled, view.disabled_because)
        assert 8 == len(bench.sent())

        await bench.tell()
        bench.sender.statuses.clear()
        bench.sender.disable.clear()
        bench.clock.now += 100
        await bench.deliver()
        assert 8 == len(bench.sent())

    with_database(tmp_path, test)


class Refusing:
    """A store whose database is away for some calls."""

    def __init__(self, store, times):
        self._store = store
        self.times = times

    async def due(self, now, after, most):
        return await self._store.due(now, after, most)

    async def claim(self, rooms, claim, now, until):
        return await self._store.claim(rooms, claim, now, until)

    async def finish(self, outcomes):
        if self.times:
            self.times -= 1
            raise LedgerUnavailable("no", detail="away")
        return await self._store.finish(outcomes)


def test_what_came_of_an_attempt_waits_for_the_database(tmp_path):
    """It is not sent twice for that."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        bench.deliverer._store = Refusing(bench.store, 1)
        await bench.tell()
        await bench.deliverer.round()
        await bench.tasks.finish("webhooks: send ")
        assert [("pending", 1)] == await statuses(bench, one.id)
        await bench.deliver()

        assert [("delivered", 1)] == await statuses(bench, one.id)
        assert 1 == len(bench.sent())

    with_database(tmp_path, test)


def test_the_loop_tells_once_that_the_database_is_away(tmp_path):
    """And goes on when it is back."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        await bench.endpoint()

        class Away(Refusing):
            async def due(self, now, after, most):
                if self.times:
                    self.times -= 1
                    bench.deliverer.nudge()
                    raise LedgerUnavailable("no", detail="away")
                return await super().due(now, after, most)

        bench.deliverer._store = Away(bench.store, 3)
        await bench.tell()
        loop = bench.tasks.spawn("loop", bench.deliverer.run())
        await until(lambda: bool(bench.sent()))
        loop.cancel()
        await bench.deliverer.idle()

        assert [
            "webhooks wait for the database: away",
            "webhooks are sent again after 0.0 s",
        ] == bench.problems

    with_database(tmp_path, test)


def test_closing_ends_what_is_under_way_and_begins_nothing(tmp_path):
    """The outcome is written down."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one = await bench.endpoint()
        held = bench.sender.held[one.id] = asyncio.Event()
        await bench.tell(9)
        await bench.deliverer.round()
        asyncio.get_running_loop().call_soon(held.set)
        await bench.deliverer.aclose()

        assert 0 == await bench.deliverer.round()
        found = await statuses(bench, one.id)
        assert (8, 1) == (found.count(("delivered", 1)), found.count(("pending", 0)))

    with_database(tmp_path, test)


def test_statistics_tell_what_came_of_attempts(tmp_path):
    """By outcome."""

    async def test(database: Database) -> None:
        bench = Bench(database)
        one, two, three = [await bench.endpoint() for _ in range(3)]
        bench.sender.statuses = {two.id: PENDING, three.id: DEAD}
        await bench.tell(2)
        await bench.deliver()

        assert (
            WebhookStatistics(in_flight=0, failing=0, attempts=6, delivered=2, failed=2, dead=2)
            == bench.deliverer.statistics()
        )
        assert 3 == len({one.id, two.id, three.id})

    with_database(tmp_path, test)
