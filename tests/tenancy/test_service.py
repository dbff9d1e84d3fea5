"""Tests of tenancy/service.py: keys are made, shown once, listed and revoked."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from tests.ledger.making import NOON, FakeClock
from tests.tenancy.making import MAC, entropy
from tests.tenancy.memory import MemoryKeys
from trunkline.canon.errors import (
    Forbidden,
    InternalError,
    Malformed,
    NotFound,
    Unauthenticated,
)
from trunkline.canon.exchange import Principal
from trunkline.storage.base import KeyStore
from trunkline.storage.holders import LimitSet
from trunkline.storage.sqlite.backend import open_sqlite
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.keyring import Keyring
from trunkline.tenancy.service import KeyService
from trunkline.tenancy.views import CreatedKey, KeyView
from trunkline.tenancy.wishes import KeyChanges, NewKey


class Office:
    """A key service with the keyring of its process."""

    def __init__(self, store: KeyStore | None = None) -> None:
        self.store = store or MemoryKeys()
        self.clock = FakeClock()
        self.keyring = Keyring(MAC)
        follower = KeyringFollower(self.keyring, self.store, pytest.fail)
        self.service = KeyService(self.store, MAC, self.clock, entropy(), follower)

    def lets_in(self, key: str) -> bool:
        try:
            self.keyring.authenticate(key, self.clock.unix())
        except Unauthenticated:
            return False
        return True


def test_a_new_key_works_at_once() -> None:
    """With what it was asked for with, and what it was not asked for left open."""
    office = Office()

    plain = asyncio.run(office.service.create(NewKey(name="laptop")))
    narrow = asyncio.run(
        office.service.create(
            NewKey(
                name="ci",
                tenant="acme",
                scopes=("chat:write",),
                models=("mini",),
                expires_at=NOON + 5,
            )
        )
    )

    assert (plain.name, "default", (), None, NOON, None, None, "active") == (
        "laptop",
        plain.tenant,
        plain.scopes,
        plain.models,
        plain.created_at,
        plain.expires_at,
        plain.revoked_at,
        plain.status,
    )
    principal = office.keyring.authenticate(narrow.key, NOON)
    assert (narrow.id, "acme", {"chat:write"}, {"mini"}) == (
        principal.key_id,
        principal.tenant,
        set(principal.scopes),
        set(principal.models or ()),
    )


def test_the_key_itself_is_shown_once() -> None:
    """Neither the list nor the key's own page has it, nor its hash; nor has any repr."""
    office = Office()
    created = asyncio.run(office.service.create(NewKey(name="a")))

    listed = asyncio.run(office.service.list())
    got = asyncio.run(office.service.get(created.id))

    secret = created.key[16:]
    assert (got,) == listed
    assert secret not in repr(created)
    shown = msgspec.json.decode(msgspec.json.encode(got))
    assert {*KeyView.__struct_fields__} == {*shown}
    assert "mac" not in shown
    assert secret not in str(shown)
    assert secret in msgspec.json.encode(created).decode()


def test_a_revoked_key_is_refused_at_once() -> None:
    """In the process that revoked it; revoking again keeps the date's meaning."""
    office = Office()
    created = asyncio.run(office.service.create(NewKey(name="a")))
    assert office.lets_in(created.key)

    revoked = asyncio.run(office.service.revoke(created.id))

    assert not office.lets_in(created.key)
    assert ("revoked", NOON) == (revoked.status, revoked.revoked_at)
    assert "revoked" == asyncio.run(office.service.revoke(created.id)).status


def test_a_key_expires() -> None:
    """Shown as such from that moment on."""
    office = Office()
    created = asyncio.run(office.service.create(NewKey(name="a", expires_at=NOON + 5)))

    office.clock.now = NOON + 5

    assert "expired" == asyncio.run(office.service.get(created.id)).status
    assert not office.lets_in(created.key)


def test_a_key_that_is_not_there_is_not_found() -> None:
    """Whether to look at or to revoke."""
    office = Office()

    for work in (office.service.get, office.service.revoke):
        with pytest.raises(NotFound, match="nobody"):
            asyncio.run(work("nobody"))


@pytest.mark.parametrize(
    ("wanted", "param"),
    (
        (NewKey(name=""), "name"),
        (NewKey(name="  "), "name"),
        (NewKey(name="x" * 201), "name"),
        (NewKey(name="a", tenant=""), "tenant"),
        (NewKey(name="a", tenant="../etc"), "tenant"),
        (NewKey(name="a", tenant="x" * 65), "tenant"),
        (NewKey(name="a", tenant="a\n"), "tenant"),
        (NewKey(name="a", expires_at=NOON), "expires_at"),
        (NewKey(name="a", expires_at=float("nan")), "expires_at"),
        (NewKey(name="a", scopes=("",)), "scopes"),
        (NewKey(name="a", scopes=("chat:write", "chat:wrte")), "scopes"),
        (NewKey(name="a", models=("m",) * 1001), "models"),
    ),
)
def test_a_key_that_makes_no_sense_is_refused(wanted: NewKey, param: str) -> None:
    """Naming the field, and nothing is made."""
    office = Office()

    with pytest.raises(Malformed) as refused:
        asyncio.run(office.service.create(wanted))

    assert param == refused.value.param
    assert () == asyncio.run(office.service.list())


def test_broken_entropy_is_noticed() -> None:
    """A source that repeats itself makes one key, never the same one twice."""
    office = Office()
    service = KeyService(office.store, MAC, office.clock, bytes)
    asyncio.run(service.create(NewKey(name="a")))

    with pytest.raises(InternalError):
        asyncio.run(service.create(NewKey(name="b")))


def found_in(folder: Path, secret: str) -> list[str]:
    """The files that hold any recognisable piece of it."""
    pieces = [secret[start : start + 12].encode() for start in range(len(secret) - 12)]
    return [
        path.name
        for path in folder.iterdir()
        if any(piece in path.read_bytes() for piece in pieces)
    ]


def test_the_secret_is_nowhere_on_disk(tmp_path: Path) -> None:
    """Database, log and shared memory are searched, while open and after closing."""

    async def run() -> tuple[CreatedKey, list[str]]:
        storage = open_sqlite(tmp_path, FakeClock())
        created = await Office(storage.keys).service.create(NewKey(name="a"))
        found = found_in(tmp_path, created.key[16:])
        await storage.aclose()
        return created, found

    created, found = asyncio.run(run())

    assert [] == found + found_in(tmp_path, created.key[16:])
    assert created.prefix.encode() in (tmp_path / "trunkline.db").read_bytes()


def test_the_search_finds_a_secret_that_was_kept(tmp_path: Path) -> None:
    """The planted bug: a name that holds the key; the same search sees it."""

    async def run() -> CreatedKey:
        storage = open_sqlite(tmp_path, FakeClock())
        service = Office(storage.keys).service
        created = await service.create(NewKey(name="a"))
        await service.create(NewKey(name=f"copy of {created.key}"))
        await storage.aclose()
        return created

    assert ["trunkline.db"] == found_in(tmp_path, asyncio.run(run()).key[16:])


def test_a_rotated_key_and_its_successor_overlap() -> None:
    """Both open the door until the overlap is over; the new one may do what the old one may."""
    office = Office()
    wanted = NewKey(name="ci", tenant="acme", scopes=("chat:write",), models=("mini",))
    old = asyncio.run(office.service.create(wanted))
    new = asyncio.run(office.service.rotate(old.id, 60.0))

    assert ("ci", "acme", ("chat:write",), ("mini",), None, "active", old.id, NOON + 60) == (
        new.name,
        new.tenant,
        new.scopes,
        new.models,
        new.expires_at,
        new.status,
        new.replaces,
        new.replaced_expires_at,
    )
    assert [True, True] == [office.lets_in(key.key) for key in (old, new)]
    office.clock.now += 60
    assert [False, True] == [office.lets_in(key.key) for key in (old, new)]
    assert new.key[16:] not in repr(new)


def test_a_successor_counts_as_the_key_it_succeeds() -> None:
    """And so does that one's: a rotation is no new budget."""
    office = Office()
    limits = LimitSet(cost_total=5)
    old = asyncio.run(office.service.create(NewKey(name="a", limits=limits)))
    new = asyncio.run(office.service.rotate(old.id))
    newest = asyncio.run(office.service.rotate(new.id))

    assert {f"key/{old.id}/cost/0"} == {
        limit.counter
        for key in (old, new, newest)
        for limit in office.keyring.authenticate(key.key, NOON).limits
    }


def test_a_successor_looks_like_the_key_it_succeeds() -> None:
    """In the format of its face."""
    office = Office()
    old = asyncio.run(office.service.create(NewKey(name="a", face="plexor", user="ann")))
    new = asyncio.run(office.service.rotate(old.id))

    assert ("plexor", "plx_ann_") == (new.face, new.key[:8])
    assert office.lets_in(new.key)


def test_a_successor_lives_as_long_as_the_old_key_was_made_to() -> None:
    """Counted from now; and the old one never ends later than it would have."""
    office = Office()
    old = asyncio.run(office.service.create(NewKey(name="a", expires_at=NOON + 100)))
    office.clock.now += 90
    new = asyncio.run(office.service.rotate(old.id))

    assert (NOON + 190, NOON + 100) == (new.expires_at, new.replaced_expires_at)


def test_without_an_overlap_the_old_key_ends_at_once() -> None:
    """For one that has leaked."""
    office = Office()
    old = asyncio.run(office.service.create(NewKey(name="a")))
    asyncio.run(office.service.rotate(old.id, 0))

    assert not office.lets_in(old.key)


def test_what_cannot_be_rotated() -> None:
    """Nobody, a key that has ended, one for ever: and then nothing has changed."""
    office = Office()
    key = asyncio.run(office.service.create(NewKey(name="a")))
    for overlap in (-1.0, 1e9, float("nan")):
        with pytest.raises(Malformed, match="overlap_seconds"):
            asyncio.run(office.service.rotate(key.id, overlap))
    with pytest.raises(NotFound, match="nobody"):
        asyncio.run(office.service.rotate("nobody"))
    asyncio.run(office.service.revoke(key.id))
    with pytest.raises(Malformed, match="is revoked; create another"):
        asyncio.run(office.service.rotate(key.id))

    assert 1 == len(asyncio.run(office.service.list()))


def test_a_key_is_changed_at_once() -> None:
    """In this process; who is not there is told."""
    office = Office()
    key = asyncio.run(office.service.create(NewKey(name="a")))
    view = asyncio.run(office.service.amend(key.id, KeyChanges(models=("m",), name="b")))

    assert ("b", ("m",)) == (view.name, view.models)
    assert frozenset({"m"}) == office.keyring.authenticate(key.key, NOON).models
    with pytest.raises(NotFound, match="nobody"):
        asyncio.run(office.service.amend("nobody", KeyChanges()))
    with pytest.raises(Malformed):
        asyncio.run(office.service.amend(key.id, KeyChanges(name="")))


def test_another_tenants_key_is_not_found() -> None:
    """By whoever says of which tenant it speaks."""
    office = Office()
    key = asyncio.run(office.service.create(NewKey(name="a", tenant="acme")))
    for work in (
        lambda: office.service.get(key.id, "evil"),
        lambda: office.service.revoke(key.id, Principal(key_id=key.id, tenant="evil")),
        lambda: office.service.rotate(key.id, 0, Principal(key_id=key.id, tenant="evil")),
    ):
        with pytest.raises(NotFound):
            asyncio.run(work())

    assert office.lets_in(key.key)
    assert key.id == asyncio.run(office.service.get(key.id, "acme")).id


def test_a_key_makes_a_key() -> None:
    """Of its own tenant, known as its maker's; a maker that is gone makes none."""
    office = Office()
    wish = NewKey(name="maker", tenant="acme", scopes=("keys:write", "chat:write"))
    maker = asyncio.run(office.service.create(wish))
    principal = office.keyring.authenticate(maker.key, NOON)
    made = asyncio.run(office.service.grant(NewKey(name="made"), principal))

    assert ("acme", ("chat:write",), maker.id) == (made.tenant, made.scopes, made.created_by)
    assert office.lets_in(made.key)
    with pytest.raises(Forbidden):
        asyncio.run(office.service.grant(NewKey(name="m", scopes=("usage:read",)), principal))
    with pytest.raises(Malformed):
        asyncio.run(office.service.grant(NewKey(name=""), principal))
    with pytest.raises(NotFound):
        asyncio.run(office.service.grant(NewKey(name="m"), structs.replace(principal, key_id="x")))


def test_keys_make_keys_to_a_depth() -> None:
    """Deep enough for anybody, and no deeper."""
    office = Office()
    scopes = ("keys:write", "chat:write")
    keys = [asyncio.run(office.service.create(NewKey(name="0", scopes=scopes)))]

    def deeper() -> CreatedKey:
        principal = office.keyring.authenticate(keys[-1].key, NOON)
        return asyncio.run(office.service.grant(NewKey(name="n", scopes=scopes), principal))

    while len(keys) < 8:
        keys.append(deeper())
    with pytest.raises(Forbidden, match="8 deep"):
        deeper()


def test_what_happens_to_keys_is_told() -> None:
    """Made, rotated, revoked; by what they are known by, never by their secret."""
    office = Office()
    key = asyncio.run(office.service.create(NewKey(name="a", tenant="acme")))
    new = asyncio.run(office.service.rotate(key.id))
    asyncio.run(office.service.revoke(new.id))

    told = office.store.told
    assert [
        ("api_key.created", key.id),
        ("api_key.created", new.id),
        ("api_key.revoked", new.id),
    ] == [(fact.type, msgspec.json.decode(fact.data)["id"]) for fact in told]
    assert not any(key.key[16:].encode() in fact.data for fact in told)
