"""
Conversations the gateway remembers: stored responses, by tenant, and what they go on from.

An answer is stored before its last byte leaves, so that whoever has read it can refer to it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec import Raw

from trunkline.canon.errors import ClientError, NotFound
from trunkline.conversations.items import Token, id_of, read_items, resolved, said
from trunkline.kernel.clock import Clock
from trunkline.storage.base import ResponseStore
from trunkline.storage.records import ResponseRecord

# Turns of one conversation that are gathered; longer ones lose their beginning in no model's
# context window, but a loop of ours must end.
_LONGEST: Final = 2000
_SWEEP: Final = 3600.0
OVER: Final = frozenset({"completed", "incomplete", "failed", "cancelled"})


class PreviousNotFound(ClientError):
    """OpenAI's 400: of a response that never was, is gone, or is another tenant's."""

    status = 400
    code = "previous_response_not_found"


class Conversations:
    """One per process."""

    def __init__(self, store: ResponseStore, clock: Clock, token: Token, retention: float) -> None:
        """`retention`: seconds a response is kept."""
        self.store = store
        self.clock = clock
        self.token = token
        self._retention = retention

    async def recall(
        self, tenant: str, previous_id: str | None, items: Sequence[Raw]
    ) -> Sequence[Raw]:
        """
        All that was said before, then `items`, their references resolved.

        Raises PreviousNotFound and NotFound.
        """
        if previous_id is None:
            return resolved(items, ())
        turns = await self.store.chain(tenant, previous_id, _LONGEST)
        if not turns or (turns[0].previous_id is not None and len(turns) < _LONGEST):
            raise PreviousNotFound(
                f"Previous response with id '{previous_id}' not found.",
                param="previous_response_id",
            )
        if turns[-1].status not in OVER:
            raise PreviousNotFound(
                f"Previous response with id '{previous_id}' is not completed yet.",
                param="previous_response_id",
            )
        history = [item for turn in turns for item in (*read_items(turn.input), *said(turn.body))]
        return [*history, *resolved(items, history)]

    async def keep(self, record: ResponseRecord) -> None:
        await self.store.put(record)

    async def get(self, tenant: str, response_id: str) -> ResponseRecord:
        """Raises NotFound, for another tenant's, too."""
        record = await self.store.get(tenant, response_id)
        if record is None:
            raise NotFound(f"Response with id '{response_id}' not found.")
        return record

    async def delete(self, tenant: str, response_id: str) -> None:
        """Raises NotFound."""
        if not await self.store.delete(tenant, response_id):
            raise NotFound(f"Response with id '{response_id}' not found.")

    async def input_items(self, tenant: str, response_id: str) -> Sequence[Raw]:
        """All items the response was made from, the oldest first. Raises NotFound."""
        record = await self.get(tenant, response_id)
        own = read_items(record.input)
        return await self.recall(tenant, record.previous_id, own)

    async def sweep(self) -> None:
        """Drops what has been kept long enough, every hour, until cancelled."""
        while True:
            await self.store.expire(self.clock.unix() - self._retention)
            await asyncio.sleep(_SWEEP)

    def __repr__(self) -> str:
        return f"<Conversations kept for {self._retention:.0f} s>"


def page(
    items: Sequence[Raw], *, after: str | None, limit: int, newest_first: bool
) -> tuple[Sequence[Raw], bool]:
    """One page and whether there is more. Raises NotFound where `after` is none of them."""
    ordered = list(reversed(items)) if newest_first else list(items)
    if after is not None:
        ids = [id_of(item) for item in ordered]
        if after not in ids:
            raise NotFound(f"Item with id '{after}' not found.", param="after")
        ordered = ordered[ids.index(after) + 1 :]
    return ordered[:limit], len(ordered) > limit
