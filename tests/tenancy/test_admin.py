"""Tests of tenancy/admin.py: one secret opens the admin API."""

import re

import pytest

from tests.tenancy.making import MAC, entropy
from trunkline.canon.errors import Unauthenticated
from trunkline.tenancy.admin import AdminGate, mint_admin_key


def test_the_admin_key_opens() -> None:
    """As text or bytes; white space that an editor left around it in its file does not matter."""
    key = mint_admin_key(entropy())
    gate = AdminGate(key + b"\n", MAC)

    assert re.fullmatch(rb"tl_admin_[0-9A-Za-z]{43}", key)
    assert gate.authenticate(key).admin
    assert gate.authenticate(key.decode()).admin


@pytest.mark.parametrize("token", ("", "x", "tl_admin_", b"\xff", "\ud800"))
def test_nothing_else_does(token: str | bytes) -> None:
    """And the answer says where the key is to be found."""
    gate = AdminGate(mint_admin_key(entropy()), MAC)

    with pytest.raises(Unauthenticated, match="TRUNKLINE_ADMIN_KEY"):
        gate.authenticate(token)


@pytest.mark.parametrize("key", ("", "   ", "\n", "short77"))
def test_a_short_admin_key_is_refused(key: str) -> None:
    """An environment variable that is set and empty must not open everything."""
    with pytest.raises(ValueError, match="8 characters"):
        AdminGate(key, MAC)


def test_the_key_is_not_kept() -> None:
    """Only its hash is in memory, and neither is in the gate's repr."""
    assert "<AdminGate>" == repr(AdminGate("preset by hand", MAC))
    assert {"_expected": MAC(b"preset by hand"), "_mac": MAC} == {
        name: getattr(AdminGate("preset by hand", MAC), name) for name in AdminGate.__slots__
    }
