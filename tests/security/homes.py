"""A gateway's data folder and its database, and every place in both where something may be left."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
from msgspec import Struct

from tests.security.canary import left_behind, unpacked

_TABLES = (
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
    " AND relnamespace = 'public'::regnamespace ORDER BY relname"
)
# The files in which one machine has these tables, so that a place has one name on both.
_FILES = {
    "request_bodies": "bodies.db",
    "responses": "responses.db",
    "items": "responses.db",
    "idempotency": "idempotency.db",
}


class Home(Struct, frozen=True):
    data: Path
    database: str = ""
    """The URL of a PostgreSQL; empty: SQLite in the folder."""

    @property
    def config(self) -> str:
        """What a configuration says of it."""
        return f'[server]\ndatabase = "{self.database}"\n' if self.database else ""

    def left_behind(self) -> Iterator[tuple[str, bytes]]:
        yield from left_behind(self.data)
        if self.database:
            yield from _columns(self.database)


def _columns(url: str) -> Iterator[tuple[str, bytes]]:
    with psycopg.connect(url) as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table}"'.encode())
            names = [column.name for column in cursor.description or ()]
            file = _FILES.get(table, "trunkline.db")
            for row in cursor:
                for place, value in unpacked(table, zip(names, row, strict=True)):
                    yield f"{file} {place}", value
