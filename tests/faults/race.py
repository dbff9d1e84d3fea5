"""
Many clients at one limit: how many of a thousand simultaneous requests reach the upstream.

What is counted are arrivals in the simulator's own log. The answers that clients got, and what the
ledger holds, must say the same.
"""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.faults.client import PATIENCE, Call, Line, Seen
from tests.faults.simulators import Simulators, until
from tests.integration.program import Gateway, pause, serving
from trunkline.providers.sim.arrival import Arrival
from trunkline.providers.sim.engine import Engine, Performance
from trunkline.providers.sim.steps import Step, Wait
from trunkline.tenancy.reserve import HIDDEN

MODEL = "far/sim-chat"
MAX_TOKENS = 20
_SOME = 10
"""Arrivals after which a race is under way."""
_LOOK = 0.2
"""Seconds between two looks of the simulator at whether it may answer."""
_STEADY = 40
"""Requests enough to meet every worker."""
_TRIES = 1000
_TOGETHER = 100
"""Connections that are opened at the same time; a listening socket has a backlog."""


def bound() -> int:
    """Nano-dollars that one of these requests reserves."""
    body = {"max_tokens": MAX_TOKENS}
    call = Call(MODEL, "openai-chat", stream=False, body=body)
    # The simulator's dearest: $1.25 and $5 per million tokens.
    return (len(call.encode()) + HIDDEN) * 1250 + MAX_TOKENS * 5000


class Round(Struct, frozen=True):
    """One race: what each of the three books says."""

    arrived: int
    """At the simulator."""
    statuses: Mapping[int, int]
    """What clients were answered, and how often."""

    @property
    def answered(self) -> int:
        return self.statuses.get(200, 0)

    def __str__(self) -> str:
        return f"{self.arrived} arrived, answers {dict(sorted(self.statuses.items()))}"


class Patient(Engine):
    """Answers nobody while it is `holding`: none is over before all others have asked."""

    holding = False

    def respond(self, arrival: Arrival) -> Performance:
        performance = super().respond(arrival)
        return Performance(self._once_let_go(performance.steps), performance.record)

    def _once_let_go(self, steps: Iterator[Step]) -> Iterator[Step]:
        while self.holding:
            yield Wait(_LOOK)
        yield from steps


class Track:
    """Gateways of several workers each, before one simulator."""

    def __init__(self, sims: Simulators, engine: Patient, gateways: Sequence[Gateway]) -> None:
        self.gateways = gateways
        self._sims = sims
        self._engine = engine

    def key(self, **limits: object) -> str:
        """A fresh one with these limits: its windows are not open yet."""
        return self.gateways[0].new_key(name="race", limits=limits)

    def steady(self, **limits: object) -> None:
        """Return when every request at such a limit is decided: a server that restarts is known of."""
        key = self.key(**limits)
        for _ in range(_TRIES):
            if self.race(key, _STEADY).answered == _STEADY:
                return
            pause()
        raise TimeoutError

    def race(
        self,
        key: str,
        attempts: int,
        *,
        hold: bool = False,
        meanwhile: Callable[[], None] | None = None,
        **fields: object,
    ) -> Round:
        """
        `hold`: no answer begins before every request has arrived or been refused.

        `meanwhile`: done in a thread in the midst of it.
        """
        self._sims.forget()
        call = Call(MODEL, "openai-chat", stream=False, body=fields)
        self._engine.holding = hold
        seen = asyncio.run(self._all(key, call, attempts, meanwhile))
        return Round(self._arrivals(), Counter(one.status for one in seen))

    def _arrivals(self) -> int:
        return sum(row.method == "POST" for row in self._sims.arrivals())

    async def _all(
        self, key: str, call: Call, attempts: int, meanwhile: Callable[[], None] | None
    ) -> Sequence[Seen]:
        """Connected first, then all at once, over all gateways in turn."""
        ports = [int(gateway.base.rsplit(":", 1)[1]) for gateway in self.gateways]
        lines: list[Line] = []
        for start in range(0, attempts, _TOGETHER):
            several = range(start, min(attempts, start + _TOGETHER))
            lines += await asyncio.gather(*(Line.open(ports[n % len(ports)]) for n in several))
        seen = [Seen(call) for _ in lines]

        def decided() -> bool:
            """Whoever has no answer yet has arrived, and waits for it."""
            return self._arrivals() + sum(one.framed for one in seen) >= attempts

        async with asyncio.TaskGroup() as asking:
            for line, one in zip(lines, seen, strict=True):
                asking.create_task(_ask(line, key, one))
            try:
                if meanwhile is not None:
                    await until(lambda: self._arrivals() >= _SOME, PATIENCE)
                    await asyncio.to_thread(meanwhile)
                if self._engine.holding:
                    await until(decided, PATIENCE)
            finally:
                self._engine.holding = False
        return seen


async def _ask(line: Line, key: str, seen: Seen) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            line.send(key, seen.call)
            await line.head(seen)
            while data := await line.piece(seen):
                seen.body += data
    except (ConnectionError, asyncio.IncompleteReadError):
        seen.status = 0
    finally:
        line.hang_up()


def config(sims: Simulators, server: Mapping[str, object]) -> str:
    """A gateway's file: one provider, the first simulator, with its prices."""
    settings = "".join(
        f"{name} = {msgspec.json.encode(v).decode()}\n" for name, v in server.items()
    )
    return f"""
[server]
drain_timeout = 5.0
{settings}
[providers.far]
kind = "http"
like = "sim"
dialect = "openai-chat"
base_url = "http://127.0.0.1:{sims.ports[0]}/v1"
headers = {{ authorization = "Bearer sk-upstream-canary-1234567890" }}
"""


@contextmanager
def track(
    folder: Path, *, nodes: int = 1, workers: int, server: Mapping[str, object] | None = None
) -> Iterator[Track]:
    """`nodes` gateways of `workers` each. Several need a database and counters that they share."""
    sims = Simulators()
    sims.open()
    # Before a gateway is there: its connections keep the engine that they began with.
    engine = sims.sims[0].engine = Patient(sims.clock, os.urandom, log=sims.sims[0].log)
    try:
        with ExitStack() as stack:
            gateways: list[Gateway] = []
            for number in range(nodes):
                home = folder / f"node{number}"
                if gateways:
                    (home / "data").mkdir(parents=True)
                    shutil.copy(gateways[0].data / "pepper", home / "data" / "pepper")
                text = config(sims, server or {})
                gateway = stack.enter_context(serving(home, text, "--workers", str(workers)))
                gateway.await_workers(workers)
                gateways.append(gateway)
            yield Track(sims, engine, gateways)
    finally:
        sims.close()
