"""Sealed credentials at rest: added with their tenant's key, removed, rewrapped; all or nothing."""

import asyncio

import pytest
from msgspec import structs

from trunkline.storage.sql.credentials import CredentialStore, DataKey, SealedCredential

KEY = DataKey(tenant="acme", version=1, kek="k1", wrapped=b"wrapped")
ONE = SealedCredential(
    id="cred_1",
    tenant="acme",
    provider="openai",
    label="ours",
    ending="wxyz",
    fingerprint="abc",
    fallback=True,
    key_version=1,
    sealed=b"\x00sealed",
    created_at=1_795_000_000_000_000,
)
TWO = structs.replace(ONE, id="cred_2", fallback=False)
OTHERS = structs.replace(ONE, id="cred_3", tenant="globex")


@pytest.fixture
def store(database):
    return CredentialStore(database)


async def add(store, credential, key=KEY):
    seen = []

    def make(kek, known):
        seen.append((kek, known))
        return known or structs.replace(key, tenant=credential.tenant), credential

    await store.add(credential.tenant, make)
    return seen[0]


def test_what_was_added_is_there(store):
    """Every field of it, with its tenant's data key and the key that wraps."""

    async def run():
        assert ("", None) == await add(store, ONE)
        return await store.load()

    known = asyncio.run(run())
    assert ("k1", [KEY], [ONE]) == (known.kek, known.keys, known.credentials)


def test_a_tenant_has_one_data_key(store):
    """The second credential finds it; another tenant has its own, wrapped with the same key."""

    async def run():
        await add(store, ONE)
        assert ("k1", KEY) == await add(store, TWO)
        assert ("k1", None) == await add(store, OTHERS)
        return await store.load()

    known = asyncio.run(run())
    assert ["acme", "globex"] == [key.tenant for key in known.keys]
    assert [ONE, TWO, OTHERS] == known.credentials


def test_each_change_is_seen_by_the_version(store):
    """What changes nothing leaves it."""

    async def run():
        versions = [await store.version()]
        await add(store, ONE)
        versions.append(await store.version())
        await store.rewrap(lambda kek, keys: (kek, keys))
        versions.append(await store.version())
        await store.delete("cred_1")
        versions.append(await store.version())
        await store.delete("cred_1")
        await store.settle(lambda kek: None)
        assert versions[-1] == await store.version() == (await store.load()).version
        return versions

    versions = asyncio.run(run())
    assert sorted(set(versions)) == versions


def test_a_list_is_everybodys_or_a_tenants(store):
    """In the order they were added."""

    async def run():
        for credential in (ONE, OTHERS, TWO):
            await add(store, credential)
        return await store.list(None), await store.list("acme"), await store.list("nobody")

    assert ([ONE, TWO, OTHERS], [ONE, TWO], []) == asyncio.run(run())


def test_a_removed_one_is_gone_and_told_of_once(store):
    """As it was."""

    async def run():
        await add(store, ONE)
        return await store.delete("cred_1"), await store.delete("cred_1"), await store.list(None)

    assert (ONE, None, []) == asyncio.run(run())


def test_where_none_is_left_keys_begin_anew(store):
    """So a key-encryption key that was lost does not stand in the way of a new beginning."""

    async def run():
        await add(store, ONE)
        await store.delete("cred_1")
        return await add(store, TWO, structs.replace(KEY, kek="k2")), await store.load()

    seen, known = asyncio.run(run())
    assert (("", None), "k2", ["k2"]) == (seen, known.kek, [key.kek for key in known.keys])


def test_what_cannot_be_made_leaves_everything_as_it_was(store):
    """An exception of whoever seals goes on to the caller."""

    def fail(kek, known):
        raise ValueError("no key")

    async def run():
        await add(store, ONE)
        with pytest.raises(ValueError, match="no key"):
            await store.add("globex", fail)
        with pytest.raises(ValueError, match="no key"):
            await store.rewrap(fail)
        return await store.load()

    known = asyncio.run(run())
    assert ("k1", [KEY], [ONE]) == (known.kek, known.keys, known.credentials)


def test_all_data_keys_are_wrapped_anew(store):
    """And the id of the key that wraps goes with them."""

    async def run():
        await add(store, ONE)
        await add(store, OTHERS)

        def next_(kek, keys):
            assert "k1" == kek
            return "k2", [structs.replace(key, kek="k2", wrapped=b"new") for key in keys]

        count = await store.rewrap(next_)
        told = []
        await store.settle(told.append)
        return count, told, await store.load()

    count, told, known = asyncio.run(run())
    assert (2, ["k2"], "k2") == (count, told, known.kek)
    assert {b"new"} == {key.wrapped for key in known.keys}
