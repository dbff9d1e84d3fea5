"""A data folder with rows in every table, whatever tables there are, and all that is in a database."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import apsw

from tests.ledger.making import NOON, FakeClock
from trunkline.kernel.ids import ulid
from trunkline.storage.sql.database import Row, SqlValue
from trunkline.storage.sql.tables import Column, Table, in_order, insert, select
from trunkline.storage.sqlite.backend import open_sqlite
from trunkline.storage.sqlite.whole import FILES, tables_of
from trunkline.storage.whole import Source

MONTH = 31 * 86_400
_TEXTS = ("", "ann", "Grüße, 世界 🚀", 'it\'s "quoted"\n\\.\t', "\x01\x7f\ufffd")
_INTS = (0, 1, -5, 2**62, 1_795_000_000_000_000)
_REALS = (0.0, 0.1, -2.5e-300, 1.795e9, 1 / 3)
_BLOBS = (b"", b"\0\1\xff", bytes(range(256)) * 40)


def made(folder: Path) -> Path:
    """A data folder as a gateway makes it; empty."""
    asyncio.run(open_sqlite(folder, FakeClock()).aclose())
    return folder


def filled(folder: Path, count: int = 7) -> Path:
    """So many rows in each table; requests over three months."""
    made(folder)
    for name in FILES:
        connection = apsw.Connection(str(folder / name))
        for table in in_order(tables_of(connection)):
            if name == FILES[0] and table.name in ("idempotency", "request_bodies"):
                continue  # they have files of their own
            optional = _optional(connection, table)
            rows = [_row(table, optional, number) for number in range(count)]
            with connection:
                connection.executemany(insert(table), rows)
        connection.close()
    return folder


def _optional(connection: apsw.Connection, table: Table) -> frozenset[str]:
    columns = connection.execute(f"PRAGMA table_info({table.name})")
    return frozenset(str(row[1]) for row in columns if not row[3])


def _row(table: Table, optional: frozenset[str], number: int) -> Sequence[SqlValue]:
    return [_value(table, column, optional, number + at) for at, column in enumerate(table.columns)]


def _value(table: Table, column: Column, optional: frozenset[str], number: int) -> SqlValue:
    unix = NOON + (number % 3) * MONTH + number
    if column.name == "request_id":
        return "req_" + ulid(unix, bytes)
    if column.name == "received_at":
        return round(unix * 1e6)
    if column.name in table.key or (table.name, column.name) == ("items", "response_id"):
        given: Mapping[str, SqlValue] = {
            "int": number,
            "real": float(number),
            "text": f"row {number:04}",
            "blob": number.to_bytes(32),
        }
        if table.name in ("items", "responses"):  # of one another
            return "acme" if column.name == "tenant" else f"resp_{number - _place(table, column)}"
        return given[column.kind]
    if column.name in optional and number % 2:
        return None
    # Unique where it is anything.
    if (table.name, column.name) == ("webhook_events", "once"):
        return f"once {number}"
    values: Mapping[str, Sequence[SqlValue]] = {
        "int": _INTS,
        "real": _REALS,
        "text": _TEXTS,
        "blob": _BLOBS,
    }
    return values[column.kind][number % len(values[column.kind])]


def _place(table: Table, column: Column) -> int:
    return table.names.index(column.name)


def dump(source: Source) -> Mapping[str, Sequence[Row]]:
    """Every row of every table, in columns and in an order that both databases have."""
    rows = {}
    for table in source.tables:
        columns = tuple(sorted(table.columns, key=lambda column: column.name))
        same = Table(table.name, columns, table.key)
        sql, _ = select(same, None)
        rows[table.name] = source.ask(table.name, sql)
    source.close()
    return rows
