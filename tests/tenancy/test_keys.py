"""Tests of tenancy/keys.py: the shape of a key, its checksum, its hash, and what it may do."""

import hmac
import math
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tenancy.making import PEPPER, entropy
from trunkline.canon.errors import Forbidden
from trunkline.canon.exchange import Principal
from trunkline.tenancy.keys import (
    FACES,
    FORMATS,
    NAMED,
    SHAPES,
    Mac,
    allow_model,
    allow_scope,
    base62,
    mint,
    sound,
)

FORM = SHAPES[0]


def test_a_key_has_its_parts() -> None:
    """Prefix, 12 of id, 43 of secret, 6 of checksum; what is shown later ends before the secret."""
    minted = mint(entropy())

    assert re.fullmatch(r"tl_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", minted.key)
    assert minted.key.startswith(f"{minted.prefix}_")
    assert f"tl_{minted.id}" == minted.prefix
    assert (FORM.shortest, FORM.longest, minted.id.encode()) == (
        len(minted.key),
        len(minted.key),
        minted.key.encode()[FORM.identifier],
    )
    assert minted.key not in repr(minted)


def test_the_secret_is_all_of_256_bits() -> None:
    """Every bit of the entropy changes the key: the extremes fit the digits."""
    lowest = mint(bytes).key
    highest = mint(lambda size: b"\xff" * size).key

    assert "0" * 43 == lowest[16:-6]
    assert "0" * 43 < highest[16:-6]
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = 0
    for digit in highest[16:-6]:
        number = number * 62 + digits.index(digit)
    assert 2**256 - 1 == number


def test_keys_differ() -> None:
    """A thousand in a row, by id and by secret."""
    take = entropy()
    keys = [mint(take) for _ in range(1000)]

    assert 1000 == len({key.id for key in keys}) == len({key.key[16:] for key in keys})


@given(st.integers(0, 64), st.characters(codec="ascii"))
def test_a_typo_is_noticed(at: int, typed: str) -> None:
    """Any one character: the checksum no longer fits."""
    key = mint(entropy()).key
    assert sound(key.encode())

    wrong = key[:at] + typed + key[at + 1 :]

    assert (wrong == key) == sound(wrong.encode())


def test_the_checksum_is_crc32_in_base_62() -> None:
    """As scanners of leaked secrets compute it."""
    key = mint(entropy()).key

    assert base62(zlib.crc32(key[:-6].encode()), 6) == key[-6:]
    assert ("000000", "4gfFC3") == (base62(0, 6), base62(2**32 - 1, 6))


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=64))
def test_the_mac_is_hmac_sha256(message: bytes, pepper: bytes) -> None:
    """Like the standard library's, again and again from one object."""
    mac = Mac(pepper)

    assert hmac.digest(pepper, message, "sha256") == mac(message) == mac(message)


@pytest.mark.parametrize("pepper", (b"", b"x" * 31, b"x" * 65))
def test_a_weak_pepper_is_refused(pepper: bytes) -> None:
    """Under an empty one anybody can make keys; and it shows nowhere."""
    with pytest.raises(ValueError, match="pepper"):
        Mac(pepper)
    assert "<Mac>" == repr(Mac(PEPPER))


def test_models_are_allowed_by_name() -> None:
    """None is any model, an empty set is none; the message tells which are allowed."""
    allow_model(Principal(key_id="k", tenant="t"), "anything")
    some = Principal(key_id="k", tenant="t", models=frozenset({"b", "a"}))
    allow_model(some, "a")

    with pytest.raises(Forbidden, match=r"`c`.*: a, b\.") as refused:
        allow_model(some, "c")
    assert "model" == refused.value.param
    with pytest.raises(Forbidden, match="none"):
        allow_model(Principal(key_id="k", tenant="t", models=frozenset()), "a")


def test_scopes_are_allowed_by_name() -> None:
    """A key without scopes may do everything a key can."""
    allow_scope(Principal(key_id="k", tenant="t"), "chat:write")
    some = Principal(key_id="k", tenant="t", scopes=frozenset({"chat:write"}))
    allow_scope(some, "chat:write")

    with pytest.raises(Forbidden, match="`models:read`"):
        allow_scope(some, "models:read")


@pytest.mark.parametrize("scope", sorted(NAMED))
def test_some_scopes_must_be_named(scope: str) -> None:
    """A stolen key that can do everything cannot make others to be kept."""
    allow_scope(Principal(key_id="k", tenant="t", scopes=frozenset({scope})), scope)

    with pytest.raises(Forbidden, match=scope):
        allow_scope(Principal(key_id="k", tenant="t"), scope)


@pytest.mark.parametrize(
    ("face", "owner", "shape"),
    (
        ("keyplex", "", r"kpx_[0-9A-Za-z]{48}"),
        ("plexor", "user_abc123", r"plx_user_abc123_[0-9A-Za-z]{61}"),
        ("plexor", "ann@example.com", r"plx_ann_example_com_[0-9A-Za-z]{61}"),
        ("plexor", "", r"plx_user_[0-9A-Za-z]{61}"),
        ("plexor", "x" * 70, r"plx_x{64}_[0-9A-Za-z]{61}"),
        ("prxy", "", r"prxy_live_[0-9A-Za-z]{61}"),
    ),
)
def test_a_face_has_keys_of_its_own(face: str, owner: str, shape: str) -> None:
    """As its documentation shows them; the id is found in them, and typos are."""
    minted = mint(entropy(), face, owner)
    key, form = minted.key.encode(), SHAPES[FACES.index(face)]

    assert re.fullmatch(shape, minted.key)
    assert key.startswith(form.prefix)
    assert form.shortest <= len(key) <= form.longest
    assert minted.id.encode() == key[form.identifier]
    assert minted.key.startswith(minted.prefix)
    assert minted.prefix.endswith(minted.id)
    assert sound(key)
    assert not sound(key[:-8] + bytes([key[-8] ^ 1]) + key[-7:])


def test_the_shortest_secret_is_beyond_guessing() -> None:
    """178 bits at least, where a face leaves less room than 256."""
    assert 178 <= min(int(form.secret * math.log2(62)) for form in FORMATS)
