"""Tests of storage/sql/keys.py: keys come back as they went in, and every change is seen."""

import pytest
from msgspec.structs import replace

from tests.storage.sql.holders import KEY, SUBSCRIPTION, TENANT, USER, Stores, Tell, run
from trunkline.canon.errors import Forbidden
from trunkline.storage.holders import NO_LIMITS, KeyQuery, KeyRecord, KeySet, LimitSet
from trunkline.storage.sql.database import Database

PLAIN = KeyRecord(id="p", tenant="acme", name="p", prefix="tl_p", mac=bytes(32), created_at=1.0)


@pytest.mark.parametrize(
    "key",
    (
        KEY,
        PLAIN,
        replace(KEY, models=None, expires_at=None, scopes=(), pipes=None, providers=None),
        replace(KEY, models=(), providers=(), modes=(), pipes=(), tags=(), revoked_at=9.75),
    ),
)
def test_a_key_comes_back_as_it_went_in(database: Database, key: KeyRecord) -> None:
    """No models at all is not the same as any model."""

    async def work(stores: Stores) -> tuple[bool, KeyRecord | None, KeySet]:
        added = await stores.keys.add(key, Tell())
        return added, await stores.keys.get(key.id), await stores.keys.load()

    added, got, loaded = run(database, work)

    assert (True, key, 2, (key,)) == (added, got, loaded.version, loaded.keys)


def test_a_new_keys_tenant_and_user_are_made(database: Database) -> None:
    """Once; those that are there stay as they are."""

    async def work(stores: Stores) -> KeySet:
        await stores.tenants.add(replace(TENANT, name="old"))
        await stores.keys.add(KEY, Tell())
        await stores.keys.add(replace(KEY, id="b", tenant="old"), Tell())
        return await stores.keys.load()

    loaded = run(database, work)

    assert {"acme": NO_LIMITS, "old": TENANT.limits} == {t.name: t.limits for t in loaded.tenants}
    assert {("acme", KEY.user), ("old", KEY.user)} == {(u.tenant, u.name) for u in loaded.users}


def test_everybody_is_loaded_at_one_moment(database: Database) -> None:
    """Keys, tenants, users and subscriptions, with one version for all."""

    async def work(stores: Stores) -> KeySet:
        await stores.tenants.add(TENANT)
        await stores.tenants.add_user(USER)
        await stores.subscriptions.add(SUBSCRIPTION)
        await stores.keys.add(PLAIN, Tell())
        return await stores.keys.load()

    assert KeySet(5, (PLAIN,), [TENANT], [USER], [SUBSCRIPTION]) == run(database, work)


def test_an_id_is_taken_once(database: Database) -> None:
    """The second key of an id is not added, and the first stays; nothing counts as changed."""
    tell = Tell()

    async def work(stores: Stores) -> tuple[bool, KeySet]:
        await stores.keys.add(KEY, tell)
        return await stores.keys.add(replace(KEY, tenant="thief"), tell), await stores.keys.load()

    added, loaded = run(database, work)

    assert (False, 2, (KEY,), ["abc"]) == (added, loaded.version, loaded.keys, tell.told)
    assert ["acme"] == [tenant.name for tenant in loaded.tenants]


def test_revoking_keeps_the_first_date(database: Database) -> None:
    """Revoking twice is no error and told once; revoking nothing is said."""
    tell = Tell()

    async def work(stores: Stores) -> tuple[bool, bool, bool, KeyRecord | None]:
        await stores.keys.add(KEY, Tell())
        return (
            await stores.keys.revoke("abc", 3.0, tell),
            await stores.keys.revoke("abc", 4.0, tell),
            await stores.keys.revoke("nobody", 5.0, tell),
            await stores.keys.get("abc"),
        )

    assert (True, True, False, replace(KEY, revoked_at=3.0)) == run(database, work)
    assert ["abc"] == tell.told


def test_another_tenants_key_is_not_there(database: Database) -> None:
    """Neither to look at nor to revoke."""

    async def work(stores: Stores) -> tuple[KeyRecord | None, bool, KeyRecord | None]:
        await stores.keys.add(KEY, Tell())
        return (
            await stores.keys.get("abc", "thief"),
            await stores.keys.revoke("abc", 3.0, Tell(), "thief"),
            await stores.keys.get("abc", "acme"),
        )

    assert (None, False, KEY) == run(database, work)


def test_a_revoked_key_takes_those_with_it_that_it_made(database: Database) -> None:
    """And what these made; no others. Afterwards it can make none."""
    tell = Tell("api_key.revoked")
    line = [("a", ""), ("b", "a"), ("c", "b"), ("x", ""), ("y", "x")]

    async def work(stores: Stores) -> set[str]:
        for name, maker in line:
            await stores.keys.add(replace(PLAIN, id=name, created_by=maker), Tell())
        await stores.keys.revoke("a", 3.0, tell)
        with pytest.raises(Forbidden):
            await stores.keys.add(replace(PLAIN, id="late", created_by="b"), Tell())
        with pytest.raises(Forbidden):
            await stores.keys.add(replace(PLAIN, id="far", created_by="x", tenant="other"), Tell())
        return {key.id for key in (await stores.keys.load()).keys if key.revoked_at is None}

    assert {"x", "y"} == run(database, work)
    assert {"a", "b", "c"} == set(tell.told)


@pytest.mark.parametrize(("ends", "at"), ((None, 9.0), (2.5, 2.5), (20.0, 9.0)))
def test_a_successor_ends_the_old_key(database: Database, ends: float | None, at: float) -> None:
    """At the time that was asked for, unless its own end comes sooner."""
    old, new = replace(KEY, expires_at=ends), replace(KEY, id="new")

    async def work(stores: Stores) -> tuple[bool, KeySet]:
        await stores.keys.add(old, Tell())
        return await stores.keys.succeed(new, old.id, 9.0, Tell()), await stores.keys.load()

    added, loaded = run(database, work)

    assert (True, 3, (replace(old, expires_at=at), new)) == (added, loaded.version, loaded.keys)


def test_a_revoked_key_has_no_successor(database: Database) -> None:
    """Revoked after it was read, and before that is written: both happen at one moment."""

    async def work(stores: Stores) -> KeySet:
        await stores.keys.add(KEY, Tell())
        await stores.keys.revoke(KEY.id, 2.0, Tell())
        with pytest.raises(Forbidden, match="revoked"):
            await stores.keys.succeed(replace(KEY, id="new"), KEY.id, 9.0, Tell())
        return await stores.keys.load()

    assert (replace(KEY, revoked_at=2.0),) == run(database, work).keys


def test_a_successor_may_do_what_the_old_key_may_at_that_moment(database: Database) -> None:
    """Not what it might when it was read: its limits may have been lowered since."""
    lower = replace(KEY, limits=LimitSet(requests_per_day=1), models=())
    new = replace(KEY, id="new", prefix="tl_new", mac=bytes(32), created_at=8.0, meter=KEY.id)

    async def work(stores: Stores) -> KeyRecord | None:
        await stores.keys.add(KEY, Tell())
        await stores.keys.amend(KEY.id, lambda _: lower)
        await stores.keys.succeed(new, KEY.id, 9.0, Tell())
        return await stores.keys.get("new")

    assert replace(new, limits=lower.limits, models=()) == run(database, work)


def test_revoking_takes_what_was_made(database: Database) -> None:
    """And what that made; a rotation keeps its children."""
    line = (("a", ""), ("b", "a"), ("c", "b"), ("x", ""), ("y", "x"))

    async def work(stores: Stores) -> set[str]:
        for name, maker in line:
            await stores.keys.add(replace(PLAIN, id=name, created_by=maker), Tell())
        for new, old in (("a2", "a"), ("a3", "a2")):
            successor = replace(PLAIN, id=new, meter="a")
            await stores.keys.succeed(successor, old, 9.0, Tell())
        await stores.keys.add(replace(PLAIN, id="d", created_by="a3"), Tell())
        await stores.keys.revoke("a3", 9.0, Tell())
        return {key.id for key in (await stores.keys.load()).keys if key.revoked_at is None}

    assert {"a", "a2", "x", "y"} == run(database, work)


def test_a_successor_whose_id_is_taken_ends_nothing(database: Database) -> None:
    """Both happen or neither."""

    async def work(stores: Stores) -> tuple[bool, KeySet]:
        await stores.keys.add(KEY, Tell())
        return await stores.keys.succeed(KEY, KEY.id, 2.0, Tell()), await stores.keys.load()

    added, loaded = run(database, work)
    assert (False, 2, (KEY,)) == (added, loaded.version, loaded.keys)


def test_a_key_is_changed_as_it_is_at_that_moment(database: Database) -> None:
    """Everything but its id; a user it gets is made; whoever is not there is not changed."""
    new = replace(
        PLAIN, name="n", user="bob", limits=LimitSet(requests_per_day=1), pipes=None, models=("m",)
    )

    async def work(stores: Stores) -> tuple[KeyRecord | None, KeyRecord | None, KeySet]:
        await stores.keys.add(PLAIN, Tell())
        amended = await stores.keys.amend("p", lambda old: replace(new, mac=old.mac))
        nobody = await stores.keys.amend("nobody", lambda old: old)
        return amended, nobody, await stores.keys.load()

    amended, nobody, loaded = run(database, work)

    assert (new, None, 3, (new,)) == (amended, nobody, loaded.version, loaded.keys)
    assert [("acme", "bob")] == [(user.tenant, user.name) for user in loaded.users]


def test_a_change_that_is_refused_changes_nothing(database: Database) -> None:
    """An error of whoever decides goes on to the caller."""

    async def work(stores: Stores) -> int:
        await stores.keys.add(PLAIN, Tell())

        def refuse(_: KeyRecord) -> KeyRecord:
            raise Forbidden("no")

        with pytest.raises(Forbidden):
            await stores.keys.amend("p", refuse)
        return await stores.keys.version()

    assert 2 == run(database, work)


@pytest.mark.parametrize(
    ("asked", "found"),
    (
        ({}, ["a", "b", "c", "d"]),
        ({"tenant": "acme"}, ["a", "b", "c"]),
        ({"tenant": "acme", "user": "ann"}, ["a"]),
        ({"plan": "gold"}, ["b", "d"]),
        ({"tag": "x"}, ["a"]),
        ({"tag": "%"}, []),
        ({"tag": 'q"t'}, ["b"]),
        ({"status": "active"}, ["a", "d"]),
        ({"status": "expired"}, ["b"]),
        ({"status": "revoked"}, ["c"]),
        ({"most": 2}, ["a", "b"]),
        ({"most": 2, "after": "b"}, ["c", "d"]),
        ({"after": "d"}, []),
        ({"after": "nobody"}, []),
    ),
)
def test_keys_are_found(database: Database, asked: dict[str, str | int], found: list[str]) -> None:
    """By any of their features, in the order of creation, one page after the other."""
    keys = (
        replace(PLAIN, id="a", user="ann", tags=("x", "yy")),
        replace(PLAIN, id="b", plan="gold", expires_at=5.0, tags=('q"t', "xx")),
        replace(PLAIN, id="c", revoked_at=99.0, created_at=2.0),
        replace(PLAIN, id="d", tenant="other", plan="gold", expires_at=50.0, created_at=2.0),
    )

    async def work(stores: Stores) -> list[str]:
        for key in reversed(keys):
            await stores.keys.add(key, Tell())
        query = KeyQuery(**{"now": 5.0, "most": 10, **asked})
        return [key.id for key in await stores.keys.find(query)]

    assert found == run(database, work)


def test_every_change_is_seen_by_others(database: Database) -> None:
    """The version grows with whatever changes who may call, and with nothing else."""

    async def work(stores: Stores) -> list[int]:
        steps = (
            lambda: stores.keys.add(PLAIN, Tell()),
            lambda: stores.keys.revoke("p", 3.0, Tell()),
            lambda: stores.tenants.amend("acme", lambda old: replace(old, disabled_at=3)),
            lambda: stores.tenants.add_user(USER),
            lambda: stores.tenants.amend_user("acme", "ann", lambda old: old),
            lambda: stores.subscriptions.add(SUBSCRIPTION),
            lambda: stores.subscriptions.amend("sub_1", lambda o: replace(o, plan="x"), Tell()),
            lambda: stores.subscriptions.amend("sub_1", lambda old: old, Tell()),
            lambda: stores.keys.get("p"),
        )
        versions = [await stores.keys.version()]
        for step in steps:
            await step()
            versions.append(await stores.keys.version())
        return versions

    assert [1, 2, 3, 4, 5, 6, 7, 8, 8, 8] == run(database, work)
