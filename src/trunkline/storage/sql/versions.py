"""The number by which every process sees that somebody may call now who could not before, or not any more."""

from trunkline.storage.sql.database import Session, as_int


def version(session: Session) -> int:
    row = session.one("SELECT value FROM versions WHERE name = 'keys'")
    return 0 if row is None else as_int(row[0])


def changed(session: Session) -> None:
    """To be called in the transaction of the change: whoever sees the one sees the other."""
    session.run("UPDATE versions SET value = value + 1 WHERE name = 'keys'")
