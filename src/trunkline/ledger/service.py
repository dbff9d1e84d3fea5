"""The ledger's parts put together for one worker: book, mover, reports, and their life."""

import asyncio
from enum import Enum
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from trunkline.canon.errors import LedgerUnavailable
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy, ulid
from trunkline.kernel.tasks import Tasks
from trunkline.ledger.book import Book
from trunkline.ledger.disk import Disk
from trunkline.ledger.journal import Journal, JournalStatistics
from trunkline.ledger.mover import Mover, MoverStatistics, OnProblem, Pace
from trunkline.ledger.nodes import be_present
from trunkline.ledger.recovery import Node, Recovered, recover
from trunkline.ledger.reports import Reports
from trunkline.ledger.sweeping import Sweeper
from trunkline.ledger.syncing import GroupSync
from trunkline.ledger.workers import enlist
from trunkline.observe.trouble import Trouble
from trunkline.storage.base import LedgerStore

FOLDER = "journal"
"""In the data folder."""
# Seconds; a database that is away may be back.
_AGAIN = 5.0


class Durability(Enum):
    """What a record must survive before the answer's last byte leaves."""

    PROCESS = "process"
    """The death of this process, by SIGKILL too."""
    POWER = "power"
    """The machine's, as well; costs the wait for one group's fdatasync."""


class Home(Struct, frozen=True):
    data: Path
    """The data folder."""
    node: str = ""
    """Its name, where several share a database (see Node)."""


class LedgerStatistics(Struct, frozen=True):
    journal: JournalStatistics
    mover: MoverStatistics
    recovered: Recovered | None
    """None: what dead workers left is still being moved."""


class LedgerService:
    """
    `book` at once; `start` moves what dead workers left, then keeps moving; `aclose` last,
    when nothing writes any more.
    """

    pace: ClassVar[Pace] = Pace()
    """Tests that are in a hurry have a class of their own."""

    def __init__(
        self,
        home: Home,
        store: LedgerStore,
        clock: Clock,
        entropy: Entropy,
        disk: Disk,
        on_problem: OnProblem,
        *,
        durability: Durability = Durability.PROCESS,
    ) -> None:
        """Raises LedgerUnavailable or OSError."""
        self._root = home.data / FOLDER
        self._store = store
        self._on_problem = on_problem
        self._node = home.node
        self._clock = clock
        name = ulid(clock.unix(), entropy)
        self._folder = enlist(self._root, f"{home.node}-{name}" if home.node else name)
        syncs = durability is Durability.POWER
        self._journal = Journal(self._folder.path, disk, syncs=syncs)
        self._sync = GroupSync(self._journal, disk) if syncs else None
        self._mover = Mover(self._journal, self._folder, store, clock, on_problem, self.pace)
        self._recovered: Recovered | None = None
        self._trouble = Trouble(on_problem, clock)
        self.book = Book(self._journal, clock, self._sync)
        self.reports = Reports(self._mover, store, self._root)

    @property
    def worker(self) -> str:
        """The process, as the books know it: no other ever had or will have this name."""
        return self._folder.name

    @property
    def node(self) -> str:
        """The machine's name among those that share the database; empty where nobody does."""
        return self._node

    @property
    def away(self) -> float:
        """Seconds for which the database has not taken what this worker has written."""
        return self._mover.away

    def start(self, tasks: Tasks, keep_days: float = 0) -> None:
        """`keep_days`: how long requests are kept; 0: for ever."""
        tasks.spawn("ledger: recover", self._keep_recovering())
        tasks.spawn("ledger: move", self._mover.run())
        tasks.spawn("ledger: seen", be_present(self._store, self.worker, self._clock))
        sweeper = Sweeper(self._store, self._clock, self.worker, keep_days, self._on_problem)
        tasks.spawn("ledger: sweep", sweeper.run())

    async def leads(self, name: str, now: int, until: int) -> bool:
        """Of all workers this one has that lease (LedgerStore.lease). Raises LedgerUnavailable."""
        return await self._store.lease(name, self.worker, now, until)

    async def recover(self) -> None:
        """Reports, never raises: what is not recovered stays where it is."""
        node = Node(self._node, int(self._clock.unix() * 1_000_000))
        try:
            self._recovered = await recover(self._root, self._store, self._on_problem, node)
        except (LedgerUnavailable, OSError) as error:
            self._trouble.failed(f"journals of dead workers cannot be moved now: {error}")
        else:
            self._trouble.over("journals of dead workers are moved again")

    async def _keep_recovering(self) -> None:
        await self.recover()
        while self._recovered is None:
            await asyncio.sleep(_AGAIN)
            await self.recover()

    async def catch_up(self) -> None:
        """Return once all that this worker has written is in the database."""
        await self._mover.catch_up()

    async def aclose(self) -> None:
        """Move what is left; where the database cannot take it, the next start will find it."""
        self._mover.stop()
        if self._sync is not None:
            await self._sync.aclose()
        try:
            if self._journal.troubled:
                self._journal.recover()
            await self._mover.catch_up()
        except (LedgerUnavailable, OSError) as error:
            self._on_problem(f"the journal is left for the next start: {error}")
            self._journal.close()
            self._folder.release()
        else:
            self._journal.close()
            self._folder.remove()
            await self._forget()
        await self._mover.aclose()

    async def _forget(self) -> None:
        try:
            await self._store.forget(self._folder.name)
        except LedgerUnavailable:
            return  # one small row too many

    def statistics(self) -> LedgerStatistics:
        return LedgerStatistics(
            self._journal.statistics(), self._mover.statistics(), self._recovered
        )

    def __repr__(self) -> str:
        return f"<LedgerService {self._folder.name} {self._journal!r}>"
