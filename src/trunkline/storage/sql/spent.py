"""What providers were asked for, by day and model: our side of their bills."""

from collections.abc import Sequence

from trunkline.storage.records import USAGE_CLASSES, Spent, SpentQuery, UsageColumns
from trunkline.storage.sql.database import Row, Session, SqlValue, as_int, as_text
from trunkline.storage.sql.rollup import DAY
from trunkline.storage.sql.usage import kept_since

_SUMS = ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in (*USAGE_CLASSES, "cost_nanousd"))
# The tenants' own credentials are on the tenants' own bills.
_ATTEMPTS = (
    f"SELECT started_at / {DAY} * {DAY}, model, count(*), {_SUMS} FROM attempts"  # noqa: S608 - our own names
    " WHERE started_at >= ? AND started_at < ? AND status <> 'open' AND byok = 0 AND provider IN ({})"
    " GROUP BY 1, 2 ORDER BY 1, 2"
)
_ROLLUPS = (
    f"SELECT begins, upstream_model, CAST(sum(requests) AS BIGINT), {_SUMS} FROM usage_days"  # noqa: S608 - our own names
    " WHERE begins >= ? AND begins < ? AND byok = 0 AND provider IN ({})"
    " GROUP BY 1, 2 ORDER BY 1, 2"
)


def spent(session: Session, query: SpentQuery) -> Sequence[Spent]:
    """
    From the attempts, which are what a provider bills, answered or not.

    Of days whose attempts are no longer kept, from the rollups: of each request what answered it.
    """
    kept = -(-(kept_since(session) or 0) // DAY) * DAY
    turn = min(max(query.start, kept), query.end)
    marks = ", ".join("?" * len(query.providers))

    def read(sql: str, start: int, end: int) -> list[Row]:
        values: tuple[SqlValue, ...] = (start, end, *query.providers)
        return session.all(sql.format(marks), values) if start < end else []

    old = [_spent(row, whole=False) for row in read(_ROLLUPS, query.start, turn)]
    return [*old, *(_spent(row, whole=True) for row in read(_ATTEMPTS, turn, query.end))]


def _spent(row: Row, *, whole: bool) -> Spent:
    day, model, count, *counts, cost = row
    return Spent(
        as_int(day),
        as_text(model),
        as_int(count),
        UsageColumns(*map(as_int, counts)),
        as_int(cost),
        whole,
    )
