"""Tests of tenancy/keyring.py: the right key is let in, and nothing else is."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tenancy.making import MAC, entropy, made
from trunkline.canon.errors import Forbidden, Unauthenticated
from trunkline.canon.exchange import Principal
from trunkline.storage.holders import KeyChanges, KeyRecord, KeySet, LimitSet, TenantRecord
from trunkline.tenancy.keyring import Keyring, KeyringStatistics
from trunkline.tenancy.keys import FACES, mint
from trunkline.tenancy.plans import Plan

MINTED, RECORD = made(1)


def ring(*records: KeyRecord, version: int = 1) -> Keyring:
    keyring = Keyring(MAC)
    keyring.replace(KeySet(version, records))
    return keyring


@pytest.mark.parametrize("token", (MINTED.key, MINTED.key.encode()))
def test_a_key_gives_its_principal(token: str | bytes) -> None:
    """As text or as the bytes of a header."""
    _, record = made(1, scopes=("chat:write",), models=("a",))

    principal = ring(record, made(2)[1]).authenticate(token, 5.0)

    assert (
        Principal(
            key_id=MINTED.id,
            tenant="acme",
            scopes=frozenset({"chat:write"}),
            models=frozenset({"a"}),
        )
        == principal
    )


@pytest.mark.parametrize(
    ("token", "message"),
    (
        ("", "No API key was sent.*Authorization: Bearer.*trunkline keys create"),
        ("sk-abcdef", "not an API key of this gateway.*tl_"),
        ("tl_short", "wrong length"),
        (MINTED.key + "x", "wrong length"),
        (MINTED.key[:-1] + ("a" if MINTED.key[-1] != "a" else "b"), "mistyped"),
        (made(3)[0].key, "not known here.*create one"),
        ("é" * 65, "not an API key"),
        ("\ud800", "not an API key"),
        (b"\xff\x00", "not an API key"),
        (b"tl_" + b"\xff" * 62, "mistyped"),
    ),
)
def test_a_refusal_says_what_to_do(token: str | bytes, message: str) -> None:
    """Without ever repeating the key."""
    with pytest.raises(Unauthenticated, match=message) as refused:
        ring(RECORD).authenticate(token, 5.0)

    assert 401 == refused.value.status
    if token:
        assert str(token) not in refused.value.message


def test_a_known_id_with_another_secret_is_refused() -> None:
    """Even where the checksum fits."""
    _, thief = made(2, id=MINTED.id)

    with pytest.raises(Unauthenticated, match="not known here"):
        ring(thief).authenticate(MINTED.key, 5.0)


def test_a_key_is_hashed_under_the_pepper() -> None:
    """A database without its pepper opens nothing: the MAC of another pepper does not fit."""
    record = made(1, mac=type(MAC)(b"another pepper of 32 bytes......")(MINTED.key.encode()))[1]

    with pytest.raises(Unauthenticated):
        ring(record).authenticate(MINTED.key, 5.0)


def test_a_key_expires_to_the_moment() -> None:
    """Good before, refused from then on, and told so."""
    keyring = ring(made(1, expires_at=10.0)[1])

    assert "acme" == keyring.authenticate(MINTED.key, 9.999).tenant
    with pytest.raises(Unauthenticated, match="has expired"):
        keyring.authenticate(MINTED.key, 10.0)


def test_a_revoked_key_is_refused_at_once() -> None:
    """Whatever the clock of whoever revoked it said."""
    keyring = ring(made(1, revoked_at=99.0)[1])

    with pytest.raises(Unauthenticated, match="was revoked"):
        keyring.authenticate(MINTED.key, 5.0)


def test_whether_a_key_still_stands() -> None:
    """For what was asked with it before, without its secret: not once it is revoked, or too old."""
    records = ({}, {"expires_at": 101.0}, {"expires_at": 100.0}, {"revoked_at": 1.0})
    rings = [ring(made(1, **changes)[1]) for changes in records]
    holders = [keyring.standing(RECORD.id, 100.0) for keyring in (*rings, ring())]
    names = [holder and holder.key_id for holder in holders]
    assert [RECORD.id, RECORD.id, None, None, None] == names


def test_what_became_of_a_key_is_told_to_its_holder_alone() -> None:
    """Who knows the id and not the secret learns nothing of revocation."""
    keyring = ring(made(2, id=MINTED.id, revoked_at=99.0)[1])

    with pytest.raises(Unauthenticated, match="not known here"):
        keyring.authenticate(MINTED.key, 5.0)


def test_an_unknown_id_is_hashed_as_well() -> None:
    """The same steps as for a wrong secret: the time taken does not tell ids that exist."""
    hashed: list[bytes] = []

    class CountingMac(type(MAC)):
        def __call__(self, key: bytes) -> bytes:
            hashed.append(key)
            return super().__call__(key)

    keyring = Keyring(CountingMac(bytes(32)))
    keyring.replace(KeySet(1, [RECORD]))
    stranger = made(3)[0].key
    for key in (stranger, MINTED.key):
        with pytest.raises(Unauthenticated):
            keyring.authenticate(key, 5.0)

    assert [stranger.encode(), MINTED.key.encode()] == hashed


@given(st.one_of(st.text(), st.binary(), st.from_regex(rb"tl_[a-z]{12}_[a-z]{49}", fullmatch=True)))
def test_nothing_else_gets_in(token: str | bytes) -> None:
    """Any input is refused, with the one error there is."""
    with pytest.raises(Unauthenticated):
        ring(RECORD).authenticate(token, 5.0)


def test_a_newer_snapshot_replaces_an_older_one() -> None:
    """And never the other way round, though two loads may overtake each other."""
    keyring = ring(made(1, revoked_at=1.0)[1], version=3)
    keyring.replace(KeySet(2, [RECORD]))

    with pytest.raises(Unauthenticated):
        keyring.authenticate(MINTED.key, 5.0)

    keyring.replace(KeySet(4, [RECORD]))
    assert "acme" == keyring.authenticate(MINTED.key, 5.0).tenant
    assert KeyringStatistics(keys=1, version=4) == keyring.statistics()


def test_what_changed_is_changed_alone() -> None:
    """A key that was revoked lets nobody in from then on; what does not follow changes nothing."""
    keyring = ring(RECORD, version=3)
    keyring.authenticate(MINTED.key, 5.0)
    revoked = KeyChanges(3, 4, {RECORD.id: made(1, revoked_at=1.0)[1]}, {}, {}, {})

    assert not keyring.amend(msgspec.structs.replace(revoked, since=2))
    assert 3 == keyring.version
    assert keyring.amend(revoked)
    with pytest.raises(Unauthenticated):
        keyring.authenticate(MINTED.key, 5.0)
    assert keyring.amend(KeyChanges(2, 3, {RECORD.id: RECORD}, {}, {}, {}))  # overtaken
    assert 4 == keyring.version
    assert keyring.amend(KeyChanges(4, 5, {RECORD.id: None}, {}, {}, {}))
    assert KeyringStatistics(keys=0, version=5) == keyring.statistics()


def test_an_empty_ring_lets_nobody_in() -> None:
    """Before the first load."""
    with pytest.raises(Unauthenticated):
        Keyring(MAC).authenticate(MINTED.key, 5.0)


def test_a_plan_that_changes_is_in_force_at_once() -> None:
    """For keys that are in use as for others."""
    keyring = ring(made(1, plan="gold")[1])
    told = []
    for most in (5, 6):
        keyring.use({"gold": Plan("gold", "", LimitSet(requests_per_day=most))})
        told.append([limit.most for limit in keyring.authenticate(MINTED.key, 5.0).limits])
    keyring.use({})

    assert [[5], [6]] == told
    with pytest.raises(Forbidden, match="`gold`"):
        keyring.authenticate(MINTED.key, 5.0)
    assert keyring.standing(RECORD.id, 5.0) is None


def test_whoever_is_vouched_for_has_what_its_tenant_has() -> None:
    """As if there were such a key."""
    tenant = TenantRecord(name="acme", limits=LimitSet(requests_per_day=5), created_at=0)
    keyring = Keyring(MAC)
    keyring.replace(KeySet(1, (), [tenant]))
    visitor = KeyRecord(
        id="jwt:a:b", tenant="acme", name="", prefix="", mac=b"", created_at=0.0, expires_at=9.0
    )
    hold = keyring.visitor(visitor, 5.0)

    assert ("jwt:a:b", ["tenant/acme/requests/86400"], 9.0) == (
        hold.principal.key_id,
        [limit.counter for limit in hold.principal.limits],
        hold.until,
    )


def test_whoever_is_vouched_for_in_two_tenants_is_two() -> None:
    """Under one id, as its issuer names it; the limits of its plan are counted apart."""
    keyring = Keyring(MAC, {"gold": Plan("gold", "", LimitSet(requests_per_minute=5))})
    visitor = KeyRecord(
        id="jwt:a:b", tenant="acme", name="", prefix="", mac=b"", plan="gold", created_at=0.0
    )
    holds = [
        keyring.visitor(msgspec.structs.replace(visitor, tenant=name), 5.0)
        for name in ("acme", "bell")
    ]

    assert ["jwt:a:b"] * 2 == [hold.principal.key_id for hold in holds]
    assert ["key/acme/jwt:a:b/requests/60", "key/bell/jwt:a:b/requests/60"] == [
        limit.counter for hold in holds for limit in hold.principal.limits
    ]


def test_who_holds_a_key_is_worked_out_once() -> None:
    """However often it comes: the same principal, until something has changed."""
    keyring = ring(RECORD)
    first = keyring.authenticate(MINTED.key, 5.0)
    assert first is keyring.authenticate(MINTED.key, 6.0)

    keyring.replace(KeySet(2, [RECORD]))
    assert first is not keyring.authenticate(MINTED.key, 6.0)


@pytest.mark.parametrize("face", FACES)
def test_keys_of_every_face_are_found(face: str) -> None:
    """By the id in them; one whose secret is another's is not."""
    minted = mint(entropy(9), face, "ann")
    record = made(1, id=minted.id, mac=MAC(minted.key.encode()))[1]
    keyring = ring(record)
    wrong = minted.key[:-10] + ("a" if minted.key[-10] != "a" else "b") + minted.key[-9:]

    assert minted.id == keyring.authenticate(minted.key, 5.0).key_id
    with pytest.raises(Unauthenticated, match="mistyped"):
        keyring.authenticate(wrong, 5.0)
    with pytest.raises(Unauthenticated, match="wrong length"):
        keyring.authenticate(minted.key + "x" * 70, 5.0)
