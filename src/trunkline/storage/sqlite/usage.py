"""Adding up the ledger in SQL: usage reports and the totals that books are compared by."""

from collections.abc import Mapping, Sequence

import apsw

from trunkline.canon.usage import Usage
from trunkline.storage.records import (
    USAGE_CLASSES,
    Grouping,
    Totals,
    UsageQuery,
    UsageReport,
    UsageSum,
)
from trunkline.storage.sqlite.connection import SqlValue

_GROUPS: Mapping[Grouping, str] = {
    "model": "model",
    "provider": "provider",
    "key": "key_id",
    "tenant": "tenant",
    "face": "face",
    "status": "status",
    "day": "strftime('%Y-%m-%d', received_at / 1000000, 'unixepoch')",
    "hour": "strftime('%Y-%m-%dT%H:00:00Z', received_at / 1000000, 'unixepoch')",
}
_FILTERS = ("tenant", "key_id", "model", "provider", "face", "status")
_SUMS = ", ".join(
    ["count(*)", *(f"coalesce(sum({name}), 0)" for name in (*USAGE_CLASSES, "cost_nanousd"))]
)
_DIFFERENT = " OR ".join(f"r.{name} <> a.{name}" for name in (*USAGE_CLASSES, "cost_nanousd"))
_LEGS = ", ".join(f"sum({name}) AS {name}" for name in (*USAGE_CLASSES, "cost_nanousd"))
# A request costs what the attempts do that did not fail: one, or the legs of its answer. Of one
# whose worker died among its legs, nobody knows.
_MISBILLED = (
    "SELECT count(*) FROM requests AS r JOIN"  # noqa: S608 - our own names
    f" (SELECT request_id, {_LEGS} FROM attempts WHERE status <> 'failed' GROUP BY request_id)"
    " AS a ON a.request_id = r.request_id"
    f" WHERE r.status NOT IN ('open', 'failed', 'orphaned') AND ({_DIFFERENT})"
)


def usage(connection: apsw.Connection, query: UsageQuery) -> UsageReport:
    """Rows and total come from one statement, so they are of one moment."""
    groups = query.group_by
    where, values = _where(query)
    columns = ", ".join([*(_GROUPS[name] for name in groups), _SUMS])
    by = ", ".join(str(place + 1) for place in range(len(groups)))
    select = f"SELECT {columns} FROM requests WHERE {where}"  # noqa: S608 - our own names
    if groups:
        select += f" GROUP BY {by} ORDER BY {by}"
    rows = tuple(_sum(groups, row) for row in connection.execute(select, values))
    if not groups:
        return UsageReport((), rows[0])
    return UsageReport(rows, _add(rows))


def _where(query: UsageQuery) -> tuple[str, tuple[SqlValue, ...]]:
    terms = ["received_at >= ?", "received_at < ?", "status <> 'open'"]
    values: list[SqlValue] = [query.start, query.end]
    for name in _FILTERS:
        if (value := getattr(query, name)) is not None:
            terms.append(f"{name} = ?")
            values.append(value)
    return " AND ".join(terms), tuple(values)


def _sum(groups: Sequence[Grouping], row: Sequence[SqlValue]) -> UsageSum:
    names = row[: len(groups)]
    requests, *counts, cost = (as_int(value) for value in row[len(groups) :])
    return UsageSum(
        group={group: str(name) for group, name in zip(groups, names, strict=True)},
        requests=requests,
        usage=Usage(**dict(zip(USAGE_CLASSES, counts, strict=True))),
        cost_nanousd=cost,
    )


def _add(rows: Sequence[UsageSum]) -> UsageSum:
    return UsageSum(
        group={},
        requests=sum(row.requests for row in rows),
        usage=Usage(
            **{name: sum(getattr(row.usage, name) for row in rows) for name in USAGE_CLASSES}
        ),
        cost_nanousd=sum(row.cost_nanousd for row in rows),
    )


def totals(connection: apsw.Connection) -> Totals:
    """Reads every row: for tests and audits."""

    def count(sql: str) -> int:
        return as_int(connection.execute(sql).get)

    connection.execute("BEGIN")
    try:
        everything = f"SELECT {_SUMS} FROM requests WHERE status <> 'open'"  # noqa: S608 - our own names
        billed = _sum((), next(iter(connection.execute(everything))))
        return Totals(
            requests=count("SELECT count(*) FROM requests"),
            attempts=count("SELECT count(*) FROM attempts"),
            open=count("SELECT count(*) FROM requests WHERE status = 'open'"),
            orphaned=count("SELECT count(*) FROM requests WHERE status = 'orphaned'"),
            usage=billed.usage,
            cost_nanousd=billed.cost_nanousd,
            attempt_cost_nanousd=count("SELECT coalesce(sum(cost_nanousd), 0) FROM attempts"),
            without_attempts=count(
                "SELECT count(*) FROM requests AS r WHERE attempts > 0 AND NOT EXISTS"
                " (SELECT 1 FROM attempts AS a WHERE a.request_id = r.request_id)"
            ),
            without_request=count(
                "SELECT count(*) FROM attempts AS a WHERE NOT EXISTS"
                " (SELECT 1 FROM requests AS r WHERE r.request_id = a.request_id)"
            ),
            misbilled=count(_MISBILLED),
        )
    finally:
        connection.execute("COMMIT")


def as_int(value: SqlValue) -> int:
    """What SQLite declares as an integer, to mypy as well."""
    if not isinstance(value, int):
        raise TypeError(f"SQLite gave {value!r} where an integer was asked for")
    return value
