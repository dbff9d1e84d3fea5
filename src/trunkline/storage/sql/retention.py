"""Requests are kept for a while; what they added up to stays."""

from trunkline.storage.sql.database import Session
from trunkline.storage.sql.rollup import backfilled

KEPT_SINCE = "kept since"
"""The mark before which requests may be gone, in Unix microseconds: see storage/sql/usage.py."""


def drop(session: Session, before: int, most: int) -> bool:
    """Forget up to so many requests received before then, the oldest first; True where there were any."""
    if not backfilled(session):
        return False
    rows = session.all(
        "SELECT request_id FROM requests WHERE received_at < ? AND status <> 'open'"
        " ORDER BY received_at LIMIT ?",
        (before, most),
    )
    if not rows:
        return False
    forget_before(session, before)
    ids = [row[0] for row in rows]
    these = f"request_id IN ({', '.join('?' * len(ids))})"
    session.run(f"DELETE FROM attempts WHERE {these}", ids)  # noqa: S608 - question marks
    session.run(f"DELETE FROM requests WHERE {these}", ids)  # noqa: S608 - question marks
    return True


def forget_before(session: Session, moment: int) -> None:
    """From now on reports do not count on requests that were received before then."""
    advance(session, KEPT_SINCE, moment)


def advance(session: Session, mark: str, moment: int) -> None:
    """A mark that never goes back."""
    session.run(
        "INSERT INTO ledger_marks (name, place, number) VALUES (?, '', ?) ON CONFLICT (name)"
        " DO UPDATE SET number = excluded.number WHERE excluded.number > ledger_marks.number",
        (mark, moment),
    )


def take(session: Session, name: str, holder: str, now: int, until: int) -> bool:
    """The lease of this name is the holder's until then; False where another has it."""
    return bool(
        session.run(
            "INSERT INTO ledger_marks (name, place, number) VALUES (?, ?, ?) ON CONFLICT (name)"
            " DO UPDATE SET place = excluded.place, number = excluded.number"
            " WHERE ledger_marks.place = excluded.place OR ledger_marks.number <= ?",
            (f"lease {name}", holder, until, now),
        )
    )
