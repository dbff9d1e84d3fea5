"""How hard to think."""

import pytest
from msgspec import Raw

from trunkline.canon.request import Thinking
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_effort import reasoning_effort

ALL = ("none", "minimal", "low", "medium", "high", "xhigh")
GROQ = ("low", "medium", "high")


@pytest.mark.parametrize(
    ("thinking", "efforts", "expected", "noted"),
    (
        (Thinking(effort="high"), ALL, "high", False),
        (Thinking(mode="enabled", budget_tokens=4_000), ALL, "low", False),
        (Thinking(mode="enabled", budget_tokens=10_000), ALL, "medium", False),
        (Thinking(mode="enabled", budget_tokens=31_999), ALL, "high", False),
        (Thinking(mode="enabled"), ALL, "medium", False),
        (Thinking(mode="adaptive"), ALL, "medium", False),
        (Thinking(mode="adaptive"), (), None, True),
        (Thinking(mode="adaptive", effort="low"), ALL, "low", False),
        (Thinking(), ALL, None, False),
        (Thinking(mode="disabled"), ALL, "none", False),
        (Thinking(mode="disabled", effort="high"), ALL, "none", False),
        (Thinking(mode="disabled"), ("minimal", "low"), "minimal", True),
        (Thinking(mode="disabled"), GROQ, None, True),
        (Thinking(effort="max"), ALL, "xhigh", True),
        (Thinking(effort="xhigh"), GROQ, "high", True),
        (Thinking(effort="minimal"), GROQ, "low", True),
        (Thinking(effort="low"), ("none", "high"), "high", True),
        (Thinking(effort="low"), ("none", "default"), "none", True),
        (Thinking(effort="low"), ("default",), None, True),
        (Thinking(effort="low"), (), None, True),
        (Thinking(effort="ultra"), ALL, None, True),
        (Thinking(effort=""), ALL, None, True),
        (Thinking(mode="enabled", native={"thinking": Raw(b"{}")}), ALL, None, False),
    ),
)
def test_effort(thinking, efforts, expected, noted):
    """The nearest the model knows; what is not meant exactly is noted."""
    notes = Notes()
    assert expected == reasoning_effort(thinking, efforts, notes)
    assert noted == bool(notes.all())
