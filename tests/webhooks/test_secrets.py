"""Which secrets of an endpoint are in force."""

import os

import pytest
from msgspec import structs

from tests.webhooks.making import endpoint
from trunkline.webhooks.secrets import Secrets
from trunkline.webhooks.vault import AesGcmVault

SECRETS = Secrets(AesGcmVault(b"k" * 32, os.urandom))


def test_a_former_secret_signs_until_its_time_is_up():
    """The newest is first."""
    one = endpoint(
        secret=SECRETS.sealed("new", "acme", "whe_a"),
        former=SECRETS.sealed("old", "acme", "whe_a"),
        former_until=100,
    )

    assert ["new", "old"] == SECRETS.in_force(one, 99)
    assert ["new"] == SECRETS.in_force(one, 100)


def test_a_secret_of_another_endpoint_does_not_open():
    """Whoever can write to the database cannot have us sign under a secret of theirs."""
    stolen = SECRETS.sealed("new", "acme", "whe_b")

    with pytest.raises(ValueError):
        SECRETS.in_force(structs.replace(endpoint(), secret=stolen), 0)
