"""How much to think, in levels or in tokens."""

import pytest
from msgspec import Raw

from tests.dialects.gemini.kit import notes, request, sent
from trunkline.canon.deployment import Quirks
from trunkline.canon.request import Thinking
from trunkline.dialects.gemini.thinking import no_thinking, thinking_config
from trunkline.dialects.notes import Notes

FLASH = Quirks(thinking_budget=(0, 24_576))
PRO = Quirks(thinking_budget=(128, 32_768))
LEVELS = Quirks(efforts=("low", "high"))
NEITHER = Quirks(efforts=())


def told(quirks, **asked):
    notes = Notes()
    return thinking_config(Thinking(**asked), quirks, notes), bool(notes.all())


@pytest.mark.parametrize(
    ("quirks", "asked", "expected"),
    (
        (FLASH, {"effort": "low"}, ({"thinkingBudget": 1_024, "includeThoughts": True}, False)),
        (FLASH, {"effort": "none"}, ({"thinkingBudget": 0}, False)),
        (FLASH, {"mode": "disabled"}, ({"thinkingBudget": 0}, False)),
        (PRO, {"mode": "disabled"}, ({"thinkingBudget": 128}, True)),
        (
            PRO,
            {"mode": "enabled", "budget_tokens": 99_999},
            ({"thinkingBudget": 32_768, "includeThoughts": True}, True),
        ),
        (PRO, {"mode": "adaptive"}, ({"thinkingBudget": -1, "includeThoughts": True}, False)),
        (LEVELS, {"effort": "high"}, ({"thinkingLevel": "HIGH", "includeThoughts": True}, False)),
        (LEVELS, {"effort": "medium"}, ({"thinkingLevel": "LOW", "includeThoughts": True}, True)),
        (LEVELS, {"effort": "max"}, ({"thinkingLevel": "HIGH", "includeThoughts": True}, True)),
        (LEVELS, {"mode": "disabled"}, ({"thinkingLevel": "LOW"}, True)),
        (
            LEVELS,
            {"mode": "enabled", "budget_tokens": 30_000, "display": "omitted"},
            ({"thinkingLevel": "HIGH"}, False),
        ),
        (LEVELS, {"mode": "adaptive"}, ({"includeThoughts": True}, False)),
        (LEVELS, {"display": "summarized"}, ({"includeThoughts": True}, False)),
        (LEVELS, {}, (None, False)),
        (NEITHER, {"effort": "low"}, (None, True)),
        (NEITHER, {"display": "summarized"}, (None, False)),
    ),
)
def test_what_is_said(quirks, asked, expected):
    """One of the two, never both; what the model cannot be told is noted."""
    assert expected == told(quirks, **asked)


def test_what_another_dialect_alone_has():
    """Is noted, where it is all that was asked."""
    assert (None, True) == told(LEVELS, native={"reasoning": Raw(b'{"context":"all_turns"}')})


def test_nothing_asked():
    """Nothing said."""
    assert thinking_config(None, FLASH, Notes()) is None


@pytest.mark.parametrize(
    ("quirks", "expected"),
    (
        (FLASH, {"thinkingBudget": 0}),
        (PRO, None),
        (LEVELS, None),
        (Quirks(efforts=("minimal", "low")), {"thinkingLevel": "MINIMAL"}),
        (NEITHER, None),
        (Quirks(), None),
    ),
)
def test_no_thinking(quirks, expected):
    """For those whose silence is a no: said where the model can be told."""
    assert expected == no_thinking(quirks).get("thinkingConfig")


def test_the_silence_of_anthropics_clients():
    """It is no thinking; of others it leaves all to the model."""
    asked = request(origin="anthropic-messages")
    quirks = {"thinking_budget": (0, 24_576)}

    assert {"thinkingBudget": 0} == sent(asked, **quirks)["generationConfig"]["thinkingConfig"]
    assert {} == notes(asked, **quirks)
    assert "generationConfig" not in sent(request(origin="openai-chat"), **quirks)
