"""Tests of storage/sql/rollup.py: the sums by hour and day are those of the requests, whatever happens."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.storage.rows import DAY, HOUR, NOON_MICROS, batch, request
from tests.storage.sql.books import run
from trunkline.storage.records import OPEN, Position, RequestRow, UsageQuery
from trunkline.storage.sql.database import Database, Row, Session
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.rollup import NAME_LIMIT, added, backfill, roll

WORKERS = ("w1", "w2", "w3")
_RAW = (
    "SELECT received_at / {0} * {0}, key_id, model, tags, status, count(*),"
    " CAST(sum(input) AS BIGINT), CAST(sum(cost_nanousd) AS BIGINT),"
    " CAST(sum(CASE WHEN status IN ('failed', 'partial', 'orphaned') THEN 1 ELSE 0 END) AS BIGINT)"
    " FROM requests WHERE status <> 'open' GROUP BY 1, 2, 3, 4, 5"
)
_ROLLED = (
    "SELECT begins, key_id, model, tags, status, CAST(sum(requests) AS BIGINT),"
    " CAST(sum(input) AS BIGINT), CAST(sum(cost_nanousd) AS BIGINT),"
    " CAST(sum(errors) AS BIGINT) FROM {0} GROUP BY 1, 2, 3, 4, 5"
)


def disagreements(session: Session) -> list[Row]:
    """What only one of the two books says: requests, or rollups by hour and by day."""
    found: list[Row] = []
    for table, length in (("usage_hours", HOUR), ("usage_days", DAY)):
        raw = set(session.all(_RAW.format(length)))
        rolled = set(session.all(_ROLLED.format(table)))
        found += raw ^ rolled
    return found


@st.composite
def rows(draw: st.DrawFn) -> RequestRow:
    """One of a few requests, open or at one of its possible ends."""
    number = draw(st.integers(1, 200))
    status = draw(st.sampled_from((OPEN, "ok", "ok", "failed", "cancelled", "partial")))
    return request(
        number,
        received_at=NOON_MICROS + number * 7 * HOUR // 5,
        key_id=f"key{number % 3}",
        tags=("", '["a","b"]')[number % 2],
        model=draw(st.sampled_from(("mini", "maxi"))),
        status=status,
        worker=WORKERS[number % len(WORKERS)],
        input=0 if status == OPEN else draw(st.integers(0, 1 << 30)),
        cost_nanousd=0 if status == OPEN else draw(st.integers(0, 1 << 40)),
    )


def once(some: Sequence[RequestRow]) -> tuple[RequestRow, ...]:
    """Each request once, as the mover's batches have it."""
    return tuple({row.request_id: row for row in some}.values())


steps = st.lists(
    st.one_of(
        st.lists(rows(), min_size=1, max_size=100).map(once),
        st.sampled_from(("again", *WORKERS)),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(history=steps)
def test_rollups_are_the_sum_of_the_requests(
    database: Database, history: Sequence[str | tuple[RequestRow, ...]]
) -> None:
    """
    Batches in any order, batches again, workers that die: after each step both books agree.

    One history goes on where the one before ended.
    """

    async def work(ledger: SqlLedgerStore) -> None:
        last: tuple[RequestRow, ...] = ()
        for step in history:
            if step == "again":
                await ledger.apply(batch(last))
            elif isinstance(step, str):
                await ledger.orphan([step])
            else:
                last = step
                await ledger.apply(batch(step))
            assert [] == await database.read(disagreements)

    run(database, work)


def test_a_double_count_is_noticed(database: Database) -> None:
    """A store that counts whatever it is given is caught when a batch comes twice."""

    async def work(ledger: SqlLedgerStore) -> list[Row]:
        ended = (request(1, status="ok", input=5),)
        await ledger.apply(batch(ended))
        assert [] == await database.read(disagreements)
        tuples = [msgspec.structs.astuple(row) for row in ended]
        await database.write(lambda session: roll(session, tuples))
        return await database.read(disagreements)

    assert run(database, work)


def test_a_batch_applied_twice_changes_nothing(database: Database) -> None:
    """Open, ended and new rows together, again and with one more."""

    async def work(ledger: SqlLedgerStore) -> list[tuple[int, int, int]]:
        first = (request(1), request(2, status="ok", cost_nanousd=7), request(3, status="failed"))
        then = (*first, request(4, status="ok", cost_nanousd=1))
        counts = []
        for some in (first, first, then, then, (request(1, status="ok", cost_nanousd=2),)):
            await ledger.apply(batch(some, position=Position(1, len(counts))))
            total = (await ledger.usage(UsageQuery(start=0, end=2 * NOON_MICROS))).total
            counts.append((total.requests, total.errors, total.cost_nanousd))
        return counts

    assert [(2, 1, 7), (2, 1, 7), (3, 1, 8), (3, 1, 8), (4, 1, 10)] == run(database, work)


def test_an_orphan_is_counted_without_cost(database: Database) -> None:
    """Its worker died; more of them than one transaction takes."""

    async def work(ledger: SqlLedgerStore) -> tuple[int, int, int, list[Row]]:
        left = tuple(request(number, attempts=1) for number in range(600))
        await ledger.apply(batch(left))
        orphaned = await ledger.orphan(["w1"])
        report = await ledger.usage(UsageQuery(start=0, end=2 * NOON_MICROS, status="orphaned"))
        found = await database.read(disagreements)
        return orphaned, report.total.requests, report.total.cost_nanousd, found

    assert (600, 600, 0, []) == run(database, work)


def test_names_that_begin_alike_are_one() -> None:
    """A name is cut before it could be too long for an index; what is cut alike is added up."""
    long = "n" * NAME_LIMIT
    some = [request(n, status="ok", model=long + str(n), input=1) for n in (1, 2)]

    sums = added(map(msgspec.structs.astuple, some))

    assert [(long, 2, 2)] == [(key[4], amounts[0], amounts[1]) for key, amounts in sums.items()]


def test_durations_are_summed_where_there_are_any() -> None:
    """Beside how many there were, so that there is a mean of a mean."""
    some = [
        request(1, status="ok", first_content_ms=1.5, total_ms=2.25),
        request(2, status="ok", total_ms=0.75),
        request(3, status="ok"),
    ]

    (amounts,) = added(map(msgspec.structs.astuple, some)).values()

    assert (1500, 1, 3000, 2) == amounts[-5:-1]


def test_requests_without_a_price_are_counted() -> None:
    """Those that took tokens, of any class: not what was free, and not what took nothing."""
    some = [
        request(1, status="ok", input=5),
        request(2, status="ok", audio_output=1),
        request(3, status="ok", input=5, price_version="2026-11-01"),
        request(4, status="ok", total_ms=0.75),
    ]

    (amounts,) = added(map(msgspec.structs.astuple, some)).values()

    assert (4, 2) == (amounts[0], amounts[-1])


@pytest.mark.parametrize("piece", (1, 3, 1000))
def test_what_was_there_before_is_counted_in_pieces(database: Database, piece: int) -> None:
    """Old requests once each, while others end: new ones, and old ones that were open."""
    numbers = range(10, 20)
    old = [
        request(number, status=OPEN if number % 4 == 0 else "ok", input=number, rolled=False)
        for number in numbers
    ]

    def plant(session: Session) -> None:
        for row in old:
            values = [int(v) if isinstance(v, bool) else v for v in msgspec.structs.astuple(row)]
            columns = ", ".join(row.__struct_fields__)
            marks = ", ".join("?" * len(values))
            session.run(f"INSERT INTO requests ({columns}) VALUES ({marks})", values)
        session.run("INSERT INTO ledger_marks VALUES ('backfill', '', 0)")

    async def work(ledger: SqlLedgerStore) -> list[Row]:
        await database.write(plant)
        total = (await ledger.usage(UsageQuery(start=0, end=2 * NOON_MICROS))).total
        assert sum(number for number in numbers if number % 4) == total.usage.input
        await ledger.apply(batch((request(12, status="ok", input=1), request(9, status="ok"))))
        await ledger.apply(batch((request(11, status="ok", input=9),)))
        await database.write(lambda session: backfill(session, piece))
        await ledger.apply(batch((request(105, status="ok", input=5),)))
        await ledger.orphan(["w1"])
        while await database.write(lambda session: backfill(session, piece)):
            pass
        return await database.read(disagreements)

    assert [] == run(database, work)
    assert not asyncio.run(database.write(lambda session: backfill(session, piece)))


def test_what_tenants_paid_themselves_is_apart() -> None:
    """In rows of their own."""
    some = [request(n, status="ok", byok=n == 1, cost_nanousd=n) for n in (1, 2, 3)]

    sums = added(map(msgspec.structs.astuple, some))

    assert {1: 1, 0: 5} == {key[-1]: amounts[9] for key, amounts in sums.items()}
