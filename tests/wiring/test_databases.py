"""Tests of wiring/databases.py: which databases are meant, and when they may be copied."""

import apsw
import pytest

from tests.ledger.making import counting_entropy
from tests.storage.filled import dump, filled
from tests.storage.postgres_server import PASSWORD
from trunkline.config.errors import ConfigError
from trunkline.config.schema import Config, ServerConfig
from trunkline.ledger.journal import segment_path
from trunkline.ledger.workers import enlist
from trunkline.storage.base import StorageRefused
from trunkline.storage.copying import Wish
from trunkline.storage.secrets import PEPPER_FILE
from trunkline.storage.sql.history import MIGRATIONS
from trunkline.storage.sqlite.whole import FILES, open_source
from trunkline.wiring.databases import SECRETS, Databases, JournalStatus
from trunkline.wiring.machine import Machine
from trunkline.wiring.stores import open_storage, secrets_of

NOW = Wish(live=True)


def databases(data, database="", environ=None):
    machine = Machine(
        environ=environ or {}, entropy=counting_entropy(), write_log=lambda text: None
    )
    return Databases(machine, (Config(server=ServerConfig(database=database)), "", ""), data)


def silent(what, done, total):
    pass


def pepper(folder, byte):
    folder.mkdir(exist_ok=True)
    (folder / PEPPER_FILE).write_bytes(byte * 32)


def open_as_gateway(data, url):
    """Raises StorageRefused for another pepper."""
    machine = Machine(environ={}, entropy=counting_entropy(), write_log=lambda text: None)
    mac, _ = secrets_of(machine, data)
    config = Config(server=ServerConfig(database=url))
    return open_storage((config, "", ""), data, mac, machine.clock)


def test_which_database_is_meant(tmp_path):
    """A URL, a folder, or what the configuration names; secrets come from the environment."""
    ours = databases(tmp_path, "postgresql://a@b/c", {"P": "s3cret"})
    url = ours.place("postgresql://u:${P}@h/x", "--to")
    configured = ours.place(None, "--to")
    folder = ours.place(str(tmp_path / "b"), "--to")

    assert ("postgres", "postgresql://u:s3cret@h/x") == (url.spec.name, url.where.url)
    assert ("postgres", "postgresql://a@b/c") == (configured.spec.name, configured.where.url)
    assert ("sqlite", "", tmp_path / "b") == (
        folder.spec.name,
        folder.where.url,
        folder.where.folder,
    )
    assert "s3cret" not in repr(url)
    for none in ("mysql://u:s3cret@h/x", "host=h password=s3cret"):
        with pytest.raises(ConfigError, match="--to: expected") as refused:
            ours.place(none, "--to")
        assert "s3cret" not in str(refused.value)


def test_status_tells_what_there_is(tmp_path):
    """Rows, times, and the journals of its folder."""
    filled(tmp_path)
    mine = enlist(tmp_path / "journal", "w1")
    gone = enlist(tmp_path / "journal", "w2")
    segment_path(gone.path, 1).write_bytes(b"x" * 30)
    gone.release()
    found = databases(tmp_path).status()
    mine.release()

    assert (str(tmp_path), "sqlite", MIGRATIONS[-1].version, MIGRATIONS[-1].version) == (
        found.place,
        found.backend,
        found.schema,
        found.latest_schema,
    )
    assert [7, 7, 9] == [found.tables[name] for name in ("keys", "requests", "versions")]
    assert found.oldest_request < found.newest_request
    assert not found.unfinished
    assert (
        JournalStatus("w1", running=True, waiting=0),
        JournalStatus("w2", running=False, waiting=30),
    ) == found.journals


def test_status_of_postgresql_hides_its_password(tmp_path, postgres):
    """And counts its rows; nothing is made in the data folder."""
    found = databases(tmp_path, postgres.fresh()).status()

    assert ("postgres", 0, None) == (
        found.backend,
        found.tables["requests"],
        found.oldest_request,
    )
    assert PASSWORD not in repr(found)
    assert [] == list(tmp_path.iterdir())


def test_a_database_in_use_is_not_copied(tmp_path):
    """Nor one into which a gateway writes; unless what is there now is wanted."""
    source = databases(filled(tmp_path / "a"))
    worker = enlist(tmp_path / "a" / "journal", "w1")
    other = enlist(tmp_path / "b" / "journal", "w2")
    with pytest.raises(StorageRefused, match=r"a gateway runs in .*a .1 workers.: stop it first"):
        source.copy(None, str(tmp_path / "c"), Wish(), silent)
    with pytest.raises(StorageRefused, match=r"a gateway runs in .*b .*, or name another by"):
        source.copy(None, str(tmp_path / "b"), NOW, silent)
    copied = source.copy(None, str(tmp_path / "c"), NOW, silent)
    worker.release()
    other.release()

    assert 7 == copied.tables["requests"].rows


def test_a_gateway_may_go_on_while_its_database_is_copied_elsewhere(tmp_path, postgres):
    """It writes into the source alone. One that writes into the target is refused."""
    url = postgres.fresh()
    source = databases(filled(tmp_path / "a"))
    worker = enlist(tmp_path / "a" / "journal", "w1")
    copied = source.copy(None, url, NOW, silent)
    with pytest.raises(StorageRefused, match=r"a gateway runs in .*a .*, or name another by --to"):
        databases(tmp_path / "a", url).copy(str(filled(tmp_path / "b")), None, NOW, silent)
    worker.release()

    assert 7 == copied.tables["requests"].rows


def test_gateways_elsewhere_are_seen_by_their_connections(tmp_path, postgres):
    """Of those on other machines there is no journal here."""
    url = postgres.fresh()
    source = databases(tmp_path / "a", url)
    looking = source.place(None, "").spec.source(source.place(None, "").where)
    with pytest.raises(StorageRefused, match="1 other connections of Trunkline's use postgresql"):
        source.copy(None, str(tmp_path / "b"), Wish(), silent)
    looking.close()
    assert not (tmp_path / "b").exists()

    source.copy(None, str(tmp_path / "b"), Wish(), silent)


def test_what_waits_in_journals_is_not_left_behind(tmp_path):
    """A killed gateway's last requests get into the database first."""
    source = databases(filled(tmp_path / "a"))
    gone = enlist(tmp_path / "a" / "journal", "w2")
    segment_path(gone.path, 1).write_bytes(b"x" * 30)
    gone.release()
    with pytest.raises(StorageRefused, match="journals have 30 bytes that are not in"):
        source.copy(None, str(tmp_path / "b"), Wish(), silent)
    assert not (tmp_path / "b").exists()


def test_an_older_schema_makes_no_target(tmp_path):
    """It is refused before anything is made."""
    connection = apsw.Connection(str(filled(tmp_path / "a") / FILES[0]))
    connection.execute("DELETE FROM migrations WHERE version = ?", (MIGRATIONS[-1].version,))
    connection.close()
    with pytest.raises(StorageRefused, match="start this version on it once"):
        databases(tmp_path / "a").copy(None, str(tmp_path / "b"), Wish(), silent)
    assert not (tmp_path / "b").exists()


def test_a_copy_into_itself_is_refused(tmp_path):
    """Before anything is opened."""
    with pytest.raises(ConfigError, match="into itself"):
        databases(tmp_path).copy(None, str(tmp_path), Wish(), silent)


def test_only_gateways_with_the_pepper_use_the_copy(tmp_path, postgres):
    """There as here: its fingerprint goes along, and another's folder is refused as a target."""
    url = postgres.fresh()
    source, strange = tmp_path / "a", tmp_path / "strange"
    filled(source)
    pepper(source, b"a")
    pepper(strange, b"s")
    databases(source).copy(None, url, Wish(), silent)

    with pytest.raises(StorageRefused, match="`pepper`"):
        open_as_gateway(strange, url)
    with pytest.raises(StorageRefused, match="is not the pepper that the keys in the source"):
        databases(source, url).copy(None, str(strange), Wish(), silent)
    databases(source, url).copy(None, str(tmp_path / "back"), Wish(), silent)
    assert b"a" * 32 == (tmp_path / "back" / PEPPER_FILE).read_bytes()
    settings = dump(open_source(tmp_path / "back"))["settings"]
    assert 8 == len(settings)
    assert 32 == len(dict(settings)["pepper"])


def test_secrets_go_into_a_new_folder(tmp_path):
    """Those there are, for its owner alone; never over others, and not where it is refused."""
    pepper(filled(tmp_path / "a"), b"a")
    (tmp_path / "a" / "kek").write_bytes(b"of a")
    (tmp_path / "a" / "admin-key").write_bytes(b"of a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "admin-key").write_bytes(b"of b")
    source = databases(tmp_path / "a")
    source.copy(None, str(tmp_path / "b"), Wish(), silent)
    databases(tmp_path / "b").copy(None, str(tmp_path / "c"), Wish(), silent)
    (tmp_path / "c" / PEPPER_FILE).unlink()
    with pytest.raises(StorageRefused, match="is not empty"):
        source.copy(None, str(tmp_path / "c"), Wish(), silent)

    assert [b"a" * 32, b"of a", b"of b"] == [
        (tmp_path / "b" / name).read_bytes() for name in SECRETS
    ]
    assert 0o600 == (tmp_path / "b" / PEPPER_FILE).stat().st_mode & 0o777
    assert not (tmp_path / "c" / PEPPER_FILE).exists()


def test_a_backup_of_the_data_folder(tmp_path):
    """Of what the configuration names; for PostgreSQL it says what to use instead."""
    filled(tmp_path / "a")

    assert 0 < databases(tmp_path / "a").save(tmp_path / "b", silent)
    assert sorted(FILES) == sorted(path.name for path in (tmp_path / "b").iterdir())
    with pytest.raises(StorageRefused, match="pg_dump"):
        databases(tmp_path / "a", "postgresql://h/x").save(tmp_path / "c", silent)
