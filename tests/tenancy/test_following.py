"""Tests of tenancy/following.py: what any process changes, every process sees within a second."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.ledger.making import FakeClock
from tests.tenancy.making import MAC, made, told
from tests.tenancy.memory import MemoryKeys
from trunkline.canon.errors import LedgerUnavailable, Unauthenticated
from trunkline.kernel.clock import SystemClock
from trunkline.storage.holders import KeySet
from trunkline.storage.sql.versions import changed
from trunkline.storage.sqlite.backend import FILE, open_sqlite
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.keyring import Keyring

MINTED, RECORD = made(1)

# Revokes, and says when.
REVOKE = """
import sys, time, apsw
connection = apsw.Connection(sys.argv[1])
connection.set_busy_timeout(5000)
with connection:
    connection.execute("UPDATE keys SET revoked_at = 2.0 WHERE id = ?", (sys.argv[2],))
    connection.execute("UPDATE versions SET value = value + 1 WHERE name = 'keys'")
print(time.monotonic())
"""


def lets_in(keyring: Keyring) -> bool:
    try:
        keyring.authenticate(MINTED.key, 5.0)
    except Unauthenticated:
        return False
    return True


def test_keys_are_loaded_when_they_have_changed() -> None:
    """And not otherwise: the version is all that is asked for, four times a second."""
    store = MemoryKeys()
    keyring = Keyring(MAC)
    follower = KeyringFollower(keyring, store, pytest.fail)

    async def run() -> None:
        await store.add(RECORD, told)
        for _ in range(3):
            await follower.refresh()

    asyncio.run(run())

    assert (1, True) == (store.loads, lets_in(keyring))


def test_one_change_is_read_alone(tmp_path: Path) -> None:
    """Everybody at first, and again where nobody says what a version changed."""
    storage = open_sqlite(tmp_path, FakeClock())
    keyring, loads = Keyring(MAC), list[int]()
    load = storage.keys.load

    async def counted() -> KeySet:
        loads.append(keyring.version)
        return await load()

    storage.keys.load = counted
    follower = KeyringFollower(keyring, storage.keys, pytest.fail)

    async def run() -> list[object]:
        seen = list[object]()
        await storage.keys.add(RECORD, told)
        await follower.refresh()
        seen.append(lets_in(keyring))
        await storage.keys.amend(MINTED.id, lambda old: replace(old, expires_at=1.0))
        await follower.refresh()
        seen.append(lets_in(keyring))
        await storage.keys.amend(MINTED.id, lambda old: replace(old, expires_at=None))
        await follower.refresh()
        seen += [lets_in(keyring), list(loads)]
        await storage.database.write(
            lambda session: session.run("UPDATE keys SET revoked_at = 2.0") and changed(session)
        )
        await follower.refresh()
        return [*seen, lets_in(keyring), len(loads)]

    assert [True, False, True, [-1], False, 2] == asyncio.run(run())
    asyncio.run(storage.aclose())


def test_a_store_that_fails_keeps_the_keys_in_force() -> None:
    """The trouble is told once, and what changed meanwhile is seen when it is over."""
    store = MemoryKeys()
    keyring = Keyring(MAC)
    problems: list[str] = []
    follower = KeyringFollower(keyring, store, problems.append, interval=0.001)

    async def run() -> None:
        await store.add(RECORD, told)
        await follower.refresh()
        task = asyncio.ensure_future(follower.run())  # noqa: TID251 - ended below
        store.failing = True
        with pytest.raises(LedgerUnavailable):
            await follower.refresh()
        await asyncio.sleep(0.01)
        assert lets_in(keyring)
        store.failing = False
        await store.revoke(MINTED.id, 2.0, told)
        async with asyncio.timeout(10):
            while len(problems) < 2:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0.001)
        assert not lets_in(keyring)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(run())

    assert [
        "changes to keys are not seen at the moment: the database is down",
        "changes to keys are seen again",
    ] == problems


@pytest.mark.slow
def test_a_key_revoked_by_another_process_is_refused_within_a_second(tmp_path: Path) -> None:
    """Measured from its commit to the first refusal, with the intervals that are shipped."""

    async def run() -> float:
        storage = open_sqlite(tmp_path, FakeClock())
        keyring = Keyring(MAC)
        follower = KeyringFollower(keyring, storage.keys, pytest.fail)
        await storage.keys.add(RECORD, told)
        await follower.refresh()
        assert lets_in(keyring)
        task = asyncio.ensure_future(follower.run())  # noqa: TID251 - ended below
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", REVOKE, os.fspath(tmp_path / FILE), MINTED.id),
            stdout=subprocess.PIPE,
        )
        async with asyncio.timeout(20):
            while lets_in(keyring):  # noqa: ASYNC110 - as a client would find out
                await asyncio.sleep(0.005)
        refused = SystemClock().monotonic()
        output, _ = await process.communicate()
        task.cancel()
        await asyncio.wait([task])
        await storage.aclose()
        return refused - float(output)

    assert asyncio.run(run()) < 1.0
