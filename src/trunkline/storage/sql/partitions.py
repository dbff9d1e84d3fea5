"""Each month of requests is a table of its own, where the database has partitions: PostgreSQL."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from trunkline.kernel.ids import ulid
from trunkline.storage.sql.database import Session, as_text
from trunkline.storage.sql.retention import forget_before
from trunkline.storage.sql.rollup import HOUR, backfilled

_TABLES = ("requests", "attempts")
_MARK = "month "
# A request's id is drawn a moment after it was received.
_MARGIN = HOUR


class Month(Struct, frozen=True):
    name: str
    """2026_11"""
    first: str
    """The first request id there can be in it."""
    last: str
    """The first one that is behind it."""
    ends: int
    """Unix microseconds."""


def month(moment: int) -> Month:
    """The one in which this is, in UTC. `moment`: Unix microseconds."""
    start = datetime.fromtimestamp(moment / 1e6, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    end = (start + timedelta(days=32)).replace(day=1)
    return Month(
        start.strftime("%Y_%m"), _first_id(start), _first_id(end), int(end.timestamp()) * 1_000_000
    )


def prepare(session: Session, now: int) -> None:
    """
    Tables for this month and the next.

    A month that has begun without one keeps its requests in the table for the rest.
    """
    if not _partitioned(session):
        return
    this = month(now)
    for each in (this, month(this.ends)):
        make(session, each)


def make(session: Session, each: Month) -> None:
    """Its tables, unless there are some; a database with partitions alone has them."""
    mark = (_MARK + each.name,)
    if session.one("SELECT 1 FROM ledger_marks WHERE name = ?", mark) or _begun(session, each):
        return
    for table in _TABLES:
        session.run(
            f"CREATE TABLE {table}_{each.name} PARTITION OF {table}"
            f" FOR VALUES FROM ('{each.first}') TO ('{each.last}')"
        )
    session.run("INSERT INTO ledger_marks VALUES (?, ?, ?)", (*mark, each.name, each.ends))


def drop_months(session: Session, before: int) -> bool:
    """Forget the months that were over before then, whole; True where there was one."""
    if not _partitioned(session) or not backfilled(session):
        return False
    months = session.all(
        "SELECT place FROM ledger_marks WHERE name >= 'month ' AND name < 'month!'"
        " AND number <= ? ORDER BY number",
        (before - _MARGIN,),
    )
    # One that is open is not added up yet; its month waits until somebody gives it its end.
    over = [name for name in (as_text(row[0]) for row in months) if not _open(session, name)]
    for name in over:
        forget_before(session, before)
        for table in _TABLES:
            session.run(f"DROP TABLE {table}_{name}")
        session.run("DELETE FROM ledger_marks WHERE name = ?", (_MARK + name,))
    return bool(over)


def _open(session: Session, name: str) -> bool:
    return session.one(f"SELECT 1 FROM requests_{name} WHERE status = 'open' LIMIT 1") is not None  # noqa: S608 - our own names


def _begun(session: Session, each: Month) -> bool:
    """Requests of that month are in the table for the rest, so that it cannot have its own."""
    return any(
        session.one(
            f"SELECT 1 FROM {table}_rest WHERE request_id >= ? AND request_id < ? LIMIT 1",  # noqa: S608 - our own names
            (each.first, each.last),
        )
        for table in _TABLES
    )


def _partitioned(session: Session) -> bool:
    return session.one("SELECT 1 FROM ledger_marks WHERE name = 'partitioned'") is not None


def _first_id(moment: datetime) -> str:
    return "req_" + ulid(moment.timestamp(), bytes)[:10]
