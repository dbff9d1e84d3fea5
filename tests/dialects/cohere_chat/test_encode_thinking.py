"""How much to think."""

import pytest

from tests.dialects.cohere_chat.kit import body_of, chat, noted, to
from trunkline.canon.request import Thinking

ON = {"type": "enabled"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    (
        (None, None),
        (Thinking(display="summarized"), None),
        (Thinking(mode="disabled"), {"type": "disabled"}),
        (Thinking(effort="none"), {"type": "disabled"}),
        (Thinking(mode="enabled"), ON),
        (Thinking(mode="enabled", budget_tokens=500), {**ON, "token_budget": 500}),
        (Thinking(mode="adaptive", effort="low"), {**ON, "token_budget": 2048}),
        (Thinking(effort="high"), ON),
    ),
)
def test_on_off_and_budget(asked, expected):
    """Silence leaves it to the model, which thinks; much effort has no bounds."""
    assert expected == body_of(chat(thinking=asked)).get("thinking")
    assert [] == noted(chat(thinking=asked))


def test_an_efforts_budget_leaves_room_for_an_answer():
    """A quarter of what may be written."""
    request = chat(thinking=Thinking(effort="medium"), max_output_tokens=1000)

    assert 750 == body_of(request)["thinking"]["token_budget"]


def test_a_budget_is_positive():
    """Noted where it was not."""
    request = chat(thinking=Thinking(mode="enabled", budget_tokens=0))

    assert 1 == body_of(request)["thinking"]["token_budget"]
    assert ["thinking.budget_tokens"] == noted(request)


def test_a_model_that_does_not_think():
    """Is not told to; that it shall not is no loss."""
    for asked, told in ((Thinking(effort="high"), ["thinking"]), (Thinking(mode="disabled"), [])):
        assert "thinking" not in body_of(chat(thinking=asked), to(efforts=()))
        assert told == noted(chat(thinking=asked), to(efforts=()))


def test_the_silence_of_anthropics_clients():
    """It is off, without a note for models that do not think."""
    request = chat(origin="anthropic-messages")
    thinking, other = to(efforts=("none", "high")), to("command-r", efforts=())

    assert {"type": "disabled"} == body_of(request, thinking)["thinking"]
    assert "thinking" not in body_of(request, other)
    assert [[], []] == [noted(request, place) for place in (thinking, other)]
