"""Which workers there are: when each was seen last, and what it has open."""

from collections.abc import Collection, Sequence

from trunkline.storage.records import WorkerFound
from trunkline.storage.sql.database import Row, Session, as_int, as_text
from trunkline.storage.sql.retention import advance

_SEEN = "seen "
_MARKS = "name >= 'seen ' AND name < 'seen!'"
_LEASES = "name >= 'lease ' AND name < 'lease!'"
# A worker that ended badly leaves its mark behind. Whoever has not come back by then does not.
_KEPT_MICROS = 30 * 86_400_000_000


def seen(session: Session, worker: str, now: int) -> None:
    advance(session, _SEEN + worker, now)
    session.run(f"DELETE FROM ledger_marks WHERE {_MARKS} AND number < ?", (now - _KEPT_MICROS,))  # noqa: S608 - our own words


def workers(session: Session) -> Sequence[WorkerFound]:
    """By name. One that has never said so was seen when it opened what is the youngest."""
    requests = _open(session, "requests", "received_at")
    attempts = _open(session, "attempts", "started_at")
    marks = session.all(f"SELECT name, number FROM ledger_marks WHERE {_MARKS}")  # noqa: S608 - our own words
    said = {as_text(name).removeprefix(_SEEN): as_int(number) for name, number in marks}
    none = (0, 0)
    return tuple(
        WorkerFound(
            name,
            max(said.get(name, 0), requests.get(name, none)[1], attempts.get(name, none)[1]),
            requests.get(name, none)[0],
            attempts.get(name, none)[0],
        )
        for name in sorted({*said, *requests, *attempts})
    )


def gone(session: Session, worker: str) -> None:
    """It has no journal any more, and nothing to say."""
    session.run("DELETE FROM journals WHERE worker = ?", (worker,))
    _unseen(session, worker)


def release(session: Session, lost: Collection[str]) -> None:
    """
    What these had for themselves (retention.take) is anybody's, and nobody looks out for them.

    Should one come back with its journal, that is read on from where it was: from its beginning, it
    would count anew what is no longer kept.
    """
    for worker in lost:
        session.run(f"DELETE FROM ledger_marks WHERE {_LEASES} AND place = ?", (worker,))  # noqa: S608 - our own words
        _unseen(session, worker)


def _unseen(session: Session, worker: str) -> None:
    session.run("DELETE FROM ledger_marks WHERE name = ?", (_SEEN + worker,))


def _open(session: Session, table: str, moment: str) -> dict[str, tuple[int, int]]:
    """How many rows of each worker have no end, and when the youngest began."""
    rows: Sequence[Row] = session.all(
        f"SELECT worker, count(*), max({moment}) FROM {table}"  # noqa: S608 - our own names
        " WHERE status = 'open' GROUP BY worker"
    )
    return {as_text(name): (as_int(count), as_int(last)) for name, count, last in rows}
