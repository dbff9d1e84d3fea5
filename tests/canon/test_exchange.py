"""Who gave the answer of an exchange."""

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Overloaded
from trunkline.canon.exchange import Attempt, Exchange, Principal
from trunkline.canon.usage import Usage

D = Deployment(id="p/m", provider="p", model="m", dialect="d")


def exchange(*attempts):
    return Exchange(
        id="req_1",
        face="native",
        dialect="d",
        operation="chat",
        principal=Principal(key_id="k", tenant="t"),
        envelope={},
        model="m",
        stream=False,
        headers={},
        received_at=0.0,
        started=0.0,
        attempts=list(attempts),
    )


def test_the_last_attempt_answered_unless_it_failed():
    """Those before it failed, or there would be none after them."""
    bad, good = Attempt(1, D, 0.0, error=Overloaded("x")), Attempt(2, D, 0.0)

    assert good is exchange(bad, good).answered_by
    assert exchange(bad).answered_by is None
    assert exchange().answered_by is None


def test_exchanges_share_nothing():
    """Each has lists of its own."""
    one, other = exchange(), exchange()
    one.attempts.append(Attempt(1, D, 0.0))

    assert [] == other.attempts
    assert other.notes is not one.notes


def test_tokens_without_a_price_are_not_free():
    """Those with the price of nothing are; and so is nothing."""
    some = Usage(output=1)
    tried = (
        Attempt(1, D, 0.0, usage=some),
        Attempt(1, D, 0.0, usage=some, price_version="2026-11-21/local/*/-"),
        Attempt(1, D, 0.0),
    )

    assert [True, False, False] == [attempt.unpriced for attempt in tried]
