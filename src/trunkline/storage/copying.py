"""All rows of one database into another: in the order of their keys, and compared in the end."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct

from trunkline.storage.base import StorageRefused
from trunkline.storage.sql.database import Row, as_int, as_text
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sql.partitions import month
from trunkline.storage.sql.tables import (
    REPLACED,
    UNFINISHED,
    UNFINISHED_COPY,
    Sums,
    Table,
    delete,
    in_order,
    last_key,
    moments,
    some_row,
    sums,
)
from trunkline.storage.whole import Advance, Source, Target

_DDL: Final = f"""
CREATE TABLE {UNFINISHED} (name TEXT PRIMARY KEY, sums TEXT NOT NULL, replaced BIGINT NOT NULL)
"""
_NUL_GROWS: Final = len("\ufffd".encode()) - 1


class Copied(Struct, frozen=True):
    source: str
    target: str
    tables: Mapping[str, Sums]
    """As they are now on both sides."""
    replaced: int
    """NULs in texts that PostgreSQL has no place for, each a U+FFFD now."""


class Begun(Struct, frozen=True):
    """What a target says of a copy that was begun into it."""

    sums: Mapping[str, Sums]
    replaced: Mapping[str, int]


class Wish(Struct, frozen=True):
    resume: bool = False
    """An unfinished copy is gone on with, if the source is still as it was."""
    restart: bool = False
    """What an unfinished copy has left in the target is removed."""
    live: bool = False
    """The source may be changed meanwhile, for the copy is of the moment at which it began."""


def copy(
    source: Source,
    target: Target,
    wish: Wish,
    tell: Advance,
    begin: Callable[[], None] = lambda: None,
) -> Copied:
    """
    The target is whole when this returns, and compared; `Target.finish` is for the caller to call.

    `begin`: is called when nothing speaks against it, and before anything is written.

    Raises StorageRefused; what was copied until then stays, and can be gone on with.
    """
    tables = in_order(source.tables)
    _comparable(target, tables)
    begun = unfinished(target)
    _permitted(target, tables, begun, wish)
    found: dict[str, Sums] = {}
    for number, table in enumerate(tables):
        tell("reading", number, len(tables))
        found[table.name] = sums(table, partial(source.ask, table.name))
    tell("reading", len(tables), len(tables))
    if begun is not None and not wish.restart:
        _unchanged(begun, found)
    begin()
    if begun is not None and wish.restart:
        target.clear([table for table in tables if table.name not in REPLACED])
        target.change("", f"DELETE FROM {UNFINISHED}")  # noqa: S608 - our own name
    _note(target, begun, found)
    if "requests" in found:
        ask = partial(source.ask, "requests")
        target.make_months(moments(ask, lambda moment: month(moment).ends))
    for table in tables:
        _copy_table(source, target, table, found[table.name].rows, tell)
    if source.changed() and not wish.live:
        raise StorageRefused(
            "the source was changed while it was copied: stop whatever uses it, and begin anew"
            " with --restart"
        )
    return _compared(source, target, tables, found, tell)


def check_source(source: Source) -> None:
    """
    Before there is a target. Raises StorageRefused for what this program would not write, and for
    half of another database: its copy would be taken for a whole one.
    """
    if source.marked():
        raise StorageRefused(f"{source.about.place} cannot be copied: {UNFINISHED_COPY}")
    latest = MIGRATIONS[-1].version
    if source.about.schema != latest:
        newer = source.about.schema > latest
        raise StorageRefused(
            f"{source.about.place} has schema {source.about.schema}, and this Trunkline knows"
            f" {latest}: "
            + (
                "copy it with the version that wrote it"
                if newer
                else "start this version on it once, stop it, and copy then"
            )
        )


def unfinished(target: Source | Target) -> Begun | None:
    """None: no copy was begun, or it was finished."""
    if not target.marked():
        return None
    rows = target.ask("", f"SELECT name, sums, replaced FROM {UNFINISHED}")  # noqa: S608 - our own name
    return Begun(
        {as_text(row[0]): msgspec.json.decode(as_text(row[1]), type=Sums) for row in rows},
        {as_text(row[0]): as_int(row[2]) for row in rows},
    )


def _comparable(target: Target, tables: Sequence[Table]) -> None:
    """Raises StorageRefused unless rows of the one are rows of the other."""
    theirs = {table.name: table for table in target.tables}
    for table in tables:
        other = theirs.get(table.name)
        if other is None or set(table.columns) != set(other.columns) or table.key != other.key:
            raise StorageRefused(
                f"the table {table.name} is another one in {target.about.place}: it was changed"
                " by hand, or is of another version"
            )


def _permitted(target: Target, tables: Sequence[Table], begun: Begun | None, wish: Wish) -> None:
    if begun is not None:
        if not (wish.resume or wish.restart):
            raise StorageRefused(
                f"a copy into {target.about.place} was begun and not finished: --resume goes on"
                " with it, --restart removes what it has copied and begins anew"
            )
        return
    for table in tables:
        if target.ask(table.name, some_row(table)):
            raise StorageRefused(
                f"{target.about.place} is not empty, its table {table.name} has rows: name an"
                " empty database, or a new folder"
            )


def _unchanged(begun: Begun, found: Mapping[str, Sums]) -> None:
    for name in sorted(found):
        if begun.sums.get(name, found[name]) != found[name]:
            raise StorageRefused(
                f"the source's table {name} has changed since that copy was begun: --restart"
                " removes what it has copied and begins anew"
            )


def _note(target: Target, begun: Begun | None, found: Mapping[str, Sums]) -> None:
    """Before the first row."""
    if begun is None:
        target.change("", _DDL)
    known = target.ask("", f"SELECT name FROM {UNFINISHED}")  # noqa: S608 - our own name
    for name in sorted(found.keys() - {as_text(row[0]) for row in known}):
        noted = msgspec.json.encode(found[name]).decode()
        target.change("", f"INSERT INTO {UNFINISHED} VALUES (?, ?, 0)", (name, noted))  # noqa: S608 - our own name


def _copy_table(source: Source, target: Target, table: Table, count: int, tell: Advance) -> None:
    after: Row | None = None
    first, done = "", 0
    if table.name in REPLACED:
        first = delete(table)
    else:
        # Rows come in the order of the key, so the last that is there tells how far it went.
        found = target.ask(table.name, last_key(table))
        if found:
            after = found[0]
            [[have]] = target.ask(table.name, f'SELECT count(*) FROM "{table.name}"')  # noqa: S608 - our own names
            done = as_int(have)
    tell(table.name, done, count)
    for rows in source.rows(table, after):
        target.put(table, rows, first=first)
        first = ""
        done += len(rows)
        tell(table.name, done, count)
    if first:
        target.put(table, (), first=first)


def _compared(
    source: Source,
    target: Target,
    tables: Sequence[Table],
    found: Mapping[str, Sums],
    tell: Advance,
) -> Copied:
    """Raises StorageRefused where a number differs."""
    noted = unfinished(target)
    replaced = noted.replaced if noted is not None else {}
    for number, table in enumerate(tables):
        tell("comparing", number, len(tables))
        theirs = sums(table, partial(target.ask, table.name))
        ours = found[table.name]
        grown = _NUL_GROWS * replaced.get(table.name, 0)
        if theirs != Sums(ours.rows, ours.size + grown, ours.numbers):
            raise StorageRefused(
                f"the copy differs from its source in the table {table.name}:"
                f" {_difference(ours, theirs, grown)}; --restart begins anew"
            )
    tell("comparing", len(tables), len(tables))
    return Copied(source.about.place, target.about.place, found, sum(replaced.values()))


def _difference(ours: Sums, theirs: Sums, grown: int) -> str:
    if ours.rows != theirs.rows:
        return f"{ours.rows} rows there, {theirs.rows} here"
    for name, value in ours.numbers.items():
        if theirs.numbers[name] != value:
            return f"{name} adds up to {value} there, to {theirs.numbers[name]} here"
    return f"{ours.size + grown} bytes of text there, {theirs.size} here"
