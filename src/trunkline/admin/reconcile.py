"""POST /admin/v1/reconcile: a provider's usage export, compared with our books by day and model."""

import asyncio

from starlette.responses import Response

from trunkline.admin.base import ControlCall, ControlRoute, Policy, answer
from trunkline.admin.paging import known_only
from trunkline.canon.errors import Malformed, TooLarge
from trunkline.ledger.reconciling import FORMATS, TOLERANCE, Reconciliation, asked, compare
from trunkline.ledger.reports import Reports
from trunkline.ledger.statements import read_statement

# A month by minute, key and model.
_MOST = 64 << 20


async def reconcile(call: ControlCall) -> Response:
    """?provider=openai|anthropic&as=our,names&tolerance=0.01; the body is the export as it is."""
    known_only(call, "provider", "as", "tolerance")
    query = call.request.query_params
    names = tuple(name for name in query.get("as", "").split(",") if name)
    found = await reconciled(
        call.plane.reports,
        query.get("provider", ""),
        await _export(call),
        names,
        _tolerance(query.get("tolerance", str(TOLERANCE))),
    )
    return answer(found)


async def reconciled(
    reports: Reports, provider: str, data: bytes, names: tuple[str, ...], tolerance: float
) -> Reconciliation:
    """`names`: ours, of the providers on this bill; none: its own. Raises Malformed, LedgerUnavailable."""
    if provider not in FORMATS:
        raise Malformed(f"`provider` must be one of {', '.join(FORMATS)}", param="provider")
    lines = await asyncio.to_thread(read_statement, data, FORMATS[provider])
    query = asked(lines, names or (provider,))
    return compare(provider, lines, await reports.spent(query), query, tolerance)


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
