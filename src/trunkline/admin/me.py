"""GET /v1/me: whose key this is, what it may still use, and what it has used, for what."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.times import rfc3339
from trunkline.canon.errors import Forbidden, LimitsUnavailable, NotFound
from trunkline.canon.exchange import Principal
from trunkline.canon.limit import Limit, Unit
from trunkline.faces.base import usd
from trunkline.ledger.views import Tokens, UsageRow
from trunkline.storage.records import Grouping, UsageQuery
from trunkline.storage.state import Standing

_MICROS = 1_000_000
_DAY = 86_400
_ROUTED_DAYS = 30


class LimitStanding(Struct, frozen=True, kw_only=True):
    limit: str
    """As in the API: "requests_per_minute"."""
    scope: str
    """Whose it is: "key", "user", "tenant"; "model" of one model alone."""
    model: str | None
    """Which; None: of all."""
    unit: str
    """ "requests", "tokens", "cost" (nano-dollars), "concurrent"."""
    most: int
    used: int | None
    """None, as the next two: the counters cannot be asked now."""
    reserved: int | None
    """Of `used`, what requests under way may give back."""
    remaining: int | None
    resets_at: str | None
    """When the window that is open closes; None: it never does, or none is open."""


class Spend(Struct, frozen=True):
    requests: int
    cost_nanousd: int
    cost_usd: str
    unpriced_requests: int
    """Of these, what they cost is not known, and not in it."""


class Spending(Struct, frozen=True):
    day: Spend
    """Today, in UTC; so the month."""
    month: Spend
    total: Spend


class Routed(Struct, frozen=True):
    """What one model of one provider answered."""

    provider: str
    model: str
    """The provider's name for it, whatever the key called it."""
    requests: int
    errors: int
    tokens: Tokens
    cost_nanousd: int
    unpriced_requests: int


class Me(Struct, frozen=True, kw_only=True):
    id: str
    name: str | None
    """None for a caller without a key of ours."""
    tenant: str
    user: str | None
    scopes: Sequence[str]
    """Empty: all that a key can do."""
    models: Sequence[str] | None
    """Those it may name; None: any."""
    plan: str | None
    tags: Sequence[str]
    limits: Sequence[LimitStanding]
    spend: Spending
    routed: Sequence[Routed]
    """Of the last 30 days."""
    object: str = "key"


async def me(call: ControlCall) -> Response:
    principal = call.principal
    if principal is None:
        raise Forbidden("this is the admin key; ask with a key of a tenant")
    return answer(
        Me(
            id=principal.key_id,
            name=await _name(call, principal),
            tenant=principal.tenant,
            user=principal.user or None,
            scopes=sorted(principal.scopes),
            models=None if principal.models is None else sorted(principal.models),
            plan=principal.plan or None,
            tags=principal.tags,
            limits=await _standings(call, principal),
            spend=await _spending(call, principal),
            routed=await _routed(call, principal),
        )
    )


async def _name(call: ControlCall, principal: Principal) -> str | None:
    try:
        return (await call.plane.key_service.get(principal.key_id, principal.tenant)).name
    except NotFound:  # a token of an issuer's
        return None


async def _standings(call: ControlCall, principal: Principal) -> Sequence[LimitStanding]:
    limits: list[tuple[Limit, str | None]] = [(limit, None) for limit in principal.limits]
    for model, own in sorted(principal.model_limits.items()):
        limits.extend((limit, model) for limit in own)
    try:
        found: Sequence[Standing | None] = await call.plane.limiting.state.look(
            [limit for limit, _ in limits]
        )
    except LimitsUnavailable:
        found = [None] * len(limits)
    return [
        _standing(limit, model, standing)
        for (limit, model), standing in zip(limits, found, strict=True)
    ]


def _standing(limit: Limit, model: str | None, standing: Standing | None) -> LimitStanding:
    closes = standing.closes if standing else 0
    return LimitStanding(
        limit=limit.field,
        scope=limit.scope,
        model=model,
        unit=limit.unit.value,
        most=limit.most,
        used=standing.used if standing else None,
        reserved=standing.reserved if standing else None,
        remaining=max(0, limit.most - standing.used) if standing else None,
        resets_at=rfc3339(closes / _MICROS)
        if closes and limit.unit is not Unit.CONCURRENT
        else None,
    )


async def _spending(call: ControlCall, principal: Principal) -> Spending:
    now = datetime.fromtimestamp(call.plane.clock.unix(), UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = (today, today.replace(day=1), None)
    return Spending(*[await _spend(call, principal, start) for start in starts])


async def _spend(call: ControlCall, principal: Principal, start: datetime | None) -> Spend:
    (total,) = await _usage(call, principal, 0 if start is None else int(start.timestamp()), ())
    return Spend(
        total.requests, total.cost_nanousd, usd(total.cost_nanousd), total.unpriced_requests
    )


async def _routed(call: ControlCall, principal: Principal) -> Sequence[Routed]:
    start = int(call.plane.clock.unix()) // _DAY * _DAY - _ROUTED_DAYS * _DAY
    rows = await _usage(call, principal, max(0, start), ("provider", "upstream_model"))
    return [
        Routed(
            str(row.provider),
            str(row.upstream_model),
            row.requests,
            row.errors,
            row.tokens,
            row.cost_nanousd,
            row.unpriced_requests,
        )
        for row in rows
        if row.provider  # what was refused here was routed nowhere
    ]


async def _usage(
    call: ControlCall, principal: Principal, start: int, groups: tuple[Grouping, ...]
) -> Sequence[UsageRow]:
    """Since then, whole hours: nothing is received after now."""
    end = (int(call.plane.clock.unix()) // 3600 + 1) * 3600
    view = await call.plane.reports.usage(
        UsageQuery(
            start=start * _MICROS,
            end=end * _MICROS,
            group_by=groups,
            tenant=principal.tenant,
            key_id=principal.key_id,
        )
    )
    return view.rows if groups else (view.total,)


ROUTES = (
    ControlRoute("GET", "/v1/me", Policy.KEY, me, "Who asks, and what is left", "usage:read"),
)
