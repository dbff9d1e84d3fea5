"""The suites pass what is good and find what is planted."""

import pytest
from msgspec.structs import replace

from trunkline.canon.content import Text
from trunkline.dialects.registry import DIALECTS
from trunkline.routing.registry import STRATEGIES
from trunkline.testing.suites import check_dialect, check_strategy


class Standing:
    def latency_ms(self, deployment_id):
        return {"a": 3.0, "b": 1.0, "c": 2.0}[deployment_id]

    def price(self, deployment):
        return {"a": 2.0, "b": 3.0, "c": float("inf")}[deployment.id]


@pytest.mark.parametrize("name", list(DIALECTS))
def test_every_dialect_conforms(name):
    """Both roles of each dialect understand each other."""
    assert [] == check_dialect(DIALECTS[name])


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_strategy_conforms(name):
    """Whatever the order, nobody is lost."""
    assert [] == check_strategy(STRATEGIES[name], Standing())


class Broken:
    """A dialect with one thing wrong, over a sound one."""

    def __init__(self, sound, **wrong):
        self._sound = sound
        self.__dict__.update(wrong)

    def __getattr__(self, name):
        return getattr(self._sound, name)


class Silent(Broken):
    """An encoder that says nothing of a fault."""

    def fault(self, error, request_id):
        return b""


def _loses_text(answer):
    choice = answer.choices[0]
    parts = tuple(p for p in choice.parts if not isinstance(p, Text))
    return replace(answer, choices=(replace(choice, parts=parts),))


SOUND = DIALECTS["openai-chat"]
PLANTED = [
    ({"decode_answer": lambda body: _loses_text(SOUND.decode_answer(body))}, "changes"),
    ({"read_usage": lambda body: None}, "read_usage"),
    ({"decode_request": lambda body, headers: body["x"]}, "raises TypeError"),
    ({"encoder": lambda *given: Silent(SOUND.encoder(*given))}, "not told within a stream"),
]


@pytest.mark.parametrize(("wrong", "complaint"), PLANTED)
def test_a_planted_bug_is_found(wrong, complaint):
    """A suite that passes everything would be worthless."""
    try:
        found = check_dialect(Broken(SOUND, **wrong))
    except TypeError as error:
        found = [f"raises TypeError {error}"]

    assert any(complaint in what for what in found)


def test_a_strategy_that_loses_somebody_is_found():
    """So is one that answers only its favourite."""

    class Favourite:
        name = "favourite"

        def order(self, deployments, standing, dice):
            return deployments[:1]

    assert check_strategy(Favourite(), Standing())
