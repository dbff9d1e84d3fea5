"""Registries are literal lists."""

import pytest
from msgspec import Struct

from trunkline.kernel.registry import Registry


class Spec(Struct, frozen=True):
    name: str


def test_keeps_the_order_of_the_list():
    """Iteration is in the order of registration."""
    registry = Registry([Spec("b"), Spec("a")])

    assert ["b", "a"] == list(registry)
    assert Spec("a") == registry["a"]
    assert 2 == len(registry)
    assert "<Registry b, a>" == repr(registry)


def test_a_name_twice_is_refused():
    """Two specs of one name are a mistake at start-up, not a silent replacement."""
    with pytest.raises(ValueError, match="duplicate registration: a"):
        Registry([Spec("a"), Spec("a")])
