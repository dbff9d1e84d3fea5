"""The seam for whoever looks at a database as a whole, or moves it: blocking, one at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from trunkline.storage.sql.database import Row, SqlValue
from trunkline.storage.sql.tables import Table

# Every method raises StorageRefused where the database cannot be read or written.


class About(Struct, frozen=True):
    place: str
    """Where it is, for people: never with a password."""
    backend: str
    version: str
    """The database's own."""
    schema: int
    """The last migration applied; 0: none."""
    size: int
    """Bytes on disk, indexes included."""


class Source(Protocol):
    """All that is read is of one moment (SQLite: of one for each file), and nothing is changed."""

    @property
    def about(self) -> About: ...
    @property
    def tables(self) -> Sequence[Table]: ...
    def ask(self, table: str, sql: str, values: Sequence[SqlValue] = ()) -> Sequence[Row]:
        """A SELECT, where this table is."""

    def marked(self) -> bool:
        """It has the table UNFINISHED: a copy into it was begun, and not finished."""

    def rows(self, table: Table, after: Row | None) -> Iterator[Sequence[Row]]:
        """Behind that key, in the key's order, in pieces that fit into memory."""

    def connected(self) -> int:
        """How many other connections Trunkline has to it, where the database tells."""

    def changed(self) -> bool:
        """Somebody has changed something since this was opened. Ends the reading."""

    def close(self) -> None: ...


class Target(Protocol):
    """Migrated, and nobody else's while it is open."""

    @property
    def about(self) -> About: ...
    @property
    def tables(self) -> Sequence[Table]: ...
    def ask(self, table: str, sql: str, values: Sequence[SqlValue] = ()) -> Sequence[Row]: ...
    def marked(self) -> bool: ...
    def change(self, table: str, sql: str, values: Sequence[SqlValue] = ()) -> None:
        """In a transaction of its own, as the next two."""

    def put(self, table: Table, rows: Sequence[Row], *, first: str = "") -> None:
        """
        Add rows; `first` is done before them.

        NUL in a text becomes U+FFFD where there is no place for it, and is counted in the column
        `replaced` of the table UNFINISHED.
        """

    def clear(self, tables: Sequence[Table]) -> None:
        """All rows of these, and fast."""

    def make_months(self, moments: Sequence[int]) -> None:
        """Room for the requests of the months in which these are (Unix microseconds)."""

    def finish(self) -> None:
        """Everything is durable, and then the table UNFINISHED goes."""

    def close(self) -> None: ...


Advance = Callable[[str, int, int], None]
"""Told of what, how much of it is done, and how much there is."""
