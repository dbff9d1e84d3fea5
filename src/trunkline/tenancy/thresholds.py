"""When to tell that a limit is nearly used up, or is: once for every window, however many workers see it."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from trunkline.canon.exchange import Principal
from trunkline.canon.limit import Allowance, Unit
from trunkline.tenancy.limits import usd

PERCENT = (80, 90)
"""Of what is allowed; at which subscribers are told."""
_MOST_TOLD = 16_384


class Crossing(Struct, frozen=True, kw_only=True):
    """An event for those who listen."""

    type: str
    once: str
    """Its name: of one such name, one event."""
    data: "CrossingData"


class CrossingData(Struct, frozen=True, kw_only=True):
    key_id: str
    limit: str
    """As in the API: "cost_per_day_usd"."""
    scope: str
    threshold_percent: int
    allowed: str
    """In the limit's unit: dollars as decimals, or whole numbers."""
    used: str
    resets_at: str | None
    """RFC 3339; None for a limit that never begins anew."""


class Thresholds:
    """What this process has told already. Others may tell the same: `once` is for them."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: OrderedDict[str, None] = OrderedDict()

    def crossed(
        self,
        principal: Principal,
        allowances: Sequence[Allowance],
        exhausted: Sequence[Allowance] = (),
    ) -> Iterator[Crossing]:
        """`exhausted`: those of them that had no room for a request, whatever is given back."""
        for allowance in allowances:
            limit = allowance.limit
            if not limit.lasts or not limit.most:
                continue
            used = limit.most - allowance.remaining - allowance.reserved
            if used * 100 < limit.most * PERCENT[0] and not exhausted:
                continue
            percent = used * 100 // limit.most
            yield from self._of(principal, allowance, used, percent, full=allowance in exhausted)

    def _of(
        self, principal: Principal, allowance: Allowance, used: int, percent: int, *, full: bool
    ) -> Iterator[Crossing]:
        subject = "budget" if allowance.limit.unit is Unit.COST else "usage"
        exceeded = "budget.exceeded" if subject == "budget" else "usage.limit_exceeded"
        reached = [(f"{subject}.threshold_reached", at) for at in PERCENT if percent >= at]
        if full:
            reached.append((exceeded, 100))
        for kind, at in reached:
            once = f"{kind} {at} {allowance.limit.counter} {allowance.closes}"
            if once not in self._told:
                self._told[once] = None
                if len(self._told) > _MOST_TOLD:
                    self._told.popitem(last=False)
                yield Crossing(type=kind, once=once, data=_data(principal, allowance, used, at))


def _data(principal: Principal, allowance: Allowance, used: int, percent: int) -> CrossingData:
    limit, closes = allowance.limit, allowance.closes
    moment = datetime.fromtimestamp(closes / 1_000_000, UTC) if closes else None
    return CrossingData(
        key_id=principal.key_id,
        limit=limit.field,
        scope=limit.scope,
        threshold_percent=percent,
        allowed=_told(limit.unit, limit.most),
        used=_told(limit.unit, used),
        resets_at=moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None,
    )


def _told(unit: Unit, amount: int) -> str:
    return usd(amount) if unit is Unit.COST else str(amount)
