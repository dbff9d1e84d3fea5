"""Bodies are written beside the traffic, redacted; what is too much is dropped and counted."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.ledger.making import NOON, FakeClock
from trunkline.canon.errors import LedgerUnavailable, NotFound
from trunkline.config.schema import LoggingConfig
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.bodies import BodyLog, BodyStatistics, Heard, Pace, Taking, logged
from trunkline.observe.redact import Redactor
from trunkline.storage.bodies import Body

KEY = "sk-abcdefghijklmnop123456"
HEARD = Heard(
    request_id="req_1",
    tenant="acme",
    key_id="k",
    received_at=NOON,
    path=f"/v1/{KEY}",
    request=f'{{"a":"my {KEY}"}}'.encode(),
    request_size=36,
    answer=(b'{"b":', b'"c"}'),
    answer_size=9,
    status=200,
    streamed=False,
    complete=True,
)
TAKING = Taking(1000, Redactor())
PACE = Pace(interval=3600.0, rest=0.0, lease=300.0, again=0.0)
ON = LoggingConfig(bodies=True)


class Store:
    """A BodyStore that can be away, and can be slow."""

    def __init__(self):
        self.rows = {}
        self.away = self.stuck = 0
        """Times that it will say no: to what is new, and to what is old."""
        self.gate = asyncio.Event()
        self.gate.set()

    async def add(self, rows):
        await self.gate.wait()
        if self.away:
            self.away -= 1
            raise LedgerUnavailable("away")
        self.rows |= {row.request_id: row for row in rows}

    async def get(self, request_id):
        return self.rows.get(request_id)

    async def drop(self, before):
        if self.stuck:
            self.stuck -= 1
            raise LedgerUnavailable("stuck")
        old = [name for name, row in self.rows.items() if row.received_at < before][:2]
        for name in old:
            del self.rows[name]
        return len(old)


class Desk:
    def __init__(self, mine=True):
        self.store, self.clock, self.told, self.asked = Store(), FakeClock(), [], []
        self.mine = mine
        self.log = BodyLog(self.store, self.clock, self.leads, self.told.append, PACE)
        self.log.adopt(ON)

    async def leads(self, name, now, until):
        self.asked.append((name, until - now))
        return self.mine

    def put(self, number, **changes):
        self.log.put(replace(HEARD, request_id=f"req_{number}", **changes), self.log.taking)


def within(work, **more):
    async def main():
        desk = Desk(**more)
        tasks = Tasks(lambda name, error: desk.told.append((name, error)))
        desk.log.start(tasks)
        try:
            await work(desk)
        finally:
            await tasks.aclose()

    asyncio.run(main())


def test_what_is_written_is_redacted():
    """Both sides, and the path."""
    row = logged(HEARD, TAKING)

    assert ("/v1/[redacted]", '{"a":"my [redacted]"}', '{"b":"c"}') == (
        row.path,
        row.request.text,
        row.answer.text,
    )
    assert (round(NOON * 1e6), 36, False) == (row.received_at, row.request.size, row.request.cut)


@pytest.mark.parametrize(
    ("data", "size", "body"),
    (
        (b"0123456789", 10, Body("0123456789", 10)),
        (b"0123456789x", 11, Body("0123456789", 11, cut=True)),
        (b"01234567", 99, Body("01234567", 99, cut=True)),
        ("0123456789é".encode()[1:], 11, Body("123456789", 11, cut=True)),
        (b"\xff", 1, Body("\ufffd", 1)),
        (b"0 " + KEY.encode(), 27, Body("0 [redacte", 27, cut=True)),
        (b"0 sk-abcd", 99, Body("0 [redacte", 99, cut=True)),
    ),
)
def test_a_long_body_is_cut_and_says_so(data, size, body):
    """Behind the masking, and never within a character."""
    heard = replace(HEARD, request=data, request_size=size)

    assert body == logged(heard, replace(TAKING, most=10)).request


def test_bodies_are_written_and_found():
    """Whoever looks finds all that came before."""

    async def work(desk):
        for number in range(40):
            desk.put(number)
        assert "req_39" == (await desk.log.find("req_39")).request_id
        assert BodyStatistics(True, 0, 0, 40, 0, 0, 0) == desk.log.statistics()

    within(work)


def test_they_are_written_without_being_looked_for():
    """Soon after."""

    async def work(desk):
        desk.put(1)
        while not desk.store.rows:  # noqa: ASYNC110 - the writer's to fill
            await asyncio.sleep(0.001)

    within(work)


def test_nobody_waits_and_what_is_too_much_is_dropped():
    """While the database is slow: by number, and by size."""

    async def work(desk):
        desk.store.gate.clear()
        for number in range(1100):
            desk.put(number)
        assert 100 <= desk.log.statistics().dropped
        desk.store.gate.set()
        await desk.log.catch_up()
        written = desk.log.statistics()
        assert (1100, 0) == (written.logged + written.dropped, written.waiting_bytes)
        for number in range(20):
            desk.put(number, request=bytes(4 << 20))
        assert 5 == desk.log.statistics().dropped - written.dropped

    within(work)


def test_a_database_that_is_away_is_asked_again():
    """Nothing of what could wait is lost, and the log is told once."""

    async def work(desk):
        desk.store.away = 3
        desk.put(1)
        while not desk.store.rows:  # noqa: ASYNC110 - the writer's to fill
            await asyncio.sleep(0.001)
        assert 1 == sum("cannot be written" in told for told in desk.told)
        assert 0 == desk.store.away

    within(work)


def test_what_cannot_be_redacted_is_not_kept():
    """Nor does it keep others from being; what is told of it holds nothing of it."""

    class Broken(Redactor):
        def __call__(self, text, *, cut=False):
            raise ValueError(text)

    async def work(desk):
        desk.log.put(HEARD, Taking(10, Broken()))
        desk.put(2)
        await desk.log.find("req_2")
        assert ["req_2"] == list(desk.store.rows)
        assert 1 == desk.log.statistics().failed
        assert ["bodies of req_1 are not kept: ValueError"] == desk.told

    within(work)


@pytest.mark.parametrize(
    ("config", "says"),
    (
        (LoggingConfig(), "Bodies are not logged"),
        (ON, "older than 7 days"),
        (LoggingConfig(bodies=True, bodies_days=0), "it is unknown, from before"),
    ),
)
def test_who_finds_none_is_told_why(config, says):
    """By what the configuration says now."""

    async def work(desk):
        desk.log.adopt(config)
        with pytest.raises(NotFound, match=says):
            await desk.log.find("req_1")

    within(work)


def test_the_old_ones_go():
    """When it is this worker's to do; with zero days, none do."""

    async def old(desk):
        for number in range(5):
            desk.put(number, received_at=NOON - (8 if number < 4 else 6) * 86_400)
        await desk.log.catch_up()
        await desk.log.expire()
        return desk

    async def work(desk):
        await old(desk)
        assert (["req_4"], 4) == (list(desk.store.rows), desk.log.statistics().expired)
        assert ("bodies", 300_000_000) == desk.asked[-1]

    async def others(desk):
        await old(desk)
        assert 5 == len(desk.store.rows)

    async def for_ever(desk):
        desk.log.adopt(LoggingConfig(bodies=True, bodies_days=0))
        await others(desk)

    within(work)
    within(others, mine=False)
    within(for_ever)


def test_a_sweep_that_fails_is_told_of():
    """And tried again later."""

    async def work(desk):
        desk.store.stuck = 1
        while not desk.told:  # noqa: ASYNC110 - the sweeper's to fill
            await asyncio.sleep(0.001)
        assert "old bodies stay for now" in desk.told[0]

    within(work)


def test_it_is_off_unless_asked_for():
    """And can be turned off again."""
    desk = Desk()
    desk.log.adopt(LoggingConfig())

    assert desk.log.taking is None
    assert not desk.log.statistics().logging
