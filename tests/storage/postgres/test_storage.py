"""PostgreSQL as the house's storage: what it must be like, and several gateways on one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.ledger.making import FakeClock
from tests.storage.postgres.making import connection_to
from tests.storage.postgres_server import PASSWORD
from tests.storage.sql.test_responses import RECORD
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.storage import PostgresStorage, examined, open_postgres
from trunkline.storage.spec import Where
from trunkline.storage.sql.history import MIGRATIONS

SOUND = {
    "fsync": "on",
    "full_page_writes": "on",
    "server_encoding": "UTF8",
    "server_version": "15.14 (Debian 15.14-0+deb12u1)",
}


@contextmanager
def opened(*urls: str) -> Iterator[list[PostgresStorage]]:
    storages = [open_postgres(Where(Path(), url), FakeClock()) for url in urls]
    yield storages
    for storage in storages:
        asyncio.run(storage.aclose())


def test_it_says_what_it_is(postgres):
    """Its version and schema; and where it is, without the password."""
    with opened(postgres.fresh()) as [storage]:
        said = storage.statistics()
        shown = repr(storage)

    assert ("postgres", MIGRATIONS[-1].version, ()) == (said.backend, said.schema, said.problems)
    assert said.version.split(".")[0].isdecimal()
    assert "at 127.0.0.1" in shown
    assert PASSWORD not in shown


def test_each_response_is_made_once_however_many_ask(postgres):
    """At the same moment, over several gateways."""
    url = postgres.fresh()

    async def work(storages):
        for number in range(20):
            queued = replace(RECORD, id=f"resp_{number:02}", status="queued")
            await storages[0].responses.put(queued)
        claims = [one.responses.claim(100.0, 115.0) for _ in range(10) for one in storages]
        return sorted(record.id for record in await asyncio.gather(*claims) if record is not None)

    with opened(url, url, url) as storages:
        assert [f"resp_{number:02}" for number in range(20)] == asyncio.run(work(storages))


def test_items_go_with_their_response(postgres):
    """However it goes; nothing is left that names them."""
    url = postgres.fresh()

    async def work(responses):
        await responses.put(replace(RECORD, items=("msg_1",)))
        await responses.put(replace(RECORD, id="resp_2", items=("msg_2",)))
        await responses.delete("acme", "resp_1")
        await responses.expire(2000.0)

    with opened(url) as [storage]:
        asyncio.run(work(storage.responses))
    with connection_to(url) as connection:
        assert [(0,)] == connection.execute("SELECT count(*) FROM items").fetchall()


@pytest.mark.parametrize(
    "setting, value, reason",
    (
        ("fsync", "off", "fsync = off"),
        ("server_encoding", "SQL_ASCII", "ENCODING 'UTF8'"),
        ("server_version", "14.20", "PostgreSQL 14.20 is too old: 15"),
    ),
)
def test_a_server_that_forgets_is_refused(setting, value, reason):
    """Or one that has no room for what people write, or that nobody mends any more."""
    with pytest.raises(StorageRefused, match=reason):
        examined({**SOUND, setting: value})


def test_a_doubtful_server_is_told_of():
    """Whole pages may be the file system's business."""
    assert () == examined(SOUND)
    [problem] = examined({**SOUND, "full_page_writes": "off"})
    assert "full_page_writes = off" in problem


def test_a_server_that_is_not_there_is_refused(postgres):
    """With what its client says, and without the password."""
    for url in (postgres.url("nowhere"), "postgresql://u:s3cret@127.0.0.1:1/x"):
        with pytest.raises(StorageRefused, match="cannot open the database") as caught:
            open_postgres(Where(Path(), url), FakeClock())
        assert PASSWORD not in str(caught.value)
        assert "s3cret" not in str(caught.value)


def test_gateways_on_one_database_share_a_pepper(postgres):
    """Else the keys of one would be refused by the other: it is told which file to copy."""
    url = postgres.fresh()
    with opened(url):
        pass
    for fingerprint in (b"of one", b"of one"):
        asyncio.run(open_postgres(Where(Path(), url, fingerprint), FakeClock()).aclose())
    with pytest.raises(StorageRefused, match="`pepper`"):
        open_postgres(Where(Path(), url, b"of another"), FakeClock())
