"""Moves what the journal records to the database, beside the traffic and out of its way."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from trunkline.canon.errors import LedgerUnavailable
from trunkline.kernel.clock import Clock
from trunkline.ledger.folding import merged
from trunkline.ledger.journal import Journal, segment_path
from trunkline.ledger.reading import Damaged, Stretch, read_stretch
from trunkline.ledger.workers import WorkerFolder
from trunkline.observe.trouble import Trouble
from trunkline.storage.base import LedgerStore
from trunkline.storage.records import Position

OnProblem = Callable[[str], None]
"""Told in one sentence what went wrong and what became of it."""


class Pace(Struct, frozen=True):
    """How hard the mover works. Seconds and counts."""

    interval: float = 0.2
    """Between two looks at a quiet journal."""
    batch: int = 512
    """Records a transaction, and so a sync of the database."""
    slice: int = 64
    """Records decoded in one go: the event loop waits some 0.3 ms for the interpreter's lock."""
    share: float = 0.25
    """Of the time, at most, while behind."""
    retry: float = 1.0
    """After the database failed."""
    rotate_bytes: int = 1 << 20
    rotate_after: float = 10.0
    """A segment that long or that old is left for a new one once the mover has kept up with it."""


class MoverStatistics(Struct, frozen=True):
    moved: Position
    behind: int
    """Bytes of the current segment not in the database yet; -1: whole segments."""
    batches: int
    failures: int
    damaged_bytes: int
    away: float
    """Seconds for which the database has not taken what it was given; 0: it takes it."""


class Mover:
    """One per worker. `run` until cancelled; `catch_up` whenever somebody must see all."""

    def __init__(
        self,
        journal: Journal,
        folder: WorkerFolder,
        store: LedgerStore,
        clock: Clock,
        on_problem: OnProblem,
        pace: Pace,
    ) -> None:
        self._journal = journal
        self._folder = folder
        self._store = store
        self._clock = clock
        self._on_problem = on_problem
        self._pace = pace
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="journal-read")
        self._lock = asyncio.Lock()
        self._moved = Position(1, 0)
        self._oldest = 1
        self._damaged: set[int] = set()
        self._segment_since = clock.monotonic()
        self._away_since: float | None = None
        self._trouble = Trouble(on_problem, clock)
        self._rows = self._rows_then = 0
        """Moved in all, and by when something last went wrong."""
        self._back: tuple[float, Position] | None = None
        """Of trouble that seems over: how long it lasted, and what the journal held then."""
        self._stopped = False
        self._batches = 0
        self._failures = 0
        self._damaged_bytes = 0

    async def run(self) -> None:
        """Move until stopped, reporting problems and trying again."""
        while not self._stopped:
            began = self._clock.monotonic()
            try:
                more = await self._look()
            except Exception as error:  # noqa: BLE001 - a bug must not stop the books for good
                self._failed(_why(error))
                await asyncio.sleep(self._pace.retry)
                continue
            self._well()
            took = self._clock.monotonic() - began
            await asyncio.sleep(took / self._pace.share - took if more else self._pace.interval)

    async def catch_up(self) -> None:
        """Return once all that the journal holds now is in the database. Raises LedgerUnavailable."""
        goal = self._journal.position
        while self._moved < goal:
            async with self._lock:
                if self._moved < goal:
                    await self._move()

    def stop(self) -> None:
        """`run` looks no more, so that the journal can be closed; `catch_up` still works."""
        self._stopped = True

    async def aclose(self) -> None:
        self._pool.shutdown()

    def statistics(self) -> MoverStatistics:
        end = self._journal.position
        same = end.segment == self._moved.segment
        behind = end.offset - self._moved.offset if same else -1
        return MoverStatistics(
            self._moved, behind, self._batches, self._failures, self._damaged_bytes, self.away
        )

    @property
    def away(self) -> float:
        """
        Seconds since the first of the attempts that have not succeeded yet; 0: the last one did.

        One that is waiting for the database counts, too.
        """
        since = self._away_since
        return 0.0 if since is None else self._clock.monotonic() - since

    async def _look(self) -> bool:
        """True where a whole batch was moved, so that there may well be more."""
        if self._journal.troubled:
            self._journal.recover()
        async with self._lock:
            more = self._moved < self._journal.position and await self._move()
            if not more and self._due_for_rotation():
                self._journal.rotate()
                self._segment_since = self._clock.monotonic()
        return more

    def _failed(self, why: str) -> None:
        self._failures += 1
        self._rows_then = self._rows
        self._back = None
        self._trouble.failed(
            f"the journal keeps what the database cannot take: {why}", self._away_since
        )

    def _well(self) -> None:
        """Of trouble that is over, tell when all that waited for its end has been moved."""
        lasts = self._trouble.lasts
        if lasts is None:
            return
        if self._back is None:
            self._back = lasts, self._journal.position
        lasted, goal = self._back
        if self._moved >= goal:
            self._back = None
            waited = f"; {self._rows - self._rows_then:,} rows that waited were moved"
            self._trouble.over("the database takes the journal again", waited, lasted)

    def _due_for_rotation(self) -> bool:
        size = self._journal.position.offset
        age = self._clock.monotonic() - self._segment_since
        pace = self._pace
        return size > 0 and (size >= pace.rotate_bytes or age >= pace.rotate_after)

    async def _move(self) -> bool:
        """
        One batch; True if it was full. Cancelled or failed half way, it is simply done again.
        """
        stretches = await self._read()
        if self._away_since is None:
            self._away_since = self._clock.monotonic()
        batch = merged([stretch.batch for stretch in stretches])
        await self._store.apply(batch)
        self._away_since = None
        self._batches += 1
        self._rows += len(batch.requests) + len(batch.attempts)
        for stretch in stretches:
            self._report(stretch.damage)
        self._moved = stretches[-1].batch.position
        if self._oldest < self._moved.segment:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._pool, self._drop_moved, self._moved.segment)
        return len(stretches) * self._pace.slice >= self._pace.batch

    async def _read(self) -> list[Stretch]:
        """What the journal holds now, up to a batch, slice by slice."""
        loop = asyncio.get_running_loop()
        pace = self._pace
        end = self._journal.position
        at = self._moved
        stretches: list[Stretch] = []
        while at < end and len(stretches) * pace.slice < pace.batch:
            stretch: Stretch = await loop.run_in_executor(
                self._pool, read_stretch, self._folder.path, at, end, pace.slice
            )
            stretches.append(stretch)
            at = stretch.batch.position
        return stretches

    def _report(self, damages: Sequence[Damaged]) -> None:
        for damage in damages:
            if damage.length:
                self._damaged.add(damage.segment)
            self._damaged_bytes += damage.length
            self._on_problem(describe(damage))

    def _drop_moved(self, current: int) -> None:
        while self._oldest < current:
            path = segment_path(self._folder.path, self._oldest)
            if self._oldest in self._damaged:
                self._folder.put_aside(path)
            else:
                path.unlink(missing_ok=True)
            self._oldest += 1

    def __repr__(self) -> str:
        return f"<Mover {self._folder.name} moved to {self._moved.segment}:{self._moved.offset}>"


def describe(damage: Damaged) -> str:
    where = f"journal {damage.worker}, segment {damage.segment}"
    if not damage.length:
        return f"{where} is missing: what was not moved from it is lost"
    return f"{where}: {damage.length} bytes at {damage.offset} are no record; segment kept aside"


def _why(error: Exception) -> str:
    detail = error.detail if isinstance(error, LedgerUnavailable) else ""
    return detail or f"{type(error).__name__}: {error}"
