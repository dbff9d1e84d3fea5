"""Questions to the ledger. Whoever asks sees everything written before the question."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from trunkline.canon.errors import NotFound
from trunkline.ledger.mover import Mover
from trunkline.ledger.views import (
    RequestFacts,
    RequestView,
    UsageView,
    request_facts,
    request_view,
    usage_view,
)
from trunkline.ledger.workers import worker_folders
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import (
    OPEN,
    RequestQuery,
    Spent,
    SpentQuery,
    StoredRequest,
    Totals,
    UsageQuery,
)

# Another worker's journal reaches the database within its mover's interval (0.2 s) and a batch.
_LOOKS = 12
_BETWEEN_LOOKS = 0.05


class Reports:
    """Every method raises LedgerUnavailable."""

    def __init__(self, mover: Mover, store: LedgerStore, root: Path) -> None:
        self._mover = mover
        self._store = store
        self._root = root

    async def request(self, request_id: str, tenant: str | None) -> RequestView:
        """
        Raises NotFound, for another tenant's request as well. `tenant` None: any tenant's.

        Where several workers run, one of the others may have served it, so its mover is
        given the time it needs.
        """
        await self._mover.catch_up()
        stored = await self._store.request(request_id, tenant)
        looks = _LOOKS if _unfinished(stored) and await self._has_siblings() else 0
        while looks and _unfinished(stored):
            looks -= 1
            await asyncio.sleep(_BETWEEN_LOOKS)
            stored = await self._store.request(request_id, tenant)
        if stored is None:
            raise NotFound("There is no such request.", param="request_id")
        return request_view(stored)

    async def requests(self, query: RequestQuery) -> Sequence[RequestFacts]:
        """The log, the newest first; of other workers, as far as their movers have come."""
        await self._mover.catch_up()
        return [request_facts(row) for row in await self._store.find(query)]

    async def usage(self, query: UsageQuery) -> UsageView:
        """Finished requests only; of other workers, as far as their movers have come."""
        await self._mover.catch_up()
        # Of thousands of rows, which would hold up the event loop for some 10 ms.
        return await asyncio.to_thread(usage_view, await self._store.usage(query))

    async def spent(self, query: SpentQuery) -> Sequence[Spent]:
        """What providers were asked for; of other workers, as far as their movers have come."""
        await self._mover.catch_up()
        return await self._store.spent(query)

    async def totals(self) -> Totals:
        """The ledger's side of a comparison of books."""
        await self._mover.catch_up()
        return await self._store.totals()

    async def _has_siblings(self) -> bool:
        return len(await asyncio.to_thread(worker_folders, self._root)) > 1


def _unfinished(stored: StoredRequest | None) -> bool:
    return stored is None or stored.request.status == OPEN
