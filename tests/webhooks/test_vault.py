"""Secrets at rest."""

import os

import pytest

from trunkline.webhooks.vault import AesGcmVault

VAULT = AesGcmVault(b"k" * 32, os.urandom)


def test_what_is_sealed_opens_again():
    """And says nothing of itself meanwhile; twice the same is not the same."""
    one, two = VAULT.seal(b"secret", b"a"), VAULT.seal(b"secret", b"a")

    assert b"secret" == VAULT.open(one, b"a") == VAULT.open(two, b"a")
    assert b"secret" not in one
    assert one != two


@pytest.mark.parametrize("damage", (lambda s: s[:-1], lambda s: b"\2" + s[1:], lambda s: s[:5]))
def test_what_was_tampered_with_does_not_open(damage):
    """Nor do pieces."""
    with pytest.raises(ValueError):
        VAULT.open(damage(VAULT.seal(b"secret", b"a")), b"a")


def test_a_secret_opens_for_its_owner_alone():
    """A row copied to another tenant's endpoint is worth nothing there; nor under another key."""
    sealed = VAULT.seal(b"secret", b"acme whe_1")

    with pytest.raises(ValueError, match="something else"):
        VAULT.open(sealed, b"evil whe_2")
    with pytest.raises(ValueError, match="another key"):
        AesGcmVault(b"x" * 32, os.urandom).open(sealed, b"acme whe_1")
