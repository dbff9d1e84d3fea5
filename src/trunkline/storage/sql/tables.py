"""A database's tables as data: what there is to copy, in which order, and sums that two copies share."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from trunkline.storage.base import StorageRefused
from trunkline.storage.sql.columns import quoted
from trunkline.storage.sql.database import Row, SqlValue, as_int, as_text

Kind = Literal["int", "real", "text", "blob"]
Ask = Callable[[str, Sequence[SqlValue]], Sequence[Row]]

MIGRATIONS_TABLE: Final = "migrations"
UNFINISHED: Final = "unfinished_copy"
"""A table of the target's while it is being copied into; gateways refuse such a database."""
UNFINISHED_COPY: Final = (
    "a copy into this database was begun and not finished: `trunkline database copy` with --resume"
    " finishes it"
)
REPLACED: Final = ("ledger_marks", "settings", "versions")
"""Small ones, in which a new database has rows of its own: copied whole, in one transaction each."""
# The months that have tables of their own are each database's business (storage/sql/partitions.py).
_OTHERS: Final = {
    "ledger_marks": "name <> 'partitioned' AND NOT (name >= 'month ' AND name < 'month!')"
}
# What any look by a gateway leaves behind (storage/postgres/storage.py).
_IN_EMPTY: Final = {"settings": "name <> 'pepper'", "versions": "1 = 0", **_OTHERS}
# Rows of these name rows of others, which must be there before.
_LATE: Final = ("items",)
# A sum of times is more than 64 bits hold after some thousand rows, so halves are added up. Both
# databases divide towards zero, and x is the one half times this and the other, whatever its sign.
_HALF: Final = 1 << 32
# Of one piece: some 15 MB of Python's objects, and a few seconds' work to lose.
_ROWS: Final = 10_000
_HEAVY_ROWS: Final = 1_000
_SIZE: Final = 8 << 20


class Column(Struct, frozen=True):
    name: str
    kind: Kind


class Table(Struct, frozen=True):
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """What no two rows share, and the order in which they are copied."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def heavy(self) -> bool:
        """A row may be megabytes: stored answers, logged bodies."""
        return sum(column.kind == "blob" for column in self.columns) > 1

    def key_of(self, row: Row) -> Row:
        """Of a row with all columns in their order."""
        return tuple(row[self.names.index(name)] for name in self.key)


class Sums(Struct, frozen=True):
    rows: int
    size: int
    """Bytes of all texts and blobs."""
    numbers: Mapping[str, int]
    """The sum of each column of integers."""


def in_order(tables: Iterable[Table]) -> tuple[Table, ...]:
    """As they are copied."""
    return tuple(sorted(tables, key=lambda table: (table.name in _LATE, table.name)))


def copied(name: str) -> bool:
    """What tells of the schema itself is made anew, and a copy's own notes stay behind."""
    return name not in (MIGRATIONS_TABLE, UNFINISHED)


def select(table: Table, after: Row | None) -> tuple[str, Sequence[SqlValue]]:
    """All rows behind that key, in the key's order."""
    terms = [_OTHERS.get(table.name, "")]
    if after is not None:
        terms.append(f"({quoted(table.key)}) > ({', '.join('?' * len(table.key))})")
    where = " AND ".join(filter(None, terms))
    sql = (
        f'SELECT {quoted(table.names)} FROM "{table.name}"'  # noqa: S608 - our own names
        f"{' WHERE ' + where if where else ''} ORDER BY {quoted(table.key)}"
    )
    return sql, () if after is None else after


def last_key(table: Table) -> str:
    """A SELECT of the greatest."""
    backwards = ", ".join(f'"{name}" DESC' for name in table.key)
    return f'SELECT {quoted(table.key)} FROM "{table.name}" ORDER BY {backwards} LIMIT 1'  # noqa: S608 - our own names


def delete(table: Table) -> str:
    return f'DELETE FROM "{table.name}"{_where(_OTHERS, table)}'  # noqa: S608 - our own names


def insert(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f'INSERT INTO "{table.name}" ({quoted(table.names)}) VALUES ({marks})'  # noqa: S608 - our own names


def some_row(table: Table) -> str:
    """A SELECT of one that a new database does not have."""
    return f'SELECT 1 FROM "{table.name}"{_where(_IN_EMPTY, table)} LIMIT 1'  # noqa: S608 - our own names


def sums(table: Table, ask: Ask) -> Sums:
    """By one pass over the table. Equal for equal rows, on every database."""
    integers = [column.name for column in table.columns if column.kind == "int"]
    terms = ["count(*)"]
    for name in integers:
        terms += (f'sum("{name}" / {_HALF})', f'sum("{name}" % {_HALF})')
    terms += (
        f'sum(octet_length("{column.name}"))'
        for column in table.columns
        if column.kind in ("text", "blob")
    )
    sql = f'SELECT {", ".join(terms)} FROM "{table.name}"{_where(_OTHERS, table)}'  # noqa: S608 - our own names
    [row] = ask(sql, ())
    rows, *rest = (as_int(value or 0) for value in row)
    halves, sizes = rest[: 2 * len(integers)], rest[2 * len(integers) :]
    numbers = {
        name: halves[2 * at] * _HALF + halves[2 * at + 1] for at, name in enumerate(integers)
    }
    return Sums(rows, sum(sizes), numbers)


def moments(ask: Ask, ends: Callable[[int], int]) -> Sequence[int]:
    """A time in each month that requests were received in. `ends`: of the month of a time."""
    found: list[int] = []
    since = 0
    while True:
        [row] = ask("SELECT min(received_at) FROM requests WHERE received_at >= ?", (since,))
        if row[0] is None:
            return found
        found.append(as_int(row[0]))
        since = ends(found[-1])


def pieces(rows: Iterable[Row], table: Table) -> Iterator[Sequence[Row]]:
    """As many together as one transaction takes well, and memory holds."""
    most = _HEAVY_ROWS if table.heavy else _ROWS
    piece: list[Row] = []
    size = 0
    for row in rows:
        piece.append(row)
        if table.heavy:
            size += sum(len(value) for value in row if isinstance(value, bytes))
        if len(piece) >= most or size >= _SIZE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def known_kind(table: str, column: str, declared: str) -> Kind:
    """Raises StorageRefused for a type that the schema has no word for."""
    words: Mapping[str, Kind] = {
        "INTEGER": "int",
        "BIGINT": "int",
        "REAL": "real",
        "DOUBLE PRECISION": "real",
        "TEXT": "text",
        "BLOB": "blob",
        "BYTEA": "blob",
    }
    kind = words.get(declared.upper())
    if kind is None:
        raise StorageRefused(f"{table}.{column} is {declared}, which Trunkline has no tables of")
    return kind


def as_tables(columns: Iterable[Row], keys: Iterable[Row]) -> tuple[Table, ...]:
    """From (table, column, declared type) and (table, column) of its key, both in their order."""
    of: dict[str, list[Column]] = {}
    key_of: dict[str, list[str]] = {}
    for row in columns:
        table, column, declared = map(as_text, row)
        if copied(table):
            of.setdefault(table, []).append(Column(column, known_kind(table, column, declared)))
    for row in keys:
        key_of.setdefault(as_text(row[0]), []).append(as_text(row[1]))
    return tuple(Table(name, tuple(of[name]), tuple(key_of[name])) for name in of)


def _where(filters: Mapping[str, str], table: Table) -> str:
    return f" WHERE {filters[table.name]}" if table.name in filters else ""
