"""Sealing: a secret under its tenant's data key, and that under a key-encryption key (AES-256-GCM)."""

import hashlib
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from trunkline.kernel.ids import Entropy

# NIST SP 800-38D section 8.2.2: random nonces of 96 bits are good for 2^32 messages under one key;
# a tenant has some tens of credentials.
_NONCE = 12
_DATA_KEY = 32


class CannotOpen(ValueError):
    """Another key sealed it, for another place, or somebody changed it."""


class Kek(Struct, frozen=True):
    """A key-encryption key; its id says nothing of it."""

    id: str
    key: bytes

    def __repr__(self) -> str:
        return f"<Kek {self.id}>"


def named(key: bytes) -> Kek:
    return Kek(hashlib.sha256(b"trunkline kek " + key).hexdigest()[:16], key)


def new_data_key(entropy: Entropy) -> bytes:
    return entropy(_DATA_KEY)


def wrap(kek: Kek, data_key: bytes, tenant: str, version: int, entropy: Entropy) -> bytes:
    return _seal(kek.key, data_key, ("data key", tenant, version), entropy)


def unwrap(kek: Kek, wrapped: bytes, tenant: str, version: int) -> bytes:
    """Raises CannotOpen."""
    return _open(kek.key, wrapped, ("data key", tenant, version))


class Place(Struct, frozen=True):
    """
    Where a sealed secret belongs: it opens nowhere else.

    The provider is part of it, so that whoever can write to the database cannot have one
    provider's key sent to another.
    """

    tenant: str
    provider: str
    id: str
    version: int
    """Of the data key."""


def seal(data_key: bytes, secret: str, place: Place, entropy: Entropy) -> bytes:
    return _seal(data_key, secret.encode(), msgspec.structs.astuple(place), entropy)


def unseal(data_key: bytes, sealed: bytes, place: Place) -> str:
    """Raises CannotOpen."""
    return _open(data_key, sealed, msgspec.structs.astuple(place)).decode()


def _seal(key: bytes, secret: bytes, place: Sequence[str | int], entropy: Entropy) -> bytes:
    nonce = entropy(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret, _told(place))


def _open(key: bytes, sealed: bytes, place: Sequence[str | int]) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _told(place))
    except (InvalidTag, ValueError):
        raise CannotOpen("it was sealed with another key, or for another place") from None


def _told(place: Sequence[str | int]) -> bytes:
    """As JSON: no two places are written alike."""
    return msgspec.json.encode(place)
