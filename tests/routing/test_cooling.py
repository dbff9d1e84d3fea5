"""A 429 cools one credential for one model."""

from trunkline.routing.cooling import LONGEST, Cooling


def test_cools_the_pair_only():
    """Another key, or another model of the same key, may go on."""
    cooling = Cooling()
    cooling.cool("k1", "m", 0.0, 5.0)

    assert 5.0 == cooling.remaining("k1", "m", 0.0)
    assert 0.0 == cooling.remaining("k1", "m", 5.0)
    assert 0.0 == cooling.remaining("k2", "m", 0.0)
    assert 0.0 == cooling.remaining("k1", "other", 0.0)


def test_without_a_hint_the_pause_doubles():
    """1, 2, 4 seconds; an answer forgets it."""
    cooling = Cooling()
    pauses = []
    for _ in range(3):
        cooling.cool("k", "m", 0.0, None)
        pauses.append(cooling.remaining("k", "m", 0.0))
    cooling.warm("k", "m")

    assert [1.0, 2.0, 4.0] == pauses
    assert 0.0 == cooling.remaining("k", "m", 0.0)


def test_absurd_hints_are_capped():
    """Neither a year nor a negative number is believed."""
    cooling = Cooling()
    cooling.cool("k", "m", 0.0, 1e9)
    assert LONGEST == cooling.remaining("k", "m", 0.0)
    cooling.cool("k", "m", 0.0, -5.0)

    assert 0.0 == cooling.remaining("k", "m", 0.0)


def test_pick_rotates_over_usable_credentials():
    """The turn chooses; cooled ones are passed over; None when all cool."""
    cooling = Cooling()
    assert [0, 1, 0] == [cooling.pick(["a", "b"], "m", 0.0, turn) for turn in (0, 1, 2)]
    cooling.cool("b", "m", 0.0, 9.0)
    assert [0, 0] == [cooling.pick(["a", "b"], "m", 0.0, turn) for turn in (0, 1)]
    cooling.cool("a", "m", 0.0, 3.0)

    assert cooling.pick(["a", "b"], "m", 0.0, 0) is None
    assert 3.0 == cooling.soonest(["a", "b"], "m", 0.0)
