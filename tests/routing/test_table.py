"""A model name resolves in the contract's order, or tells its neighbours."""

import difflib

import pytest

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import UnknownModel
from trunkline.routing.base import Route
from trunkline.routing.table import RouteTable


class FakeProvider:
    def __init__(self, name, *models):
        self.name = name
        self._models = models

    def models(self):
        return self._models

    def deployment(self, model):
        return Deployment(
            id=f"{self.name}/{model}", provider=self.name, model=model, dialect="openai-chat"
        )


class FakeNames:
    def direct(self, name):
        return {
            "openai/gpt-4o": ("openai", "gpt-4o"),
            "anthropic/claude-3.5-sonnet": ("anthropic", "claude-3-5-sonnet"),
        }.get(name)

    def holders(self, name):
        return ["mistral"] if name == "mistral-large" else []

    def nearest(self, name, known):
        return difflib.get_close_matches(name, known, 2)


OPENAI = FakeProvider("openai", "gpt-4o", "shared")
AZURE = FakeProvider("azure", "shared")
ANTHROPIC = FakeProvider("anthropic", "claude-3-5-sonnet")
OPENROUTER = FakeProvider("openrouter")


def table(*providers, **aliases):
    return RouteTable(aliases, {p.name: p for p in providers}, FakeNames())


def ids(route):
    return [d.id for d in route.deployments]


def test_an_alias_comes_first():
    """Even one that is also a model's name."""
    own = Route("gpt-4o", (AZURE.deployment("x"),))

    assert own == RouteTable({"gpt-4o": own}, {"openai": OPENAI}, FakeNames()).resolve("gpt-4o")


CASES = [
    ("openai/gpt-4o", ["openai/gpt-4o"]),
    ("azure/my-deployment", ["azure/my-deployment"]),
    ("gpt-4o", ["openai/gpt-4o"]),
    ("shared", ["openai/shared", "azure/shared"]),
    ("anthropic/claude-3.5-sonnet", ["anthropic/claude-3-5-sonnet"]),
    ("openrouter/meta-llama/llama-3", ["openrouter/meta-llama/llama-3"]),
    ("meta-llama/llama-3", ["openrouter/meta-llama/llama-3"]),
]


@pytest.mark.parametrize(("name", "expected"), CASES)
def test_the_steps_after_it(name, expected):
    """provider/model, catalogue name, OpenRouter id at its direct provider, else OpenRouter."""
    known = table(OPENAI, AZURE, ANTHROPIC, OPENROUTER)

    assert expected == ids(known.resolve(name))
    assert known.resolve(name) is known.resolve(name)


def test_openrouter_serves_what_has_no_direct_provider_here():
    """Without a configured anthropic its models still have a way."""
    assert ["openrouter/anthropic/claude-3.5-sonnet"] == ids(
        table(OPENROUTER).resolve("anthropic/claude-3.5-sonnet")
    )


def test_unknown_names_the_nearest():
    """A 404 that helps, and never echoes a megabyte."""
    with pytest.raises(UnknownModel, match=r"Did you mean gpt-4o\?"):
        table(OPENAI).resolve("gpt-4p")
    with pytest.raises(UnknownModel) as caught:
        table(OPENAI).resolve("z" * 1_000_000)

    assert len(caught.value.message) < 300
    assert "model" == caught.value.param


def test_names_lists_aliases_and_models_once():
    """What GET /v1/models shows."""
    route = Route("gpt-4o", (OPENAI.deployment("gpt-4o"),))

    assert ["gpt-4o", "shared"] == RouteTable(
        {"gpt-4o": route}, {"openai": OPENAI, "azure": AZURE}, FakeNames()
    ).names()


def test_a_model_of_a_provider_that_is_not_configured():
    """The first mistake of everybody: the name is right, the key is missing."""
    with pytest.raises(UnknownModel, match=r"served by mistral, not configured here") as caught:
        table(OPENAI).resolve("mistral-large")

    assert "[providers.mistral]" in caught.value.message


BOX = FakeProvider("box")


def listing(*providers, missed=lambda: None, **listed):
    return RouteTable({}, {p.name: p for p in providers}, FakeNames(), listed, missed)


def test_a_model_that_only_its_provider_lists():
    """It is routed to all who list it, in the order of the configuration."""
    known = listing(AZURE, BOX, box=["pulled", "x/pulled"], azure=["pulled"])

    assert ["azure/pulled", "box/pulled"] == ids(known.resolve("pulled"))
    assert ["box/x/pulled"] == ids(known.resolve("x/pulled"))


@pytest.mark.parametrize(
    ("name", "expected"),
    (
        ("gpt-4o", ["openai/gpt-4o"]),
        ("anthropic/claude-3.5-sonnet", ["anthropic/claude-3-5-sonnet"]),
        ("meta/llama", ["box/meta/llama"]),
        ("meta/other", ["openrouter/meta/other"]),
    ),
)
def test_a_list_takes_nothing_from_those_who_are_known(name, expected):
    """The catalogue's holders and a model's maker come before whoever lists the same name."""
    names = ["gpt-4o", "anthropic/claude-3.5-sonnet", "meta/llama"]
    known = listing(OPENROUTER, BOX, OPENAI, ANTHROPIC, box=names)

    assert expected == ids(known.resolve(name))


def test_a_providers_own_list_is_shown_instead_of_the_catalogues():
    """What it withdrew is not shown, and what somebody still asks for goes there all the same."""
    known = listing(OPENAI, AZURE, openai=["gpt-4o", "gpt-9"])

    assert ["gpt-4o", "gpt-9", "shared"] == known.names()
    assert ["openai/shared", "azure/shared"] == ids(known.resolve("shared"))
    assert ["shared"] == listing(OPENAI, AZURE, openai=[]).names()


def test_lists_change_by_another_table():
    """The old one stays as it was, for whoever holds it; what it could not find, the new one may."""
    old = listing(BOX, box=["a"])
    new = old.relisted({"box": ["a", "b"]})

    assert (["a"], ["a", "b"]) == (old.names(), new.names())
    assert ["box/b"] == ids(new.resolve("b"))
    with pytest.raises(UnknownModel):
        old.resolve("b")


def test_a_name_that_nobody_knows_is_reported():
    """Perhaps some provider has it by now."""
    misses = []
    known = listing(OPENAI, missed=lambda: misses.append(1))
    known.resolve("gpt-4o")
    for _ in range(2):
        with pytest.raises(UnknownModel):
            known.resolve("new")

    assert [1, 1] == misses
