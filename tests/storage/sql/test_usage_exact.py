"""Tests of storage/sql/usage.py: whatever is asked, the answer is what somebody with a list and a pencil gets."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.rows import DAY, HOUR, NOON_MICROS, batch, request
from tests.storage.sql.books import run
from trunkline.storage.records import USAGE_CLASSES, Grouping, RequestRow, UsageQuery, UsageReport
from trunkline.storage.sql.database import Database, Row, Session, SqlValue
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.usage import usage

SPAN = 33 * DAY
"""From the noon of a 21st: over the end of a month."""


def row(number: int) -> RequestRow:
    """Of a request in a hundred and twenty: no two dimensions repeat in the same step."""
    status = ("ok", "ok", "failed", "partial", "cancelled", "open")[number % 6]
    return request(
        number,
        received_at=NOON_MICROS + number * number * SPAN // 120**2,
        status=status,
        tenant=("acme", "bell")[number % 2],
        key_id=f"key{number % 5}",
        user_id=("", "ann", "bob")[number % 3],
        model=("mini", "maxi", "midi")[number % 7 % 3],
        provider=("openai", "azure")[number % 11 % 2],
        upstream_model=("mini-1", "maxi-1")[number % 29 % 2],
        price_version=("", "2026-11-01")[number % 31 % 2],
        face=("native", "keyplex")[number % 13 % 2],
        mode=("", "eco")[number % 17 % 2],
        tags=("", '["a"]', '["a","b"]', '["b"]')[number % 4],
        byok=number % 19 == 0,
        cost_nanousd=number**5,
        baseline_nanousd=number**4,
        first_content_ms=None if number % 5 == 0 else number / 8,
        total_ms=None if number % 23 == 0 else number / 4,
        **{name: number**place for place, name in enumerate(USAGE_CLASSES)},
    )


ROWS = tuple(map(row, range(120)))
_TIMES = {"month": "%Y-%m", "day": "%Y-%m-%d", "hour": "%Y-%m-%dT%H:00:00Z"}
_NAMES = {"key": "key_id", "user": "user_id"}


def tags_of(each: RequestRow) -> Sequence[str]:
    return msgspec.json.decode(each.tags) if each.tags else ()


def places(each: RequestRow, groups: Sequence[Grouping]) -> list[tuple[str, ...]]:
    """The rows of the answer in which a request stands."""
    found: list[tuple[str, ...]] = [()]
    for group in groups:
        if group in _TIMES:
            moment = datetime.fromtimestamp(each.received_at // 1_000_000, UTC)
            values: Sequence[str] = (moment.strftime(_TIMES[group]),)
        elif group == "tag":
            values = tags_of(each) or ("",)
        else:
            values = (getattr(each, _NAMES.get(group, group)),)
        found = [(*before, value) for before in found for value in values]
    return found


def wanted(each: RequestRow, query: UsageQuery) -> bool:
    asked = {
        name: getattr(query, name)
        for name in ("tenant", "key_id", "model", "provider", "face", "mode", "status", "byok")
    }
    asked["user_id"] = query.user
    return (
        each.status != "open"
        and query.start <= each.received_at < query.end
        and (query.tag is None or query.tag in tags_of(each))
        and all(value is None or value == getattr(each, name) for name, value in asked.items())
    )


def added_up(rows: Sequence[RequestRow]) -> tuple[object, ...]:
    def mean(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return round(sum(known) * 1000) / len(known) / 1000 if known else None

    return (
        len(rows),
        sum(each.status not in ("ok", "cancelled") for each in rows),
        *(sum(getattr(each, name) for each in rows) for name in USAGE_CLASSES),
        sum(each.cost_nanousd for each in rows),
        sum(each.baseline_nanousd for each in rows),
        mean([each.first_content_ms for each in rows]),
        mean([each.total_ms for each in rows]),
        sum(not each.price_version and each.total > 0 for each in rows),
    )


def by_hand(query: UsageQuery) -> tuple[Mapping[tuple[str, ...], object], object]:
    rows = [each for each in ROWS if wanted(each, query)]
    groups: dict[tuple[str, ...], list[RequestRow]] = {}
    for each in rows:
        for place in places(each, query.group_by) if query.group_by else ():
            groups.setdefault(place, []).append(each)
    return {place: added_up(groups[place]) for place in sorted(groups)}, added_up(rows)


def told(report: UsageReport, groups: Sequence[Grouping]) -> tuple[object, object]:
    def sums(one: Any) -> tuple[object, ...]:
        return (
            one.requests,
            one.errors,
            *msgspec.structs.astuple(one.usage),
            one.cost_nanousd,
            one.baseline_nanousd,
            one.first_content_ms,
            one.total_ms,
            one.unpriced_requests,
        )

    rows = {tuple(one.group[group] for group in groups): sums(one) for one in report.rows}
    assert len(rows) == len(report.rows)
    return rows, sums(report.total)


def maybe(*values: object) -> st.SearchStrategy[object]:
    return st.sampled_from((None, None, None, *values))


edges = st.integers(-HOUR, SPAN + HOUR) | st.integers(0, 33).map(lambda day: day * DAY - DAY // 2)
queries = st.builds(
    lambda one, two, groups, **filters: UsageQuery(
        start=NOON_MICROS + min(one, two),
        end=NOON_MICROS + max(one, two),
        group_by=tuple(groups),
        **filters,
    ),
    one=edges,
    two=edges,
    groups=st.lists(st.sampled_from(get_args(Grouping)), unique=True, max_size=4),
    tenant=maybe("acme", "nobody"),
    key_id=maybe("key3"),
    user=maybe("", "ann"),
    model=maybe("mini"),
    provider=maybe("azure"),
    face=maybe("keyplex"),
    mode=maybe("", "eco"),
    tag=maybe("a", "b", "c"),
    status=maybe("ok", "failed"),
    byok=maybe(0, 1),
)


def asked(database: Database) -> Callable[[UsageQuery], UsageReport]:
    """With all rows in it, in several batches."""

    async def fill(ledger: SqlLedgerStore) -> None:
        for first in range(0, len(ROWS), 50):
            await ledger.apply(batch(ROWS[first : first + 50]))

    run(database, fill)
    return lambda query: asyncio.run(SqlLedgerStore(database).usage(query))


def test_every_report_is_what_a_pencil_gets(database: Database) -> None:
    """Any groups, filters and edges: every sum of every row, the rows in order, and the total."""
    ask = asked(database)

    @settings(deadline=None)
    @given(query=queries)
    def check(query: UsageQuery) -> None:
        report = ask(query)
        rows, total = by_hand(query)

        assert (rows, total) == told(report, query.group_by)
        assert list(rows) == [tuple(one.group.values()) for one in report.rows]

    check()


class Backwards:
    """A session of a database that has its own mind about the order of groups."""

    def __init__(self, session: Session) -> None:
        self.one, self.run, self._all = session.one, session.run, session.all

    def all(self, sql: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        return self._all(sql, values)[::-1]


def test_rows_are_in_order_whatever_the_database_says(database: Database) -> None:
    """Nobody is asked to sort, and PostgreSQL does not always."""
    asked(database)
    query = UsageQuery(start=0, end=2 * NOON_MICROS, group_by=("day", "key"))

    report = asyncio.run(database.report(lambda session: usage(Backwards(session), query)))

    assert list(by_hand(query)[0]) == [tuple(one.group.values()) for one in report.rows]


def test_a_wrong_sum_is_noticed(database: Database) -> None:
    """A day that has one token too many is caught by the pencil."""
    ask = asked(database)
    query = UsageQuery(start=NOON_MICROS - DAY, end=NOON_MICROS + 2 * SPAN, group_by=("day",))
    assert by_hand(query) == told(ask(query), query.group_by)
    asyncio.run(
        database.write(lambda session: session.run("UPDATE usage_days SET output = output + 1"))
    )

    assert by_hand(query) != told(ask(query), query.group_by)
