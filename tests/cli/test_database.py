"""`trunkline database`: status, copy and backup, as people and programs see them."""

import msgspec
import pytest

from tests.storage.filled import dump, filled
from tests.storage.postgres_server import PASSWORD
from trunkline.cli.database import size
from trunkline.cli.main import main
from trunkline.storage.sqlite.whole import open_source


@pytest.fixture
def database(tmp_path, capsys):
    """Runs it on one data folder; gives the exit code and what it printed."""
    config = tmp_path / "t.toml"
    config.write_text("[providers.sim]\n")
    filled(tmp_path / "data")

    def run(action, *arguments):
        where = ["--config", str(config), "--data", str(tmp_path / "data")]
        code = main(["database", action, *arguments, *where])
        return code, capsys.readouterr()

    return run


def test_status_for_people(database, tmp_path):
    """Where, how much, from when to when; and each table."""
    code, printed = database("status")
    lines = [line.split() for line in printed.out.splitlines()]

    assert 0 == code
    assert ["Database", str(tmp_path / "data"), "(sqlite"] == lines[0][:3]
    assert ["Oldest", "request", "2026-11-21T12:00:12Z"] in lines
    assert ["Journal", "none:", "everything", "is", "in", "the", "database"] in lines
    assert ["requests", "7"] in lines
    assert "Connections" not in printed.out


def test_status_for_programs(database, tmp_path):
    """The same in JSON."""
    code, printed = database("status", "--json")
    told = msgspec.json.decode(printed.out)

    assert (0, str(tmp_path / "data"), 7) == (code, told["place"], told["tables"]["requests"])


def test_a_copy_says_what_it_did(database, tmp_path, postgres):
    """To PostgreSQL and back, with sums to the nano-dollar; passwords are not told."""
    url = postgres.fresh()
    code, printed = database("copy", "--to", url)
    again, refused = database("copy", "--to", url)
    back, told = database("copy", "--from", url, "--to", str(tmp_path / "back"), "--json")
    rows = dump(open_source(tmp_path / "data"))
    columns = [table.names for table in open_source(tmp_path / "data").tables]

    assert columns
    assert (0, 1, 0) == (code, again, back)
    assert "rows and sums are equal" in printed.out
    assert "users                               7 of 7\n" in printed.err
    assert "is not empty" in refused.err
    assert PASSWORD not in printed.out + printed.err + refused.err + told.out + told.err
    copied = msgspec.json.decode(told.out)
    nanos = copied["tables"]["requests"]["numbers"]["cost_nanousd"]
    assert f"${nanos // 10**9:,}.{nanos % 10**9:09}" in printed.out
    assert rows == dump(open_source(tmp_path / "back"))


def test_one_of_both_is_named(database):
    """The other is the configuration's."""
    code, printed = database("copy")

    assert 2 == code
    assert "by --to or --from" in printed.err


def test_a_backup_says_what_is_missing(database, tmp_path):
    """The secrets; a folder with something in it is refused."""
    code, printed = database("backup", str(tmp_path / "b"))
    again, refused = database("backup", str(tmp_path / "b"))
    told, programs = database("backup", str(tmp_path / "c"), "--json")

    assert (0, 1, 0) == (code, again, told)
    assert "`pepper` and `kek`" in printed.out
    assert "is not empty" in refused.err
    assert str(tmp_path / "c") == msgspec.json.decode(programs.out)["folder"]
    assert dump(open_source(tmp_path / "data")) == dump(open_source(tmp_path / "b"))


@pytest.mark.parametrize(
    "count, text", ((0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 << 40, "5.0 TiB"))
)
def test_sizes(count, text):
    """As people read them."""
    assert text == size(count)
