"""Tests of ledger/counters.py: counters that are lost, or left behind, follow the ledger."""

import asyncio

import pytest

from tests.ledger.making import NOON, FakeClock
from trunkline.canon.errors import LedgerUnavailable
from trunkline.canon.limit import Allowance, Limit, Unit
from trunkline.ledger.counters import CounterKeeper, CountersStatistics
from trunkline.storage.records import OpenWindow, RequestRow, StoredRequest
from trunkline.storage.state import Claim
from trunkline.testing.memory_state import MemoryCounts, MemoryState

MICROS = 1_000_000
NOW = round(NOON * MICROS)
HOUR, DAY = 3600 * MICROS, 86_400 * MICROS


class Windows:
    """The store, in a list; fails when told to."""

    def __init__(self):
        self.kept = {}
        self.failing = False
        self.sums = {}
        self.asked = []

    async def used(self, windows, now):
        self.asked.append(([window.counter for window in windows], now))
        return {window.counter: self.sums.get(window.counter, 0) for window in windows}

    async def put(self, windows):
        if self.failing:
            raise LedgerUnavailable("not now", detail="the database is down")
        self.kept |= {window.counter: window for window in windows}

    async def open(self, now):
        return [w for w in self.kept.values() if not w.closes or w.closes > now]

    async def drop(self, before):
        return 0


class Ledger:
    """The requests that it has heard of."""

    def __init__(self):
        self.requests = {}

    async def request(self, request_id, tenant):
        return self.requests.get(request_id)

    def add(self, request_id, status, **usage):
        row = RequestRow(
            request_id=request_id, tenant="t", key_id="k", face="native", dialect="d",
            operation="chat", model="m", status=status, received_at=NOW, **usage,
        )  # fmt: skip
        self.requests[request_id] = StoredRequest(row, ())


class Office:
    def __init__(self):
        self.clock = FakeClock()
        self.counts = MemoryCounts(self.clock)
        self.counts.lost = False
        self.mine, self.other = (MemoryState(self.counts, name) for name in ("mine", "other"))
        self.ledger, self.windows, self.problems = Ledger(), Windows(), []
        self.leading, self.led = True, []
        self.asking_takes = 0.0
        self.done_after = 0
        """Another process has added up when it was asked so often who does."""
        self.keeper = CounterKeeper(
            self.mine,
            self.ledger,
            self.windows,
            self.clock,
            self.problems.append,
            self.leads,
            interval=0.001,
        )

    async def leads(self, now, until):
        self.led.append((now, until))
        self.clock.now += self.asking_takes
        if len(self.led) == self.done_after:
            await self.other.restore({})
        return self.leading

    def standing(self, one):
        (found,) = asyncio.run(self.mine.look([one]))
        return (found.used, found.reserved, found.closes)


def limit(unit=Unit.COST, window=DAY, counter="key/k/cost/86400", most=10**9):
    return Limit(counter=counter, unit=unit, most=most, window=window, field="f", scope="key")


def left_behind(office, one, lease="req_1", tokens=50, cost=500):
    """By a worker that has just died."""

    async def work():
        await office.other.admit(Claim(lease, [one], tokens, cost))
        office.clock.now += 60
        await office.keeper.turn()

    asyncio.run(work())


@pytest.mark.parametrize("status", ("ok", "partial", "cancelled", "orphaned", "failed"))
def test_what_a_dead_worker_held_is_settled_by_the_ledger(status):
    """To the nano-dollar, whatever it had reserved."""
    office = Office()
    office.ledger.add("req_1", status, input=30, output=4, cost_nanousd=123)
    left_behind(office, limit())

    assert (123, 0) == office.standing(limit())[:2]
    assert CountersStatistics(1, 0, 0) == office.keeper.statistics()


def test_tokens_are_of_all_classes():
    """As the limit counts them."""
    office = Office()
    tokens = limit(Unit.TOKENS, counter="key/k/tokens/86400")
    office.ledger.add("req_1", "ok", input=30, cache_read=5, output=4, reasoning=2)
    left_behind(office, tokens)

    assert (41, 0) == office.standing(tokens)[:2]


def test_one_that_is_not_over_waits():
    """Its reservation stands until somebody knows."""
    office = Office()
    office.ledger.add("req_1", "open")
    left_behind(office, limit())

    assert (500, 500) == office.standing(limit())[:2]
    assert CountersStatistics(0, 0, 1) == office.keeper.statistics()


def test_one_that_nobody_ever_heard_of():
    """Its worker died before it wrote a word: within the hour it is forgotten."""
    office = Office()
    left_behind(office, limit())
    assert (500, 500) == office.standing(limit())[:2]
    office.clock.now += 3600
    asyncio.run(office.keeper.turn())

    assert (0, 0) == office.standing(limit())[:2]


def test_long_windows_are_written_down_once():
    """A day's, and one that never closes; a minute's and places are soon over."""
    office = Office()
    day = Allowance(limit(), 5, NOW + DAY)
    total = Allowance(limit(window=0, counter="key/k/cost/0"), 5, 0)
    minute = Allowance(limit(window=60 * MICROS, counter="a"), 5, NOW + 60 * MICROS)
    places = Allowance(limit(Unit.CONCURRENT, window=0, counter="b"), 5, 0)

    async def work():
        session = Limit(
            counter="session/s", unit=Unit.COST, most=1, window=DAY, field="f", scope="session"
        )
        office.keeper.note([day, total, minute, places, Allowance(session, 1, NOW + DAY)])
        await office.keeper.turn()
        first = dict(office.windows.kept)
        office.windows.kept.clear()
        office.keeper.note([day, total])
        await office.keeper.turn()
        return first

    assert {
        "key/k/cost/86400": OpenWindow("key/k/cost/86400", Unit.COST, NOW, NOW + DAY),
        "key/k/cost/0": OpenWindow("key/k/cost/0", Unit.COST, NOW, 0),
    } == asyncio.run(work())
    assert {} == office.windows.kept


def test_the_next_window_of_a_counter_is_written_down_too():
    """It is known by when it closes."""
    office = Office()
    office.keeper.note([Allowance(limit(), 5, NOW + DAY)])
    asyncio.run(office.keeper.turn())
    office.keeper.note([Allowance(limit(), 5, NOW + 3 * DAY)])
    asyncio.run(office.keeper.turn())

    assert NOW + 2 * DAY == office.windows.kept["key/k/cost/86400"].opened


def test_a_database_that_fails_is_told_of_once_and_written_to_later():
    """Nothing that was noted meanwhile is lost."""
    office = Office()
    office.windows.failing = True
    office.keeper.note([Allowance(limit(), 5, NOW + DAY)])

    async def work():
        task = asyncio.ensure_future(office.keeper.run())  # noqa: TID251 - ended below
        while not office.problems:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.001)
        for _ in range(5):
            await asyncio.sleep(0.001)
        office.windows.failing = False
        async with asyncio.timeout(60):
            while len(office.problems) < 2:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(work())

    assert office.windows.kept
    assert [
        "the counters of limits are not kept: the database is down",
        "the counters of limits are kept again after 0.0 s",
    ] == office.problems


def test_lost_counters_are_built_anew():
    """Of each window that is open, what the ledger has; and it closes when it would have."""
    office = Office()
    office.windows.kept["key/k/cost/86400"] = OpenWindow(
        "key/k/cost/86400", Unit.COST, NOW - HOUR, NOW + HOUR
    )
    office.windows.kept["tenant/t/cost/0"] = OpenWindow("tenant/t/cost/0", Unit.COST, NOW, 0)
    office.windows.kept["gone"] = OpenWindow("key/k/cost/1", Unit.COST, NOW - DAY, NOW - 1)
    office.windows.sums = {"key/k/cost/86400": 33, "tenant/t/cost/0": 44}
    office.counts.lose()
    asyncio.run(office.keeper.start())

    assert (33, 0, NOW + HOUR) == office.standing(limit())
    assert (44, 0, 0) == office.standing(limit(window=0, counter="tenant/t/cost/0"))
    assert [(["key/k/cost/86400", "tenant/t/cost/0"], NOW)] == office.windows.asked
    assert not office.mine.lost


def test_one_process_adds_up_for_all():
    """While it leads, nobody else asks the ledger; what is lost stays so, and money fails closed."""
    office = Office()
    office.windows.kept["c"] = OpenWindow("tenant/t/cost/0", Unit.COST, NOW, 0)
    office.counts.lose()
    office.leading = False
    asyncio.run(office.keeper.turn())
    before = list(office.windows.asked), office.mine.lost
    office.leading = True
    asyncio.run(office.keeper.turn())

    assert (([], True), 1, False) == (before, len(office.windows.asked), office.mine.lost)


def test_whoever_adds_up_for_long_says_so_again():
    """Before another takes it for dead: thousands at a time, each asked for once."""
    office = Office()
    for number in range(22_000):
        counter = f"tenant/t{number}/cost/0"
        office.windows.kept[counter] = OpenWindow(counter, Unit.COST, NOW, 0)
    used = office.windows.used

    async def slowly(windows, now):
        office.clock.now += 1.5
        return await used(windows, now)

    office.windows.used = slowly
    office.counts.lose()
    asyncio.run(office.keeper.turn())

    assert [0, 3, 6] == [(now - NOW) // 10**6 for now, _ in office.led]
    assert all(now + 4 * 10**6 == until for now, until in office.led)
    asked = [counter for counters, _ in office.windows.asked for counter in counters]
    assert list(office.windows.kept) == asked


def test_who_starts_meanwhile_waits():
    """Until whoever leads is done, or gone."""
    office = Office()
    office.windows.kept["c"] = OpenWindow("tenant/t/cost/0", Unit.COST, NOW, 0)
    office.counts.lose()
    office.leading = False
    office.done_after = 3
    asyncio.run(office.keeper.start())

    assert (3, [], False) == (len(office.led), office.windows.asked, office.mine.lost)


def test_no_start_waits_for_ever():
    """Who leads may fail each time, and lead again: of a full disk, of a ledger that is slow."""
    office = Office()
    office.windows.kept["c"] = OpenWindow("tenant/t/cost/0", Unit.COST, NOW, 0)
    office.counts.lose()
    office.leading = False
    office.asking_takes = 3.0
    asyncio.run(asyncio.wait_for(office.keeper.start(), 60))

    assert (4, [], True) == (len(office.led), office.windows.asked, office.mine.lost)


def test_nobody_leads_while_the_counters_are_out_of_reach():
    """The ledger would be asked for nothing, and whoever starts would wait for who cannot be done."""
    office = Office()
    office.windows.kept["c"] = OpenWindow("tenant/t/cost/0", Unit.COST, NOW, 0)
    office.counts.lose()
    office.counts.degraded = True
    asyncio.run(office.keeper.start())
    before = list(office.led), list(office.windows.asked), len(office.problems)
    office.counts.degraded = False
    asyncio.run(office.keeper.turn())

    assert (([], [], 1), 1, False) == (before, len(office.led), office.mine.lost)


def test_counters_that_are_there_stay():
    """Nobody adds to them what they know."""
    office = Office()
    asyncio.run(office.keeper.start())

    assert ([], CountersStatistics(0, 0, 0)) == (office.windows.asked, office.keeper.statistics())


def test_a_worker_is_alive_while_its_database_is_not():
    """However long a turn waits: others take no place of what it has under way."""
    office = Office()

    async def stuck(windows):
        await asyncio.Event().wait()

    async def work():
        one = limit()
        await office.mine.admit(Claim("req_1", [one], 0, 5))
        office.windows.put = stuck
        office.keeper.note([Allowance(one, 5, NOW + DAY)])
        beating, turning = (
            asyncio.ensure_future(loop())  # noqa: TID251 - ended below
            for loop in (office.keeper.pulse, office.keeper.run)
        )
        async with asyncio.timeout(60):
            for _ in range(3):
                office.clock.now += 4.0
                while office.counts.beats.get("mine") != office.counts.now():  # noqa: ASYNC110 - of a fake
                    await asyncio.sleep(0.001)
        left = await office.other.beat()
        for task in (beating, turning):
            task.cancel()
        await asyncio.wait([beating, turning])
        return left

    assert [] == asyncio.run(work())
