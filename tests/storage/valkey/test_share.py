"""What a process may admit alone: never money, and of the rest its share of what was left."""

import pytest

from tests.storage.valkey.making import HOUR, MINUTE, claim, limit
from trunkline.canon.errors import LimitsUnavailable
from trunkline.canon.limit import Unit
from trunkline.storage.valkey.own import Own, Place
from trunkline.storage.valkey.share import Share

NOW = HOUR
REQUESTS = limit(Unit.REQUESTS, 100)


def admitted(share, many, *limits, at=NOW, **amounts):
    decisions = [share.admit(claim(f"r{at}-{n}", *limits, **amounts), at) for n in range(many)]
    return sum(not one.refused for one in decisions)


@pytest.mark.parametrize("holders", (1, 2, 3, 7, 8, 100, 101))
def test_all_shares_together_are_never_more(holders):
    """Every worker asks for all there is."""
    together = sum(admitted(Share(Own(), holders, NOW, 0.0), 101, REQUESTS) for _ in range(holders))

    assert 100 - holders < together <= 100


def test_what_was_used_before_is_not_given_out_again():
    """Of what was left, half; in the next window, half of all."""
    own = Own()
    own.see(REQUESTS.counter, NOW + MINUTE, 90, NOW)
    share = Share(own, 2, NOW, 0.0)

    assert 5 == admitted(share, 20, REQUESTS)
    assert 50 == admitted(share, 101, REQUESTS, at=NOW + MINUTE)


def test_no_money():
    """A claim with a budget among its limits is not admitted."""
    with pytest.raises(LimitsUnavailable):
        Share(Own(), 1, NOW, 0.0).admit(claim("r", REQUESTS, limit(Unit.COST, 10)), NOW)


def test_quiet_at_first():
    """Nothing for some seconds, and then the share."""
    share = Share(Own(), 1, NOW, 3.0)
    with pytest.raises(LimitsUnavailable):
        share.admit(claim("r", REQUESTS), NOW + 2_999_999)

    assert [] == list(share.admit(claim("r", REQUESTS), NOW + 3_000_000).refused)


def test_all_or_nothing():
    """One that is refused by one of its limits counts in none."""
    share = Share(Own(), 1, NOW, 0.0)
    tokens = limit(Unit.TOKENS, 10)
    refused = share.admit(claim("a", REQUESTS, tokens, tokens=11), NOW)
    let_in = share.admit(claim("b", REQUESTS, tokens, tokens=10), NOW)

    assert [1] == list(refused.refused)
    assert [1, 10] == [standing.used for standing in let_in.standings]


def test_tokens_that_were_not_taken_are_free_again():
    """As with the server: what it took replaces what was reserved."""
    own, tokens = Own(), limit(Unit.TOKENS, 10)
    share = Share(own, 1, NOW, 0.0)
    share.admit(claim("a", tokens, tokens=10), NOW)
    share.end(own.leases["a"], [4])

    assert [] == list(share.admit(claim("b", tokens, tokens=6), NOW).refused)
    assert [0] == list(share.admit(claim("c", tokens, tokens=1), NOW).refused)


def test_what_it_admits_is_remembered():
    """To be told to the server, which knows nothing of it."""
    own = Own()
    Share(own, 1, NOW, 0.0).admit(claim("a", REQUESTS), NOW)

    assert Place.HERE is own.leases["a"].place
    assert NOW + MINUTE == own.leases["a"].charges[0].closes
