"""Tests of storage/copying.py: everything arrives, once, however often it was interrupted."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from tests.ledger.making import NOON, FakeClock
from tests.storage.filled import MONTH, dump, filled, made
from tests.storage.postgres.making import connection_to
from trunkline.storage.base import StorageRefused
from trunkline.storage.copying import Copied, Wish, check_source, copy, unfinished
from trunkline.storage.postgres.backend import SPEC as POSTGRES
from trunkline.storage.spec import StorageSpec, Where
from trunkline.storage.sql.database import Row, SqlValue
from trunkline.storage.sql.partitions import month
from trunkline.storage.sql.tables import Table
from trunkline.storage.sqlite.backend import SPEC as SQLITE
from trunkline.storage.sqlite.whole import FILE, FILES
from trunkline.storage.whole import Advance, Target

PIECE = 10_000


class Side(NamedTuple):
    spec: StorageSpec
    where: Where

    def dump(self) -> Mapping[str, Sequence[Row]]:
        return dump(self.spec.source(self.where))

    def open(self) -> None:
        """As a gateway does."""
        asyncio.run(self.spec.open(self.where, FakeClock()).aclose())


class KilledError(Exception):
    """Stands for whatever ends a copy in its midst."""


def in_folder(path: Path) -> Side:
    return Side(SQLITE, Where(path))


@pytest.fixture(params=("sqlite", "postgres"))
def empty(request, tmp_path):
    """A database of either kind to copy into."""
    if request.param == "sqlite":
        return in_folder(tmp_path / "target")
    postgres = request.getfixturevalue("postgres")
    return Side(POSTGRES, Where(tmp_path, postgres.fresh()))


def silent(what: str, done: int, total: int) -> None:
    pass


def run(
    source: Side,
    target: Side,
    wish: Wish = Wish(),  # noqa: B008 - frozen
    tell: Advance = silent,
    through: Callable[[Target], Target] = lambda target: target,
) -> Copied:
    """`through`: stands between the copy and its target."""
    reading = source.spec.source(source.where)
    try:
        writing = target.spec.target(target.where, FakeClock())
        try:
            copied = copy(reading, through(writing), wish, tell)
            writing.finish()
        finally:
            writing.close()
    finally:
        reading.close()
    return copied


def change(folder: Path, sql: str, values: Sequence[SqlValue] = ()) -> None:
    connection = apsw.Connection(str(folder / FILE))
    connection.execute(sql, values)
    connection.close()


def add_users(folder: Path, count: int) -> None:
    connection = apsw.Connection(str(folder / FILE))
    with connection:
        connection.executemany(
            "INSERT INTO users VALUES ('acme', ?, '', '{}', 1, NULL)",
            [(f"user {number}",) for number in range(count)],
        )
    connection.close()


def killed_at(what: str, done: int) -> Advance:
    def tell(now: str, so_far: int, _: int) -> None:
        if (now, so_far) == (what, done):
            raise KilledError

    return tell


def test_there_and_back_again(tmp_path, postgres):
    """From SQLite to PostgreSQL and to SQLite again: every value of every row, and the source as it was."""
    source, back = in_folder(filled(tmp_path / "a")), in_folder(tmp_path / "b")
    there = Side(POSTGRES, Where(tmp_path, postgres.fresh()))
    before = [(tmp_path / "a" / name).read_bytes() for name in FILES]
    first = run(source, there)
    second = run(there, back)
    rows = source.dump()

    assert before == [(tmp_path / "a" / name).read_bytes() for name in FILES]
    assert {7} == {len(some) for name, some in rows.items() if name != "versions"}
    assert rows == back.dump()
    # Bar what PostgreSQL notes of itself.
    assert rows == {**there.dump(), "ledger_marks": rows["ledger_marks"]}
    assert (first.tables, 0) == (second.tables, second.replaced)
    assert sum(len(some) for some in rows.values()) == sum(s.rows for s in first.tables.values())
    back.open()
    there.open()


def test_sqlite_to_sqlite(tmp_path):
    """Another folder that is the same."""
    source, target = in_folder(filled(tmp_path / "a")), in_folder(tmp_path / "b")
    run(source, target)

    assert source.dump() == target.dump()


def test_months_are_tables_of_their_own(tmp_path, postgres):
    """As if the gateway had prepared them, so that they can be forgotten as a whole."""
    url = postgres.fresh()
    run(in_folder(filled(tmp_path / "a")), Side(POSTGRES, Where(tmp_path, url)))
    names = [month(round((NOON + number * MONTH) * 1e6)).name for number in range(3)]
    with connection_to(url) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}_{name}".encode()).fetchone()
            for table in ("requests", "attempts")
            for name in (*names, "rest")
        ]
        marks = connection.execute(
            "SELECT place FROM ledger_marks WHERE name LIKE 'month %' ORDER BY 1"
        ).fetchall()

    assert [(3,), (2,), (2,), (0,)] * 2 == counts
    assert [(name,) for name in names] == marks


@pytest.mark.parametrize("again", ("resume", "restart"))
def test_what_was_interrupted_goes_on(tmp_path, empty, again):
    """Wherever it was; meanwhile no gateway takes the half for the whole."""
    source = in_folder(filled(tmp_path / "a"))
    add_users(tmp_path / "a", 2 * PIECE + 1)
    wish = Wish(resume=again == "resume", restart=again == "restart")
    stops = (("reading", 3), ("attempts", 0), ("users", PIECE), ("users", 2 * PIECE))
    for stop in (*stops, ("items", 7), ("comparing", 2)):
        with pytest.raises(KilledError):
            run(source, empty, wish, killed_at(*stop))
        if stop[0] != "reading":
            with pytest.raises(StorageRefused, match="begun and not finished"):
                empty.open()
    told = []
    run(source, empty, wish, lambda what, done, total: told.append((what, done)))

    rows = source.dump()
    assert rows == {**empty.dump(), "ledger_marks": rows["ledger_marks"]}
    # What was there already is not copied again.
    have = len(rows["users"]) if again == "resume" else 0
    assert ("users", have) == next(each for each in told if each[0] == "users")
    empty.open()


def test_an_interrupted_copy_is_gone_on_with_when_asked(tmp_path, empty):
    """And not by chance; who wants another has it begin anew."""
    source = in_folder(filled(tmp_path / "a"))
    with pytest.raises(KilledError):
        run(source, empty, tell=killed_at("users", 0))

    with pytest.raises(StorageRefused, match="--resume goes on with it, --restart removes"):
        run(source, empty)
    change(tmp_path / "a", "UPDATE tenants SET description = description || 'x'")
    with pytest.raises(StorageRefused, match="table tenants has changed since that copy"):
        run(source, empty, Wish(resume=True))
    run(source, empty, Wish(restart=True))
    assert source.dump()["tenants"] == empty.dump()["tenants"]


def test_a_target_with_rows_is_refused(tmp_path, empty):
    """Whatever was asked; nothing is mixed. What any look by a gateway leaves is no row."""
    source = in_folder(filled(tmp_path / "a"))
    empty.open()
    with_pepper = Side(empty.spec, Where(empty.where.folder, empty.where.url, b"of a pepper"))
    with_pepper.open()
    run(source, empty)
    for wish in (Wish(), Wish(resume=True), Wish(restart=True)):
        with pytest.raises(StorageRefused, match="is not empty, its table attempts has rows"):
            run(source, empty, wish)


def test_a_target_of_another_version_is_not_touched(tmp_path, empty):
    """Not even brought up to date: it may be somebody's backup."""
    source = in_folder(filled(tmp_path / "a"))
    empty.open()
    writing = empty.spec.target(empty.where, FakeClock())
    writing.change("", "DELETE FROM migrations WHERE version > 9")
    writing.close()
    with pytest.raises(StorageRefused, match="has a database already, with schema 9"):
        run(source, empty)
    looking = empty.spec.source(empty.where)
    assert 9 == looking.about.schema
    looking.close()


def test_an_empty_database_can_be_copied(tmp_path, empty):
    """And then has what a new one has."""
    run(in_folder(made(tmp_path / "a")), empty)
    empty.open()

    assert {"versions"} == {
        name for name, rows in empty.dump().items() if rows and name != "ledger_marks"
    }


def test_a_source_that_changes_meanwhile_is_told_of(tmp_path, empty):
    """The copy would lack what came since; unless that was what was wanted."""
    folder = filled(tmp_path / "a")

    def tell(what: str, done: int, _: int) -> None:
        if (what, done) == ("requests", 0):
            change(folder, "UPDATE versions SET value = value + 1")

    before = in_folder(folder).dump()
    with pytest.raises(StorageRefused, match="was changed while it was copied"):
        run(in_folder(folder), empty, tell=tell)
    change(folder, "UPDATE versions SET value = value - 1")
    run(in_folder(folder), empty, Wish(restart=True, live=True), tell)
    assert before["versions"] == empty.dump()["versions"]


def test_nul_has_no_place_in_postgresql(tmp_path, postgres):
    """As from a gateway: U+FFFD instead, counted, over an interruption, too."""
    source, there = (
        in_folder(filled(tmp_path / "a")),
        Side(POSTGRES, Where(tmp_path, postgres.fresh())),
    )
    change(tmp_path / "a", "UPDATE users SET description = 'a' || char(0) || 'b' || char(0)")
    with pytest.raises(KilledError):
        run(source, there, tell=killed_at("comparing", 0))

    assert 14 == run(source, there, Wish(resume=True)).replaced
    assert {"a\ufffdb\ufffd"} == {row[1] for row in there.dump()["users"]}


class Careless:
    """A target that does one thing wrong, to see that it is noticed."""

    def __init__(self, target: Target, wrong: Callable[[list[Row]], list[Row]]) -> None:
        self._target = target
        self._wrong = wrong

    def put(self, table: Table, rows: Sequence[Row], *, first: str = "") -> None:
        some = list(rows)
        self._target.put(
            table, self._wrong(some) if table.name == "requests" else some, first=first
        )

    def __getattr__(self, name: str) -> object:
        return getattr(self._target, name)


def with_cost(row: Row, more: int) -> Row:
    at = next(index for index, value in enumerate(row) if value == 2**62)
    return (*row[:at], 2**62 + more, *row[at + 1 :])


@pytest.mark.parametrize(
    "wrong, told",
    (
        (lambda rows: rows[:-1], "in the table requests: 7 rows there, 6 here"),
        (lambda rows: [with_cost(rows[0], 1), *rows[1:]], "adds up to"),
        (
            lambda rows: [*rows[:-1], tuple(f"{v}x" if v == "ann" else v for v in rows[-1])],
            "bytes of text",
        ),
    ),
)
def test_what_differs_is_found(tmp_path, empty, wrong, told):
    """A row, a number, a letter: a harness that compares must see what was done wrong."""
    source = in_folder(filled(tmp_path / "a"))
    with pytest.raises(StorageRefused, match="the copy differs") as caught:
        run(source, empty, through=lambda target: Careless(target, wrong))

    assert told in str(caught.value)
    with pytest.raises(StorageRefused, match="begun and not finished"):
        empty.open()


def test_half_a_copy_is_not_copied(tmp_path, empty):
    """Nobody could tell the copy of it from a whole one."""
    with pytest.raises(KilledError):
        run(in_folder(filled(tmp_path / "a")), empty, tell=killed_at("users", 0))
    half = empty.spec.source(empty.where)
    with pytest.raises(StorageRefused, match=r"cannot be copied: .* begun and not finished"):
        check_source(half)
    half.close()
    run(in_folder(tmp_path / "a"), empty, Wish(resume=True))
    whole = empty.spec.source(empty.where)
    check_source(whole)
    whole.close()


def test_schemas_must_be_the_same(tmp_path):
    """An older one is brought up to date by its gateway first, one by hand is refused."""
    made(tmp_path / "a")
    change(tmp_path / "a", "DELETE FROM migrations WHERE version > 9")
    source = in_folder(tmp_path / "a").spec.source(Where(tmp_path / "a"))
    with pytest.raises(StorageRefused, match=r"has schema 9, .* start this version on it once"):
        check_source(source)
    source.close()
    made(tmp_path / "b")
    change(tmp_path / "b", "INSERT INTO migrations VALUES (999, 'x', 1.0)")
    change(tmp_path / "b", "ALTER TABLE users ADD COLUMN extra TEXT")
    newer = in_folder(tmp_path / "b").spec.source(Where(tmp_path / "b"))
    with pytest.raises(StorageRefused, match="copy it with the version that wrote it"):
        check_source(newer)
    assert None is unfinished(newer)
    newer.close()
    with pytest.raises(StorageRefused, match="the table users is another one"):
        run(in_folder(tmp_path / "b"), in_folder(tmp_path / "c"))
