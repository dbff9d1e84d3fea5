"""
One process's standing with the server: connected in its epoch, or away; and what is told it meanwhile.

Two tasks: one writes what was settled, as soon as there is something; one looks at the server twice a
second, so that an epoch that is over and a server that is back are noticed by idle processes, too.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from trunkline.kernel.clock import Clock
from trunkline.kernel.tasks import Tasks
from trunkline.storage.valkey.counters import Anew, Counters, Epoch
from trunkline.storage.valkey.link import Away, Link, Unfit
from trunkline.storage.valkey.own import Own
from trunkline.storage.valkey.share import QUIET, Share

OnProblem = Callable[[str], None]
"""Told in one sentence what went wrong and what became of it."""
_MICROS = 1_000_000


class Pace(Struct, frozen=True):
    """Seconds."""

    ttl: float = 5.0
    """Without a beat; then a holder is gone."""
    settling: float = 1.5
    """Of a new epoch, without admissions: three times what a living process takes to see it."""
    quiet: float = QUIET
    """Of an outage, without admissions."""
    timeout: float = 0.3
    """For one command; a server in the same network takes a thousandth of it."""
    pulse: float = 0.4
    """Between two looks at the server, and between two attempts to reach it."""


class Session:
    """Of one holder. It never raises but where it says so; what it cannot tell now it tells later."""

    def __init__(
        self, link: Link, counters: Counters, clock: Clock, pace: Pace, on_problem: OnProblem
    ) -> None:
        self.link = link
        self.counters = counters
        self.own = Own()
        self.epoch: Epoch | None = None
        """As last seen; None: the server was never reached."""
        self.share: Share | None = None
        """While it is away: what may be admitted here."""
        self.written = asyncio.Event()
        """Set while there is nothing that the server must be told."""
        self.written.set()
        self._joined = ""
        """The epoch that knows what we hold."""
        self._clock = clock
        self._pace = pace
        self._on_problem = on_problem
        self._ahead = 0
        """The server's clock, less our monotonic one."""
        self._last = 0
        """When the server last answered, on its clock."""
        self._warned = ""
        self._meeting = asyncio.Lock()
        self._work = asyncio.Event()
        self.tasks = Tasks(self._task_failed)
        self._started = False

    def now(self) -> int:
        """The server's clock, as far as we know it."""
        return round(self._clock.monotonic() * _MICROS) + self._ahead

    def heard(self, now: int) -> None:
        """The server answered, and says that it is `now`."""
        self._ahead = now - round(self._clock.monotonic() * _MICROS)
        self._last = now

    async def start(self) -> None:
        """Meet the server, once; whoever comes meanwhile waits."""
        if not self._started:
            async with self._meeting:
                if not self._started:
                    await self._try()
                    self.tasks.spawn("counters: write", self._write())
                    self.tasks.spawn("counters: pulse", self._pulse())
                    self._started = True

    def tell(self) -> None:
        """There is something to write."""
        self.written.clear()
        self._work.set()

    def lost(self, why: str) -> None:
        """The server does not answer."""
        if self.share is None:
            self._on_problem(f"the counters in {self.link.shown} are away: {why}")
            holders = 1 if self.epoch is None else self.epoch.holders
            if self.epoch is None:
                self.heard(round(self._clock.unix() * _MICROS))
            self.share = Share(self.own, holders, self._last, self._pace.quiet)

    async def meet(self, epoch: str | None = None) -> None:
        """Tell the server what it does not know of us, unless another than `epoch` knows it by now."""
        async with self._meeting:
            if epoch is None or epoch == self._joined:
                await self._try()

    async def _try(self) -> None:
        try:
            await self._join()
        except (Away, Anew, Unfit) as error:
            await self.link.close()
            self.lost(str(error))
            return
        if self.share is not None:
            self.share = None
            self._on_problem(f"the counters in {self.link.shown} are back")

    async def _join(self) -> None:
        """Raises Away, Unfit and Anew."""
        back = self.share is not None or not self.link.connected
        if back:
            warning = await self.link.connect()
            if warning and warning != self._warned:
                self._warned = warning
                self._on_problem(warning)
        epoch = await self._beat("join", self._pace.settling if back else 0.0)
        self.epoch = epoch
        if epoch.name != self._joined:
            await self._hand_over(epoch.name, anew=True)
            self._joined = epoch.name
        elif back:
            if (unanswered := self.own.unanswered) is not None:
                await self.counters.write(unanswered)
                self.own.written(unanswered, self._clock.monotonic())
            await self._hand_over(epoch.name, anew=False)
        self._work.set()  # what could not be told, can

    async def _beat(self, mode: str, grace: float = 0.0) -> Epoch:
        epoch = await self.counters.beat(mode, grace)
        self.heard(epoch.now)
        if epoch.born:
            self.tasks.spawn("counters: sweep", self._sweep(epoch.name))
        return epoch

    async def _hand_over(self, epoch: str, *, anew: bool) -> None:
        if anew:
            self.own.prune(self.now())
            batch = self.own.begin_anew(epoch, self._clock.monotonic())
        else:
            batch = self.own.catch_up(epoch)
        await self.counters.write(batch)
        self.own.written(batch, self._clock.monotonic())

    async def _sweep(self, epoch: str) -> None:
        try:
            await self.link.sweep(epoch)
        except Away:
            self._on_problem("counters of an earlier epoch were left where they are")

    async def _write(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self.own.waiting and self.share is None:
                await self._write_one()
            if not self.own.waiting:
                self.written.set()

    async def _write_one(self) -> None:
        joined = self._joined
        try:
            async with self._meeting:
                if joined != self._joined or self.share is not None or not self.own.waiting:
                    return
                batch = self.own.next(joined)
                await self.counters.write(batch)
                self.own.written(batch, self._clock.monotonic())
        except Away as error:
            self.lost(str(error))
        except Anew:
            await self.meet(joined)

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(self._pace.pulse)
            if self.share is not None or not self.link.connected:
                await self.meet()
            else:
                await self.look()
            self.own.prune(self.now())

    async def look(self, mode: str = "look") -> Epoch | None:
        """What the server says of itself; None: it is away. In a new epoch we are known then."""
        async with self._meeting:
            if self.share is not None:
                return None
            try:
                epoch = await self._beat(mode)
            except Away as error:
                self.lost(str(error))
                return None
            if epoch.name != self._joined:
                await self._try()
                return self.epoch if self.connected else None
            self.epoch = epoch
            return epoch

    async def aclose(self, patience: float) -> None:
        """Tell what can be told within so many seconds; then this holder is gone."""
        try:
            async with asyncio.timeout(patience):
                if self.connected:
                    await self.written.wait()
        except TimeoutError:
            self._on_problem("what was settled last did not reach the counters")
        async with self._meeting:  # no call is under way that this would cut off
            await self.tasks.aclose()
            if self.connected:
                await self._leave()
        await self.link.close()

    @property
    def connected(self) -> bool:
        return self._started and self.share is None

    async def _leave(self) -> None:
        try:
            if not self.link.connected:
                await self.link.connect()
            await self.counters.beat("leave")
        except (Away, Unfit):
            pass  # it is gone when its time is up

    def _task_failed(self, name: str, error: BaseException) -> None:
        self._on_problem(f"{name} failed: {error!r}")
