"""Requests to usage by hour and by day: added up in the transaction in which they end."""

from collections.abc import Iterable, Mapping, Sequence
from operator import add, itemgetter
from typing import Any

from trunkline.storage.records import OPEN, USAGE_CLASSES, RequestRow
from trunkline.storage.sql.database import Session, SqlValue, as_text

HOUR, DAY = 3_600_000_000, 86_400_000_000
"""Microseconds."""
NAME_LIMIT = 100
"""
Characters of a name that tell rows apart. All dimensions together make an entry of the table's index,
of which PostgreSQL takes 2704 bytes at most (postgresql.org/docs/15/btree.html, seen 2026-11-21).
"""
DIMENSIONS = (
    "tenant",
    "key_id",
    "user_id",
    "model",
    "provider",
    "upstream_model",
    "face",
    "mode",
    "tags",
    "status",
    "byok",
)
LONG = frozenset({"user_id", "model", "provider", "upstream_model"})
"""Those that are cut at NAME_LIMIT."""
TOKENS_AND_MONEY = (*USAGE_CLASSES, "cost_nanousd", "baseline_nanousd")
MEASURES = (
    "requests",
    *TOKENS_AND_MONEY,
    "errors",
    "first_content_us",
    "first_content_count",
    "total_us",
    "total_count",
    "unpriced_requests",
)
SOUND = ("ok", "cancelled")
"""Statuses that are nobody's error."""

# In this order always: two workers that lock the same rows in different ones wait for each other.
_KEY = ("begins", *DIMENSIONS)
_FIELDS = RequestRow.__struct_fields__
_received = itemgetter(_FIELDS.index("received_at"))
_dimensions = itemgetter(*map(_FIELDS.index, DIMENSIONS))
_amounts = itemgetter(
    *map(_FIELDS.index, (*TOKENS_AND_MONEY, "first_content_ms", "total_ms", "price_version"))
)
_LONG = [name in LONG for name in DIMENSIONS]
_CLASSES = len(USAGE_CLASSES)
_STATUS = DIMENSIONS.index("status")
_CHUNKS = (64, 32, 16, 8, 4, 2, 1)
_BACKFILL = "backfill"

Key = tuple[SqlValue, ...]
Amounts = tuple[int, ...]
"""In the order of MEASURES."""
Counted = tuple[Any, ...]
"""What of a request is counted: TOKENS_AND_MONEY, the milliseconds, the price's version."""
RowTuple = tuple[SqlValue, ...]
"""A RequestRow's fields, in their order."""


def _statement(table: str, count: int) -> str:
    columns = (*_KEY, *MEASURES)
    one = f"({', '.join('?' * len(columns))})"
    changes = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in MEASURES)
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - our own names
        f" VALUES {', '.join([one] * count)}"
        f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {changes}"
    )


_HOURS = {count: _statement("usage_hours", count) for count in _CHUNKS}
_DAYS = {count: _statement("usage_days", count) for count in _CHUNKS}
_SELECT = (
    f"SELECT {', '.join(_FIELDS)} FROM requests"  # noqa: S608 - our own names
    " WHERE request_id > ? ORDER BY request_id LIMIT ?"
)


def roll(session: Session, rows: Iterable[RowTuple]) -> None:
    """Count these requests, which have just reached their end in this transaction."""
    hours = added(rows)
    days: dict[Key, Amounts] = {}
    for (begins, *names), amounts in hours.items():
        key = (int(begins or 0) // DAY * DAY, *names)
        known = days.get(key)
        days[key] = amounts if known is None else tuple(map(add, known, amounts))
    write(session, hours, days)


def write(session: Session, hours: Mapping[Key, Amounts], days: Mapping[Key, Amounts]) -> None:
    """Add these sums to those that are there."""
    _upsert(session, _HOURS, hours)
    _upsert(session, _DAYS, days)


def added(rows: Iterable[RowTuple]) -> Mapping[Key, Amounts]:
    """The rollups by hour of these rows, alone."""
    groups: dict[tuple[int, Key], list[Counted]] = {}
    for row in rows:
        place = (_received(row) // HOUR, _dimensions(row))
        group = groups.get(place)
        if group is None:
            groups[place] = [_amounts(row)]
        else:
            group.append(_amounts(row))
    sums: dict[Key, Amounts] = {}
    for (hour, names), group in groups.items():
        key = (hour * HOUR, *_cut(names))
        amounts = _sums(group, failed=names[_STATUS] not in SOUND)
        known = sums.get(key)
        sums[key] = amounts if known is None else tuple(map(add, known, amounts))
    return sums


def _cut(names: Key) -> Key:
    """As the tables have them: names of bounded length, and no booleans."""
    *texts, byok = (
        str(name)[:NAME_LIMIT] if long else name for name, long in zip(names, _LONG, strict=True)
    )
    return (*texts, 1 if byok else 0)


def _sums(rows: Sequence[Counted], *, failed: bool) -> Amounts:
    *counts, firsts, totals, versions = zip(*rows, strict=True)
    first_ms = [value for value in firsts if value is not None]
    total_ms = [value for value in totals if value is not None]
    return (
        len(rows),
        *map(sum, counts),
        len(rows) if failed else 0,
        round(sum(first_ms) * 1000),
        len(first_ms),
        round(sum(total_ms) * 1000),
        len(total_ms),
        sum(not row[-1] and any(row[:_CLASSES]) for row in rows) if "" in versions else 0,
    )


def _upsert(session: Session, upserts: Mapping[int, str], sums: Mapping[Key, Amounts]) -> None:
    keys = sorted(sums)
    start = 0
    for chunk in _CHUNKS:
        while start + chunk <= len(keys):
            values: list[SqlValue] = []
            for key in keys[start : start + chunk]:
                values += key
                values += sums[key]
            session.run(upserts[chunk], values)
            start += chunk


def backfilled(session: Session) -> bool:
    """Everything is counted that was written before there was counting."""
    return session.one("SELECT 1 FROM ledger_marks WHERE name = ?", (_BACKFILL,)) is None


def backfill(session: Session, most: int) -> bool:
    """
    Count some of the requests from before there were rollups, the oldest first; True: there are more.

    One that was open then is counted by whoever writes its end, and `rolled` from then on.
    """
    mark = session.one("SELECT place FROM ledger_marks WHERE name = ?", (_BACKFILL,))
    if mark is None:
        return False
    rows = session.all(_SELECT, (as_text(mark[0]), most))
    if not rows:
        session.run("DELETE FROM ledger_marks WHERE name = ?", (_BACKFILL,))
        return False
    status, rolled = _FIELDS.index("status"), _FIELDS.index("rolled")
    roll(session, [row for row in rows if row[status] != OPEN and not row[rolled]])
    last = as_text(rows[-1][_FIELDS.index("request_id")])
    session.run("UPDATE ledger_marks SET place = ? WHERE name = ?", (last, _BACKFILL))
    return True
