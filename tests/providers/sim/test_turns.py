"""What a turn counts as."""

from trunkline.providers.sim.turns import Call, Turn


def test_every_part_counts() -> None:
    """Thought, text, refusal, the names and the arguments of calls."""
    turn = Turn(thinking="abcd", text="abcdefgh", refusal="abcd", calls=(Call("name", "{}"),))

    assert 1 + 2 + 1 + 1 + 1 == turn.tokens
