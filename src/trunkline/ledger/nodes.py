"""The machines that share a database: which are there, and the end of one that is not coming back."""

import asyncio
from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct

from trunkline.canon.errors import Conflict, LedgerUnavailable, NotFound
from trunkline.kernel.clock import Clock
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import WorkerFound

# Seconds between two times that a worker says it is there, and without it until it may be forgotten.
_INTERVAL = 30.0
ALIVE = 120.0
# So many times sooner it says so again, where it could not.
_SOONER = 6
_MICROS = 1_000_000


class NodeWorker(Struct, frozen=True):
    worker: str
    last_seen: float
    """Unix seconds."""
    open_requests: int
    open_attempts: int
    alive: bool


class NodeView(Struct, frozen=True):
    node: str
    """Empty: the one machine whose database this is."""
    alive: bool
    """One of its workers was seen within ALIVE seconds."""
    last_seen: float
    open_requests: int
    workers: tuple[NodeWorker, ...]


class Forgotten(Struct, frozen=True):
    node: str
    workers: int
    orphaned: int
    """Requests that were open."""


async def be_present(
    store: LedgerStore, worker: str, clock: Clock, interval: float = _INTERVAL
) -> None:
    """
    For ever: say that this worker is there. While the database is away, others may doubt it.

    `interval`: seconds between two times.
    """
    while True:
        try:
            await store.seen(worker, round(clock.unix() * _MICROS))
        except LedgerUnavailable:  # the mover tells of it
            await asyncio.sleep(interval / _SOONER)
        else:
            await asyncio.sleep(interval)


async def nodes(store: LedgerStore, now: float) -> Sequence[NodeView]:
    """By name. `now`: Unix seconds. Raises LedgerUnavailable."""
    found = await store.workers()
    return tuple(
        _view(name, tuple(members), now)
        for name, members in groupby(sorted(found, key=_place), key=lambda one: _place(one)[0])
    )


async def forget_node(store: LedgerStore, name: str, now: float) -> Forgotten:
    """
    Its open requests become orphaned, and what it had for itself is anybody's.

    Raises NotFound where there is none of that name, Conflict where it is alive.
    """
    known = {view.node: view for view in await nodes(store, now)}
    if not name or name not in known:
        names = ", ".join(filter(None, known)) or "none"
        raise NotFound(
            f"No node `{name}` has anything open here; there are: {names}.", param="node"
        )
    view = known[name]
    if view.alive:
        raise Conflict(
            f"The node {name} was seen {max(now - view.last_seen, 0):.0f} s ago. Stop it; it can be"
            f" forgotten {ALIVE:.0f} s after it was seen last.",
            param="node",
        )
    workers = [one.worker for one in view.workers]
    orphaned = await store.orphan(workers)
    await store.release(workers)
    return Forgotten(name, len(workers), orphaned)


def _place(found: WorkerFound) -> tuple[str, str]:
    # A worker's name is its node's, a hyphen and a ULID, which has none: see LedgerService.
    return found.worker.rpartition("-")[0], found.worker


def _view(name: str, members: Sequence[WorkerFound], now: float) -> NodeView:
    workers = tuple(
        NodeWorker(
            one.worker,
            one.seen / _MICROS,
            one.requests,
            one.attempts,
            now - one.seen / _MICROS < ALIVE,
        )
        for one in members
    )
    return NodeView(
        name,
        any(one.alive for one in workers),
        max(one.last_seen for one in workers),
        sum(one.open_requests for one in workers),
        workers,
    )
