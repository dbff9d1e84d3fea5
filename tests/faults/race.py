"""
Many clients at one limit: how many of a thousand simultaneous requests reach the upstream.

What is counted are arrivals in the simulator's own log. The answers that clients got, and what the
ledger holds, must say the same.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.faults.client import PATIENCE, Call, Line, Seen
from tests.faults.simulators import Simulators
from tests.integration.program import Gateway, serving
from trunkline.tenancy.reserve import HIDDEN

MODEL = "far/sim-chat@ttft={hold}"
# Enough that all others have asked before the first is over, on a machine that is busy, too.
HOLD_MS = 10_000
MAX_TOKENS = 20
_SOME = 10
"""Arrivals after which a race is under way."""
_TOGETHER = 100
"""Connections that are opened at the same time; a listening socket has a backlog."""


def bound() -> int:
    """Nano-dollars that one of these requests reserves."""
    body = {"max_tokens": MAX_TOKENS}
    call = Call(MODEL.format(hold=HOLD_MS), "openai-chat", stream=False, body=body)
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


class Track:
    """Gateways of several workers each, before one simulator."""

    def __init__(self, sims: Simulators, gateways: Sequence[Gateway]) -> None:
        self.sims = sims
        self.gateways = gateways

    def key(self, **limits: object) -> str:
        """A fresh one with these limits: its windows are not open yet."""
        return self.gateways[0].new_key(name="race", limits=limits)

    def race(
        self,
        key: str,
        attempts: int,
        hold_ms: int,
        *,
        meanwhile: Callable[[], None] | None = None,
        **fields: object,
    ) -> Round:
        """`meanwhile`: done in a thread in the midst of it."""
        before = self._arrivals()
        seen = asyncio.run(self._all(key, attempts, hold_ms, fields, meanwhile))
        return Round(self._arrivals() - before, Counter(one.status for one in seen))

    def _some_arrived(self) -> None:
        """Some have been decided by then, others not."""
        before, patience = self._arrivals(), 1000
        while patience and self._arrivals() < before + _SOME:
            patience -= 1

    def _arrivals(self) -> int:
        return sum(row.method == "POST" for row in self.sims.arrivals())

    async def _all(
        self,
        key: str,
        attempts: int,
        hold_ms: int,
        fields: Mapping[str, object],
        meanwhile: Callable[[], None] | None,
    ) -> Sequence[Seen]:
        """Connected first, then all at once, over all gateways in turn."""
        call = Call(MODEL.format(hold=hold_ms), "openai-chat", stream=False, body=fields)
        ports = [int(gateway.base.rsplit(":", 1)[1]) for gateway in self.gateways]
        lines: list[Line] = []
        for start in range(0, attempts, _TOGETHER):
            several = range(start, min(attempts, start + _TOGETHER))
            lines += await asyncio.gather(*(Line.open(ports[n % len(ports)]) for n in several))
        asking = asyncio.gather(*(_ask(line, key, call) for line in lines))
        if meanwhile is not None:
            await asyncio.to_thread(self._some_arrived)
            await asyncio.to_thread(meanwhile)
        return await asking


async def _ask(line: Line, key: str, call: Call) -> Seen:
    seen = Seen(call)
    try:
        async with asyncio.timeout(PATIENCE * 4):
            line.send(key, call)
            await line.head(seen)
            while data := await line.piece(seen):
                seen.body += data
    except (ConnectionError, asyncio.IncompleteReadError):
        seen.status = 0
    finally:
        line.hang_up()
    return seen


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
            yield Track(sims, gateways)
    finally:
        sims.close()
