"""POST /admin/v1/reconcile: a provider's usage export, compared with our books by day and model."""

import asyncio
from collections.abc import Mapping

from msgspec import Struct, structs
from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.filters import unknown_provider
from trunkline.admin.paging import known_only
from trunkline.canon.errors import Malformed, TooLarge
from trunkline.ledger.reconciling import FORMATS, TOLERANCE, Reconciliation, asked, compare
from trunkline.ledger.reports import Reports
from trunkline.ledger.statements import read_statement
from trunkline.storage.records import SpentQuery

# A month by minute, key and model.
_MOST = 64 << 20


async def reconcile(call: ControlCall) -> Response:
    """?provider=openai|anthropic&as=our,names&tolerance=0.01; the body is the export as it is."""
    known_only(call, "provider", "as", "tolerance")
    query = call.request.query_params
    names = tuple(name for name in query.get("as", "").split(",") if name)
    found = await reconciled(
        Books(call.plane.reports, call.plane.rooms.providers),
        query.get("provider", ""),
        await _export(call),
        names,
        _tolerance(query.get("tolerance", str(TOLERANCE))),
    )
    return answer(found)


class Books(Struct, frozen=True):
    """Ours."""

    reports: Reports
    providers: Mapping[str, object]
    """Those that are configured now."""


async def reconciled(
    books: Books, provider: str, data: bytes, names: tuple[str, ...], tolerance: float
) -> Reconciliation:
    """`names`: ours, of the providers on this bill; none: its own. Raises Malformed, LedgerUnavailable."""
    if provider not in FORMATS:
        raise Malformed(f"`provider` must be one of {', '.join(FORMATS)}", param="provider")
    lines = await asyncio.to_thread(read_statement, data, FORMATS[provider])
    query = asked(lines, names or (provider,))
    for name in query.providers:
        await _check_name(books, structs.replace(query, providers=(name,)))
    spent = await books.reports.spent(query)
    # A month by minute takes a second, in which others want to be answered.
    return await asyncio.to_thread(compare, provider, lines, spent, query, tolerance)


async def _check_name(books: Books, query: SpentQuery) -> None:
    """One that is not configured any more was perhaps asked in the days of the bill."""
    (name,) = query.providers
    if name not in books.providers and not await books.reports.spent(query):
        told = unknown_provider(name, books.providers)
        raise Malformed(f"{told}; say with `as` which of them are on this bill", param="as")


async def _export(call: ControlCall) -> bytes:
    data = bytearray()
    async for piece in call.request.stream():
        data += piece
        if len(data) > _MOST:
            raise TooLarge(f"an export may have at most {_MOST} bytes; send it in parts")
    return bytes(data)


def _tolerance(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise Malformed("`tolerance` must be a share from 0 to 1", param="tolerance")
    return share


ROUTES = (
    ControlRoute(
        "POST", "/admin/v1/reconcile", Policy.ADMIN, reconcile, "Compare a provider's usage export"
    ),
)
