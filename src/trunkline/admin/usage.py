"""Tokens and cost, summed up by whatever is asked: for the admin, as JSON or CSV."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import get_args

from msgspec import UNSET, Struct, field, structs
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.csvs import Cell, csv_answer
from trunkline.admin.filters import check_provider, filters_of
from trunkline.admin.paging import known_only
from trunkline.admin.times import unix_seconds
from trunkline.canon.errors import Malformed
from trunkline.faces.base import usd
from trunkline.ledger.views import Tokens, UsageRow, UsageView
from trunkline.storage.records import Grouping, UsageQuery

GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
FILTERS = (
    "tenant", "key_id", "user", "model", "provider", "face", "mode", "tag", "status", "byok",
)  # fmt: skip
_DEFAULT_SECONDS = 30 * 86_400.0
_HOUR = 3600
_MICROS = 1_000_000


class UsageAnswer(Struct, frozen=True, kw_only=True):
    """What every native usage answers: sums, of whom and of when."""

    object: str = "usage"
    of: str
    """ "key", "tenant" or "everybody"."""
    start: float = field(name="from")
    """Unix seconds, as the next."""
    end: float = field(name="to")
    filters: Mapping[str, str]
    """What it is narrowed to: no rows are no usage of this."""
    rows: tuple[UsageRow, ...]
    total: UsageRow


async def usage(call: ControlCall) -> Response:
    """?from&to (the last 30 days)&group_by=model,day&format=csv and FILTERS."""
    known_only(call, "from", "to", "group_by", "format", *FILTERS)
    wanted = call.request.query_params.get("format", "json")
    if wanted not in ("json", "csv"):
        raise Malformed("`format` must be json or csv", param="format")
    filters = filters_of(call, FILTERS)
    query = question(call, GROUPINGS, filters)
    view = await call.plane.reports.usage(query)
    found = view.total.requests > 0
    await check_provider(call, filters, (query.start, query.end), found=found)
    if wanted == "csv":
        return await asyncio.to_thread(_as_csv, view, query.group_by)
    return told("everybody", query, filters, view)


def told(of: str, query: UsageQuery, filters: Mapping[str, str], view: UsageView) -> Response:
    return answer(
        UsageAnswer(
            of=of,
            start=query.start / _MICROS,
            end=query.end / _MICROS,
            filters=filters,
            rows=view.rows,
            total=view.total,
        )
    )


def question(
    call: ControlCall, groupings: Sequence[Grouping], filters: Mapping[str, str]
) -> UsageQuery:
    """What a query string asks for, narrowed so. Raises Malformed."""
    query = call.request.query_params
    start, end = span(call)
    asked = UsageQuery(start=start, end=end, group_by=_groups(query.get("group_by", ""), groupings))
    narrowed: dict[str, str | int] = dict(filters)
    if "byok" in filters:
        narrowed["byok"] = int(filters["byok"] == "true")
    return structs.replace(asked, **narrowed)


def span(call: ControlCall) -> tuple[int, int]:
    """?from&to in Unix microseconds: the 30 days before `to`, which is the end of this hour."""
    query = call.request.query_params
    # Nothing is received after now, and whole hours are the cheapest to read.
    now = math.ceil((call.plane.clock.unix() + 1) / _HOUR) * _HOUR
    end = unix_seconds(query["to"], "to") if "to" in query else now
    first = max(0.0, end - _DEFAULT_SECONDS)
    start = unix_seconds(query["from"], "from") if "from" in query else first
    if start > end:
        raise Malformed("`from` must come before `to`", param="from")
    return round(start * _MICROS), round(end * _MICROS)


def _groups(text: str, groupings: Sequence[Grouping]) -> tuple[Grouping, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = next((name for name in names if name not in groupings), None)
    if wrong is not None:
        known = ", ".join(groupings)
        raise Malformed(f"cannot group by `{wrong}`; there are {known}", param="group_by")
    typed = {str(name): name for name in groupings}
    return tuple(dict.fromkeys(typed[name] for name in names))  # in the order asked for


def _as_csv(view: UsageView, groups: Sequence[Grouping]) -> Response:
    names = ["key_id" if group == "key" else group for group in groups]
    tokens = Tokens.__struct_fields__
    header = (
        *names, "requests", "errors", *(f"{name}_tokens" for name in tokens), "cost_nanousd",
        "cost_usd", "baseline_nanousd", "first_content_ms", "total_ms", "unpriced_requests",
    )  # fmt: skip
    rows = view.rows if groups else (view.total,)
    return csv_answer("usage.csv", header, (_cells(row, names) for row in rows))


def _cells(row: UsageRow, names: Sequence[str]) -> Sequence[Cell]:
    groups = [getattr(row, name) for name in names]
    return (
        *("" if value is UNSET else value for value in groups),
        row.requests,
        row.errors,
        *structs.astuple(row.tokens),
        row.cost_nanousd,
        usd(row.cost_nanousd),
        row.baseline_nanousd,
        _rounded(row.first_content_ms),
        _rounded(row.total_ms),
        row.unpriced_requests,
    )


def _rounded(milliseconds: float | None) -> float | None:
    """To the microsecond that was measured: a column of means is read by people."""
    return None if milliseconds is None else round(milliseconds, 3)


ROUTES = (
    ControlRoute("GET", "/admin/v1/usage", Policy.ADMIN, usage, "Tokens and cost, summed up"),
)
