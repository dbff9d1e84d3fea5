"""
The seam under the stores: SQL that SQLite and PostgreSQL both understand, run in transactions.

A store is written once, over this; a backend brings the connections. What the two databases agree
on is enough: `?` for values, `INSERT ... ON CONFLICT (...) DO UPDATE SET x = excluded.x`,
`RETURNING`, common table expressions, window functions, partial indexes. Times are Unix
microseconds as integers (or seconds as reals where they always were), booleans are 0 and 1, JSON is
text. No scalar min() or max(), no strftime, no rowid (docs/adr/0014).
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

SqlValue = None | int | float | str | bytes
Row = tuple[SqlValue, ...]
ResultT = TypeVar("ResultT")


class Session(Protocol):
    """One transaction; lent to a piece of work, in a thread of the database's, and then gone."""

    def all(self, sql: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        """Every row of a SELECT, or of a RETURNING."""

    def one(self, sql: str, values: Sequence[SqlValue] = ()) -> Row | None:
        """The first row; None where there is none."""

    def run(self, sql: str, values: Sequence[SqlValue] = ()) -> int:
        """A change; how many rows it touched."""


Work = Callable[[Session], ResultT]


class Database(Protocol):
    """
    Each method runs its work in a transaction of its own and returns what it returned.

    An exception of the work's rolls back and goes on to the caller. All raise LedgerUnavailable
    where the database cannot be read or written now. Cancelling does not stop work that has begun.
    """

    async def read(self, work: Work[ResultT]) -> ResultT:
        """For looking up: what it sees is of one moment. Short: others wait for it."""

    async def report(self, work: Work[ResultT]) -> ResultT:
        """As `read`, but for what takes long: nothing on the way of a request waits for it."""

    async def write(self, work: Work[ResultT], *, alone: str = "") -> ResultT:
        """
        Durable when it returns.

        `alone`: work that reads before it writes names what it must find unchanged; of one name,
        one at a time runs, over all processes.
        """


def as_int(value: SqlValue) -> int:
    """What the schema declares as an integer, to mypy as well."""
    if not isinstance(value, int):
        raise TypeError(f"the database gave {value!r} where an integer was asked for")
    return value


def as_text(value: SqlValue) -> str:
    """What the schema declares as text, to mypy as well."""
    if not isinstance(value, str):
        raise TypeError(f"the database gave {type(value).__name__} where text was asked for")
    return value
