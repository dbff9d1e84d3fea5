"""A key's own usage, in the shape of each face; its tenant's, where it may see that."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.filters import filters_of
from trunkline.admin.paging import known_only
from trunkline.admin.times import rfc3339, unix_seconds
from trunkline.admin.usage import question, told
from trunkline.canon.errors import Forbidden, Malformed
from trunkline.canon.exchange import Principal
from trunkline.ledger.views import Tokens, UsageView
from trunkline.storage.records import Grouping, UsageQuery
from trunkline.tenancy.keys import TENANT_USAGE, allow_scope

_OWN: tuple[Grouping, ...] = (
    "model", "provider", "upstream_model", "face", "mode", "tag", "status", "month", "day", "hour",
)  # fmt: skip
_TENANTS: tuple[Grouping, ...] = ("key", "user", *_OWN)
_FILTERS = ("model", "provider", "face", "mode", "tag", "status", "byok")
_DAY = 86_400


class Period(Struct, frozen=True):
    start: str
    end: str


class KeyplexModel(Struct, frozen=True):
    requests: int
    tokens: int


class KeyplexData(Struct, frozen=True):
    total_requests: int
    total_tokens: int
    prompt_tokens: int
    completion_tokens: int
    models: Mapping[str, KeyplexModel]


class KeyplexUsage(Struct, frozen=True, kw_only=True):
    object: str = "usage"
    period: Period
    data: KeyplexData


class PlutosaiNumbers(Struct, frozen=True, rename="camel"):
    total_requests: int
    total_tokens: int
    total_cost: float
    """Dollars."""
    requests_by_model: Mapping[str, int]


class PlutosaiLimits(Struct, frozen=True, rename="camel"):
    """None: no limit."""

    requests_per_minute: int | None
    requests_per_hour: int | None
    requests_per_day: int | None


class PlutosaiUsage(Struct, frozen=True):
    period: Period
    usage: PlutosaiNumbers
    limits: PlutosaiLimits


async def native(call: ControlCall) -> Response:
    """?from&to (the last 30 days)&group_by=model,day&of=tenant and _FILTERS."""
    known_only(call, "from", "to", "group_by", "of", *_FILTERS)
    whole, filters = _of_tenant(call), filters_of(call, _FILTERS)
    query = _narrowed(call, question(call, _TENANTS if whole else _OWN, filters), whole=whole)
    view = await call.plane.reports.usage(query)
    return told("tenant" if whole else "key", query, filters, view)


async def keyplex(call: ControlCall) -> Response:
    """?start_date&end_date, both days included: this month, unless asked otherwise."""
    period, view = await _by_model(call)
    models = {
        str(row.model): KeyplexModel(row.requests, _read(row.tokens) + _written(row.tokens))
        for row in view.rows
    }
    read, written = _read(view.total.tokens), _written(view.total.tokens)
    data = KeyplexData(view.total.requests, read + written, read, written, models)
    return answer(KeyplexUsage(period=period, data=data))


async def plutosai(call: ControlCall) -> Response:
    """The same, in that face's words."""
    period, view = await _by_model(call)
    total = view.total
    numbers = PlutosaiNumbers(
        total.requests,
        _read(total.tokens) + _written(total.tokens),
        total.cost_nanousd / 1e9,
        {str(row.model): row.requests for row in view.rows},
    )
    limits = PlutosaiLimits(
        *(_narrowest(_principal(call), name) for name in PlutosaiLimits.__struct_fields__)
    )
    return answer(PlutosaiUsage(period, numbers, limits))


async def _by_model(call: ControlCall) -> tuple[Period, UsageView]:
    known_only(call, "start_date", "end_date", "of")
    now = call.plane.clock.unix()
    first = datetime.fromtimestamp(now, UTC).replace(day=1).timestamp()
    start, last = _day(call, "start_date", first), _day(call, "end_date", now)
    if start > last:
        raise Malformed("`start_date` must not come after `end_date`", param="start_date")
    end = last + _DAY
    query = UsageQuery(start=start * 1_000_000, end=end * 1_000_000, group_by=("model",))
    query = _narrowed(call, query, whole=_of_tenant(call))
    return Period(rfc3339(start), rfc3339(end - 1)), await call.plane.reports.usage(query)


def _day(call: ControlCall, name: str, default: float) -> int:
    """The Unix second at which a day begins. Raises Malformed."""
    text = call.request.query_params.get(name)
    moment = default if text is None else unix_seconds(text, name)
    return int(moment) // _DAY * _DAY


def _narrowed(call: ControlCall, query: UsageQuery, *, whole: bool) -> UsageQuery:
    """To what is the caller's own."""
    principal = _principal(call)
    own = None if whole else principal.key_id
    return replace(query, tenant=principal.tenant, key_id=own)


def _of_tenant(call: ControlCall) -> bool:
    """?of=tenant, from a key that may see it. Raises Malformed and Forbidden."""
    of = call.request.query_params.get("of", "key")
    if of not in ("key", "tenant"):
        raise Malformed("`of` must be key or tenant", param="of")
    if of == "tenant":
        allow_scope(_principal(call), TENANT_USAGE)
    return of == "tenant"


def _principal(call: ControlCall) -> Principal:
    if call.principal is None:
        raise Forbidden("this is a key's own usage; the admin key has /admin/v1/usage")
    return call.principal


def _narrowest(principal: Principal, field: str) -> int | None:
    """Of the limits of the key, its user and its tenant."""
    return min((limit.most for limit in principal.limits if limit.field == field), default=None)


def _read(tokens: Tokens) -> int:
    return tokens.input + tokens.cache_read + tokens.cache_write + tokens.audio_input


def _written(tokens: Tokens) -> int:
    return tokens.output + tokens.reasoning + tokens.audio_output


_SCOPE = "usage:read"
ROUTES = (
    ControlRoute("GET", "/v1/usage", Policy.KEY, native, "The key's own usage", _SCOPE),
    ControlRoute("GET", "/api/v1/usage", Policy.KEY, keyplex, "The same, as keyplex", _SCOPE),
    ControlRoute("GET", "/plutos/v1/usage", Policy.KEY, plutosai, "The same, as plutosai", _SCOPE),
)
