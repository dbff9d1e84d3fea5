"""A 429 cools one credential for one model."""

from trunkline.canon.errors import BadCredential, QuotaExhausted, Throttled
from trunkline.routing.cooling import LONGEST, REFUSED, Cooling


def throttled(seconds=None):
    return Throttled("", retry_after=seconds)


def test_cools_the_pair_only():
    """Another key, or another model of the same key, may go on."""
    cooling = Cooling()
    cooling.cool("k1", "m", 0.0, throttled(5.0))

    assert 5.0 == cooling.remaining("k1", "m", 0.0)
    assert 0.0 == cooling.remaining("k1", "m", 5.0)
    assert 0.0 == cooling.remaining("k2", "m", 0.0)
    assert 0.0 == cooling.remaining("k1", "other", 0.0)


def test_without_a_hint_the_pause_doubles():
    """1, 2, 4 seconds; an answer forgets it."""
    cooling = Cooling()
    pauses = []
    for _ in range(3):
        cooling.cool("k", "m", 0.0, throttled())
        pauses.append(cooling.remaining("k", "m", 0.0))
    cooling.warm("k", "m")

    assert [1.0, 2.0, 4.0] == pauses
    assert 0.0 == cooling.remaining("k", "m", 0.0)


def test_absurd_hints_are_capped():
    """Neither a year nor a negative number is believed."""
    cooling = Cooling()
    cooling.cool("k", "m", 0.0, throttled(1e9))
    assert LONGEST == cooling.remaining("k", "m", 0.0)
    cooling.cool("k", "m", 0.0, throttled(-5.0))

    assert 0.0 == cooling.remaining("k", "m", 0.0)


def test_pick_rotates_over_usable_credentials():
    """The turn chooses; cooled ones are passed over; None when all cool."""
    cooling = Cooling()
    assert [0, 1, 0] == [cooling.pick(["a", "b"], "m", 0.0, turn) for turn in (0, 1, 2)]
    cooling.cool("b", "m", 0.0, throttled(9.0))
    assert [0, 0] == [cooling.pick(["a", "b"], "m", 0.0, turn) for turn in (0, 1)]
    cooling.cool("a", "m", 0.0, throttled(3.0))

    assert cooling.pick(["a", "b"], "m", 0.0, 0) is None
    assert (3.0, Throttled) == cooling.soonest(["a", "b"], "m", 0.0)


def test_what_was_refused_rests_for_a_minute_and_is_remembered_as_that():
    """A bad credential and an empty account are not told as a rate limit later."""
    cooling = Cooling()
    cooling.cool("bad", "m", 0.0, BadCredential(""))
    cooling.cool("dry", "m", 1.0, QuotaExhausted(""))

    assert (REFUSED, BadCredential) == cooling.soonest(["dry", "bad"], "m", 0.0)
    assert (1.0, QuotaExhausted) == cooling.soonest(["dry"], "m", REFUSED)


def test_a_timer_that_rings_early_is_not_turned_away():
    """What was waited out is over, though the clock may lack a millisecond."""
    cooling = Cooling()
    cooling.cool("k", "m", 0.0, throttled(1.0))

    assert 0.0 == cooling.remaining("k", "m", 0.999)
    assert 0.0 < cooling.remaining("k", "m", 0.98)


def test_names_that_clients_make_up_do_not_fill_the_memory():
    """Pauses that are over are forgotten once there are many."""
    cooling = Cooling()
    for number in range(10_001):
        cooling.cool("k", f"m{number}", float(number), throttled(1.0))

    assert "<Cooling 1 pairs>" == repr(cooling)


def test_another_credential_under_the_same_name_starts_anew():
    """The pauses of the one before are not its own; those of others stay."""
    cooling = Cooling()
    cooling.cool("p#1", "m", 0.0, BadCredential(""))
    cooling.cool("q#1", "m", 0.0, throttled(9.0))

    cooling.forget(iter(["p#1"]))

    assert (0.0, 9.0) == (cooling.remaining("p#1", "m", 0.0), cooling.remaining("q#1", "m", 0.0))
