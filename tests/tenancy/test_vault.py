"""Tenants' own keys in memory: there at once, followed from others, never opened where they do not belong."""

import asyncio
import contextlib

import pytest
from msgspec import structs

from tests.tenancy.sealed import SECRET, Dice, Process
from trunkline.canon.errors import LedgerUnavailable
from trunkline.config.errors import ConfigError
from trunkline.storage.keks import KEK_FILE, FileKeks, GivenKeks
from trunkline.storage.sql.credentials import CredentialStore
from trunkline.tenancy.vault import OwnKey, Ring, Vault


def test_a_tenant_has_its_own_and_nobody_elses(tmp_path):
    """By provider; None where it has none."""

    async def run():
        async with Process(tmp_path, Dice()) as it:
            await it.create()
            await it.create(api_key=SECRET + "2", fallback=True)
            await it.create(tenant="globex", api_key=SECRET + "3")
            assert [SECRET, SECRET + "2"] == it.own()
            assert [False, True] == [key.fallback for key in it.vault.of("acme")["openai"]]
            assert [SECRET + "3"] == it.own("globex")
            assert it.vault.of("nobody") is None
            return it.vault.statistics()

    told = asyncio.run(run())
    assert (3, 2, 0) == (told.credentials, told.tenants, told.closed)


def test_what_another_process_added_or_removed_is_seen(tmp_path):
    """By one cheap look at a version."""

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice) as one, Process(tmp_path, dice) as two:
            await two.vault.open()
            made = await one.create()
            assert [] == two.own()
            await two.vault.refresh()
            assert [SECRET] == two.own()
            await one.service.delete(made.id)
            await two.vault.refresh()
            assert two.vault.of("acme") is None

    asyncio.run(run())


def test_it_follows_by_itself_and_outlives_a_database_that_is_down(tmp_path):
    """What was read last stays in force; the trouble is told once."""

    class Failing(CredentialStore):
        down = False
        looks = asyncio.Queue()

        async def version(self):
            self.looks.put_nowait(1)
            if self.down:
                raise LedgerUnavailable("not now", detail="the disk is gone")
            return await super().version()

    async def run():
        async with Process(tmp_path, Dice()) as it:
            store, problems = Failing(it.storage.database), []
            follower = Vault(store, Ring(it.keks), problems.append, interval=0.001)
            await follower.open()
            task = asyncio.ensure_future(follower.run())  # noqa: TID251 - ended below
            await it.create()
            while follower.of("acme") is None:
                await store.looks.get()
            store.down = True
            for _ in range(10):
                await store.looks.get()
            kept = follower.of("acme")["openai"][0].key
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            return kept, problems

    kept, problems = asyncio.run(run())
    assert (SECRET, 1) == (kept, len(problems))
    assert "the disk is gone" in problems[0]


def test_it_is_open_again_after_a_restart(tmp_path):
    """With the key that lies in the data folder."""

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice) as it:
            await it.create()
        async with Process(tmp_path, dice) as it:
            await it.vault.open()
            return it.own()

    assert [SECRET] == asyncio.run(run())


@pytest.mark.parametrize("wrong", ("lost", "another", "given"))
def test_it_refuses_to_start_without_its_key(tmp_path, wrong):
    """Rather than with none of what tenants brought: the message says what to do."""

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice) as it:
            await it.create()
        path = tmp_path / KEK_FILE
        path.unlink()
        if wrong == "another":
            path.write_bytes(b"00" * 32 + b"\n")
        keks = GivenKeks("11" * 32) if wrong == "given" else None
        async with Process(tmp_path, dice, keks) as it:
            await it.vault.open()

    with pytest.raises(ConfigError, match="Put it back") as caught:
        asyncio.run(run())
    assert "1 credentials" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_damaged_key_refuses_to_start(tmp_path):
    """Not taken for one that was never made."""

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice) as it:
            await it.create()
        (tmp_path / KEK_FILE).write_bytes(b"")
        async with Process(tmp_path, dice) as it:
            await it.vault.open()

    with pytest.raises(ConfigError, match="empty"):
        asyncio.run(run())


def test_without_credentials_any_key_or_none_will_do(tmp_path):
    """Whoever does not use this has nothing to keep."""

    async def run():
        dice = Dice()
        async with Process(tmp_path, dice) as it:
            await it.vault.open()
            assert not (tmp_path / KEK_FILE).exists()
            made = await it.create()
            await it.service.delete(made.id)
        (tmp_path / KEK_FILE).unlink()
        async with Process(tmp_path, dice) as it:
            await it.vault.open()
            await it.create()
            return it.own()

    assert [SECRET] == asyncio.run(run())


SWAPS = {
    "ciphertext": "UPDATE credentials SET sealed = (SELECT sealed FROM credentials WHERE tenant = 'globex') WHERE tenant = 'acme'",
    "tenant": "UPDATE credentials SET tenant = 'globex' WHERE tenant = 'acme'",
    "provider": "UPDATE credentials SET provider = 'evil' WHERE tenant = 'acme'",
    "id": "UPDATE credentials SET id = 'cred_x' WHERE tenant = 'acme'",
    "data key": "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE tenant = 'globex') WHERE tenant = 'acme'",
    "no data key": "DELETE FROM data_keys WHERE tenant = 'acme'",
    "version": "UPDATE credentials SET key_version = 2 WHERE tenant = 'acme'",
}


@pytest.mark.parametrize("swap", SWAPS)
def test_what_was_swapped_in_the_database_does_not_open(tmp_path, swap):
    """Nobody gets a neighbour's key, and no provider another's; the others stay in use."""

    async def run():
        async with Process(tmp_path, Dice()) as it:
            await it.create()
            await it.create(tenant="globex", api_key=SECRET + "3")

            def change(session):
                session.run(SWAPS[swap])
                session.run("UPDATE versions SET value = value + 1 WHERE name = 'credentials'")

            await it.storage.database.write(change)
            await it.vault.refresh()
            assert [] == it.own("acme")
            assert [SECRET + "3"] == it.own("globex")
            await it.vault.refresh()
            return it.problems, it.vault.statistics().closed

    problems, closed = asyncio.run(run())
    assert (1, 1) == (len(problems), closed)
    assert "cannot be opened" in problems[0]


def test_what_cannot_be_opened_is_there_all_the_same(tmp_path):
    """Whoever picks knows that the tenant brought one, and that nobody else is to pay in its place."""

    async def run():
        dice = Dice()
        keks = FileKeks(tmp_path / "another machine", dice)
        async with Process(tmp_path, dice) as one, Process(tmp_path, dice, keks) as other:
            made = await one.create(fallback=True)
            await other.vault.refresh()
            return made.id, other.vault.of("acme"), other.vault.statistics()

    made, own, statistics = asyncio.run(run())
    assert {"openai": [OwnKey(made, None, fallback=True)]} == own
    assert (0, 1) == (statistics.credentials, statistics.closed)


def test_no_repr_shows_a_key(tmp_path):
    """Neither the vault's nor its parts'."""

    async def run():
        async with Process(tmp_path, Dice()) as it:
            await it.create()
            return [repr(it.vault), repr(it.vault.of("acme")), repr(it.vault.ring), repr(it.keks)]

    assert SECRET not in "".join(asyncio.run(run()))
    assert "<OwnKey cred_1>" == repr(structs.replace(OwnKey("cred_1", SECRET, fallback=False)))
