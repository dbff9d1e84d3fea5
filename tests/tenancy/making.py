"""Keys and rings for the tests of tenancy."""

import hashlib
from collections.abc import Callable

from trunkline.storage.holders import Fact, KeyRecord
from trunkline.tenancy.keys import Mac, Minted, mint

PEPPER = bytes(range(32))
MAC = Mac(PEPPER)


def entropy(seed: int = 0) -> Callable[[int], bytes]:
    """Unpredictable enough for a test, and the same in every run."""
    count = seed << 32

    def take(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(count.to_bytes(16, "big")).digest(size)

    return take


def made(seed: int = 0, **changes: object) -> tuple[Minted, KeyRecord]:
    """A key, and its record."""
    minted = mint(entropy(seed))
    fields: dict[str, object] = {
        "id": minted.id,
        "tenant": "acme",
        "name": "test",
        "prefix": minted.prefix,
        "mac": MAC(minted.key.encode()),
        "created_at": 1.0,
    }
    return minted, KeyRecord(**{**fields, **changes})


def told(key: KeyRecord) -> Fact:
    """What happened to a key, of no matter to the test."""
    return Fact(id="evt_1", tenant=key.tenant, type="api_key.created", data=b"{}", at=1)
