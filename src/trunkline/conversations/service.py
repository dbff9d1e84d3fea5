"""
Conversations the gateway remembers: stored responses, by tenant, and what they go on from.

An answer is stored before its last byte leaves, so that whoever has read it can refer to it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import MsgspecError, Raw, Struct
from msgspec.structs import replace

from trunkline.canon.errors import ClientError, GatewayError, NotFound
from trunkline.conversations.items import (
    Token,
    id_of,
    read_items,
    references,
    resolved,
    said,
)
from trunkline.kernel.clock import Clock
from trunkline.storage.base import ResponseStore
from trunkline.storage.records import ResponseRecord

# Turns of one conversation that are gathered; longer ones lose their beginning in no model's
# context window, but a loop of ours must end.
_LONGEST: Final = 2000
# Bytes of one conversation that are gathered: as much as a request may have by default. More would
# take seconds to read and to write, and no model's context holds it.
_LARGEST: Final = 64 << 20
_SWEEP: Final = 3600.0
OVER: Final = frozenset({"completed", "incomplete", "failed", "cancelled"})


class PreviousNotFound(ClientError):
    """OpenAI's 400: of a response that never was, is gone, or is another tenant's."""

    status = 400
    code = "previous_response_not_found"


class ConversationStatistics(Struct, frozen=True):
    kept: int
    """Answers stored."""
    deleted: int
    expired: int
    retention_seconds: float


class Conversations:
    """One per process."""

    def __init__(
        self,
        store: ResponseStore,
        clock: Clock,
        token: Token,
        retention: float,
        problem: Callable[[str], object] = bool,
    ) -> None:
        """`retention`: seconds a response is kept. `problem`: told what goes wrong unseen."""
        self.store = store
        self.clock = clock
        self.token = token
        self._retention = retention
        self._problem = problem
        self._kept = self._deleted = self._expired = 0

    async def recall(
        self, tenant: str, previous_id: str | None, items: Sequence[Raw]
    ) -> tuple[Sequence[Raw], Sequence[Raw]]:
        """
        All that was said before; and `items` with the stored ones they refer to in full.

        A reference may name an item of any response that is kept, as clients do who keep the
        conversation themselves. Raises PreviousNotFound, NotFound, Malformed and TooLarge.
        """
        history = [] if previous_id is None else await self._history(tenant, previous_id)
        named = references(items)
        if not named:
            return history, items
        known = _by_id(history)
        missing = [item_id for item_id in named if item_id not in known]
        if missing:
            holders = await self.store.holding(tenant, missing)
            known = {**_by_id([i for turn in holders for i in _items(turn)]), **known}
        return history, resolved(items, known)

    async def _history(self, tenant: str, previous_id: str) -> Sequence[Raw]:
        turns = await self.store.chain(tenant, previous_id, _LONGEST, _LARGEST)
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
        return [item for turn in turns for item in _items(turn)]

    async def keep(self, record: ResponseRecord, held_until: float = 0.0) -> None:
        await self.store.put(_indexed(record), held_until)
        self._kept += 1

    async def finish(self, record: ResponseRecord) -> bool:
        """A background response is over; False where it was before, or is gone."""
        return await self.store.finish(_indexed(record))

    async def tell(self, record: ResponseRecord) -> bool:
        """What there was of one that was cancelled elsewhere; False where there is none."""
        return await self.store.tell(_indexed(record))

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
        self._deleted += 1

    async def input_items(self, tenant: str, response_id: str) -> Sequence[Raw]:
        """All items the response was made from, the oldest first. Raises NotFound."""
        record = await self.get(tenant, response_id)
        own = read_items(record.input)
        history, own = await self.recall(tenant, record.previous_id, own)
        return [*history, *own]

    async def sweep(self) -> None:
        """Drops what has been kept long enough, every hour, until cancelled."""
        while True:
            try:
                while dropped := await self.store.expire(self.clock.unix() - self._retention):
                    self._expired += dropped
            except GatewayError as error:
                self._problem(f"old responses stay for now: {error!r}")
            await asyncio.sleep(_SWEEP)

    def statistics(self) -> ConversationStatistics:
        return ConversationStatistics(self._kept, self._deleted, self._expired, self._retention)

    def __repr__(self) -> str:
        return f"<Conversations kept for {self._retention:.0f} s>"


def _items(turn: ResponseRecord) -> Sequence[Raw]:
    return (*read_items(turn.input), *said(turn.body))


def _by_id(items: Sequence[Raw]) -> Mapping[str, Raw]:
    return {id_of(item): item for item in items}


def _indexed(record: ResponseRecord) -> ResponseRecord:
    """To be found by the items it brought and those it said."""
    try:
        ids = dict.fromkeys(map(id_of, _items(record)))
    except MsgspecError:  # an answer of a strange shape is kept as it is
        return record
    return replace(record, items=tuple(item_id for item_id in ids if item_id))


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
