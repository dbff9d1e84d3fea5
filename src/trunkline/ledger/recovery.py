"""At start: what dead workers left in their journals is moved, and what they left open is closed."""

import asyncio
from pathlib import Path

from msgspec import Struct

from trunkline.ledger.journal import segment_path
from trunkline.ledger.mover import OnProblem, describe
from trunkline.ledger.reading import read_stretch
from trunkline.ledger.workers import WorkerFolder, find_dead
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import Position

_BATCH = 64
# No answer takes that long: who has had one open for it is not coming back.
_SILENCE_MICROS = 7 * 86_400_000_000
# Between batches, for the traffic that runs beside: some 15,000 records a second remain.
_REST = 0.002


class Recovered(Struct, frozen=True):
    workers: int
    orphaned: int
    """Requests that were open when their worker died."""
    damaged: int
    """Stretches of journal that could not be read."""


class Node(Struct, frozen=True):
    """Which of the machines that share a database this is."""

    name: str = ""
    """Begins the names of its workers, before a hyphen; empty: nobody else has this database."""
    now: int = 0
    """Unix microseconds."""

    def owns(self, worker: str) -> bool:
        return not self.name or worker.startswith(f"{self.name}-")


_ALONE = Node()


async def recover(
    root: Path, store: LedgerStore, on_problem: OnProblem, node: Node = _ALONE
) -> Recovered:
    """
    Safe to run in several processes at once, and to be killed and run again.

    What other nodes left open is theirs to close, with their journals; that of one that has been
    silent for a week is given its end here.

    Raises LedgerUnavailable or OSError; what is not recovered then stays for the next start.
    """
    # Asked first: a worker that opens rows after this is alive, whatever the census says.
    left_open = frozenset(filter(node.owns, await store.open_workers()))
    census = await asyncio.to_thread(find_dead, root)
    damaged = 0
    orphaned = 0
    waiting = list(census.dead)
    try:
        while waiting:
            folder = waiting[0]
            damaged += await _replay(folder, store, on_problem)
            orphaned += await store.orphan([folder.name])
            # The rows' end is durable before the journal goes, and that before its position.
            waiting.pop(0)
            await asyncio.to_thread(folder.remove)
            await store.forget(folder.name)
    finally:
        for folder in waiting:
            folder.release()
    # Their folders are gone, as after a power cut or a restored database.
    lost = sorted(left_open - census.present)
    orphaned += await store.orphan(lost)
    for worker in lost:
        await store.forget(worker)
    if node.name:
        silent = sorted(await store.silent_workers(node.now - _SILENCE_MICROS) - census.present)
        orphaned += await store.orphan(silent)
        await store.release(silent)
    return Recovered(len(census.dead), orphaned, damaged)


async def _replay(folder: WorkerFolder, store: LedgerStore, on_problem: OnProblem) -> int:
    """Move what has not been moved; returns how many stretches were damaged."""
    segments = await asyncio.to_thread(folder.segments)
    if not segments:
        return 0
    position = await store.position(folder.name) or Position(0, 0)
    # Moved segments are removed, so what is there counts, not what was reached.
    position = max(position, Position(segments[0], 0))
    size = segment_path(folder.path, segments[-1]).stat().st_size
    end = Position(segments[-1], size)
    damaged: set[int] = set()
    count = 0
    while position < end:
        stretch = await asyncio.to_thread(read_stretch, folder.path, position, end, _BATCH)
        await store.apply(stretch.batch)
        position = stretch.batch.position
        for damage in stretch.damage:
            count += 1
            damaged.add(damage.segment)
            on_problem(describe(damage))
        await asyncio.sleep(_REST)
    for segment in damaged & set(segments):
        await asyncio.to_thread(folder.put_aside, segment_path(folder.path, segment))
    return count
