"""How the registry opens it."""

import asyncio
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock
from trunkline.storage.base import StorageRefused
from trunkline.storage.state import Place
from trunkline.storage.valkey.backend import SPEC


def place(url):
    return Place(data=Path("unused"), url=url, holder="w1", clock=FakeClock(), tell=lambda _: None)


@pytest.mark.parametrize("scheme", SPEC.schemes)
def test_every_scheme_opens(scheme):
    """Without a look at the server, which may be away as yet; its counts are not known."""
    state = SPEC.open(place(f"{scheme}://:secret@127.0.0.1:1/0"))
    lost = state.lost
    asyncio.run(state.aclose())

    assert lost
    assert "secret" not in repr(state)


def test_a_bad_address_is_refused():
    """At the start, in words."""
    with pytest.raises(StorageRefused, match="not the address"):
        SPEC.open(place("redis://host:port"))
