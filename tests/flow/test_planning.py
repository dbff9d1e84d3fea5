"""Tests of flow/planning.py: which deployments a key lets be asked."""

import pytest
from msgspec import structs

from tests.flow.world import World, chat_body, openai, whole
from trunkline.canon.errors import Forbidden
from trunkline.flow.planning import planned


def plan(**may):
    world = World(openai(whole(), name="a"), openai(whole(), name="b"))
    world.principal = structs.replace(world.principal, **may)
    return [d.provider for d in planned(world.rooms, world.make(chat_body()))]


def test_any_provider_of_the_model():
    """In the router's order."""
    assert ["a", "b"] == plan()


def test_only_those_the_key_may_use():
    """The others are not even a fallback."""
    assert ["b"] == plan(providers=frozenset({"b", "c"}))


def test_none_that_the_key_may_use():
    """Is told with those it may."""
    with pytest.raises(Forbidden, match="it may use: c, d"):
        plan(providers=frozenset({"c", "d"}))


def test_a_model_the_key_may_not_name():
    """Is refused before anybody is looked for."""
    with pytest.raises(Forbidden, match="may not use the model `m`"):
        plan(models=frozenset({"other"}))
