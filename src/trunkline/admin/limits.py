"""Limits and budgets in the bodies of requests."""

from msgspec import Raw, Struct

from trunkline.storage.holders import NO_LIMITS, LimitSet
from trunkline.tenancy.limits import LimitChanges, parse_budget, parse_limits

_NOTHING = Raw(b"")


class LimitedBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What bodies that set limits have in common; each amount is read from its own digits."""

    limits: Raw = _NOTHING
    """requests_per_minute and the like: see docs/reference/keys.md."""
    budget: Raw = _NOTHING
    """{"usd": "10.00", "period": "day"}: another way of saying cost_per_day_usd."""


def limits_in(body: LimitedBody) -> LimitSet:
    """Raises Malformed."""
    return changed_limits(body).of(NO_LIMITS)


def changed_limits(body: LimitedBody) -> LimitChanges:
    """`limits` replaces all limits, null all of them by none; a budget is added. Raises Malformed."""
    given, budget = bytes(body.limits), bytes(body.budget)
    limits = None
    if given:
        limits = NO_LIMITS if given == b"null" else parse_limits(given)
    return LimitChanges(limits, parse_budget(budget) if budget not in (b"", b"null") else NO_LIMITS)
