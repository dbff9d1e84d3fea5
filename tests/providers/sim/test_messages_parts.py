"""Usage and stop reasons of Messages."""

import pytest
from msgspec import json

from trunkline.providers.sim.messages_parts import stop_reason, usage
from trunkline.providers.sim.turns import Tally, Turn


@pytest.mark.parametrize(
    ("turn", "reason"),
    (
        (Turn(), "end_turn"),
        (Turn(stopped_by="x"), "stop_sequence"),
        (Turn(finish="length", stopped_by="x"), "max_tokens"),
        (Turn(finish="tool_calls"), "tool_use"),
        (Turn(finish="pause"), "pause_turn"),
    ),
)
def test_stop_reasons(turn: Turn, reason: str) -> None:
    """A stop sequence only where the turn stopped for it."""
    assert reason == stop_reason(turn)


def test_input_is_never_negative() -> None:
    """Where a script claims more from the cache than there is."""
    told = json.decode(usage(Tally(input=1, cache_read=9), ""))

    assert (0, 9) == (told["input_tokens"], told["cache_read_input_tokens"])
