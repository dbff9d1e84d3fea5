"""The configuration's [models] become routes, or say what is wrong with them."""

import pytest

from trunkline.canon.deployment import Deployment
from trunkline.config.errors import ConfigError
from trunkline.config.schema import ModelConfig, Target
from trunkline.routing.aliases import alias_routes


class FakeProvider:
    name = "openai"

    def models(self):
        return ()

    def deployment(self, model):
        return Deployment(
            id=f"openai/{model}", provider="openai", model=model, dialect="d", context_window=8
        )


def routes(*targets, strategy="fallback"):
    model = ModelConfig(targets=list(targets), strategy=strategy)
    return alias_routes({"m": model}, {"openai": FakeProvider()}, ["fallback", "weighted"])


def test_a_target_may_carry_its_own_limits():
    """What it does not say stays as the provider has it."""
    plain, tuned = routes(
        "openai/a/b", Target(model="openai/c", weight=3, idle_timeout=5.0, context_window=9)
    )["m"].deployments

    assert ("openai/a/b", 1, 60.0, 8) == (
        plain.id,
        plain.weight,
        plain.idle_timeout,
        plain.context_window,
    )
    assert ("openai/c", 3, 5.0, 9) == (
        tuned.id,
        tuned.weight,
        tuned.idle_timeout,
        tuned.context_window,
    )


BAD = [
    (("gpt",), "fallback", 'expected "provider/model"'),
    (("openai/",), "fallback", 'expected "provider/model"'),
    (("azure/gpt",), "fallback", "no provider 'azure' is configured; there are: openai"),
    (("openai/a",), "auto", "no such strategy; there are fallback, weighted"),
    (("openai/a", "openai/a"), "fallback", "twice"),
    ((Target(model="openai/a", weight=0),), "weighted", "all weights are 0"),
]


@pytest.mark.parametrize(("targets", "strategy", "expected"), BAD)
def test_what_is_wrong(targets, strategy, expected):
    """Each mistake is told with its key."""
    with pytest.raises(ConfigError) as caught:
        routes(*targets, strategy=strategy)

    assert expected in str(caught.value)
    assert caught.value.key.startswith("models.m.")
