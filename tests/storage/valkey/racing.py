"""
Two machines of four workers at one limit: how many of a thousand simultaneous attempts are admitted.

As a program it is one of the eight: URL, name, honest | naive. It answers each line
"number unit moment patience" with how many of its own attempts were admitted, and "settle" with "ok".
Where the server is away an attempt is repeated for `patience` seconds.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.storage.racing import COST, Crew, crew, limit
from tests.storage.valkey.planted import NaiveState
from tests.storage.valkey_server import ValkeyServer
from trunkline.canon.errors import LimitsUnavailable
from trunkline.canon.limit import Unit
from trunkline.kernel.clock import SystemClock
from trunkline.storage.state import Claim
from trunkline.storage.valkey.backend import open_valkey

PROCESSES = 8
ATTEMPTS = 125
# Until all have read the line that names the moment.
_SOON = 0.02
PATIENCE = 6.0
"""Seconds: a restart, and what every process needs to see it."""


async def attempt(state: Any, claim: Claim, until: float) -> str:
    """The lease, if it is admitted."""
    repeat = 0
    while True:
        try:
            decision = await state.admit(claim)
        except LimitsUnavailable:
            if time.monotonic() > until:  # noqa: TID251 - a real server is away for a real time
                return ""
            await asyncio.sleep(0.01)
            repeat += 1
            claim = Claim(f"{claim.lease}+{repeat}", claim.limits, 0, COST)
        else:
            return "" if decision.refused else claim.lease


async def attempts(state: Any, name: str, line: str) -> Sequence[str]:
    number, unit, moment, patience = line.split()
    claims = [
        Claim(f"{name}-{number}-{unit}-{one}", [limit(int(number), Unit(unit))], 0, COST)
        for one in range(ATTEMPTS)
    ]
    while time.monotonic() < float(moment):  # noqa: TID251 - all at the same real moment
        pass
    until = float(moment) + float(patience)
    leases = await asyncio.gather(*(attempt(state, claim, until) for claim in claims))
    return [lease for lease in leases if lease]


async def keep(state: Any) -> None:
    """As the ledger's keeper of counters does; here nothing is in the ledger, for nothing is over."""
    while True:
        try:
            await state.beat()
            if state.lost:
                await state.restore({})
        except LimitsUnavailable:
            pass
        await asyncio.sleep(0.01)


async def race(url: str, name: str, manner: str) -> None:
    state: Any = open_valkey(url, SystemClock(), name, lambda _: None)
    await state.beat()
    await state.restore({})
    if manner == "naive":
        state = NaiveState(state)
    loop = asyncio.get_running_loop()
    keeping = loop.create_task(keep(state))
    admitted: list[str] = []
    print("ready", flush=True)  # noqa: T201 - how the runners talk
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line == "settle\n":
            for lease in admitted:
                state.settle(lease, 0, COST)
            admitted.clear()
            await state.arrived()
            print("ok", flush=True)  # noqa: T201 - as above
        else:
            mine = await attempts(state, name, line)
            admitted += mine
            print(len(mine), flush=True)  # noqa: T201 - as above
    keeping.cancel()
    await state.aclose()


class Runners:
    def __init__(self, crew: Crew, server: ValkeyServer) -> None:
        self._crew = crew
        self._server = server

    def round(self, number: int, unit: Unit, *, restart: bool = False) -> int:
        """How many were admitted in all; `restart`: the server is killed in the midst, and started."""
        moment = time.monotonic() + _SOON  # noqa: TID251 - all at the same real moment
        self._crew.say(f"{number} {unit.value} {moment} {PATIENCE if restart else 0.0}")
        if restart:
            # A hundred are admitted within some 30 ms: each round another part of that.
            until = moment + number % 10 * 0.003
            while time.monotonic() < until:  # noqa: TID251 - as above
                pass
            self._server.restart()
        return sum(map(int, self._crew.hear()))

    def settle(self) -> None:
        self._crew.say("settle")
        self._crew.hear()


@contextmanager
def runners(folder: Path, manner: str = "honest") -> Iterator[Runners]:
    with (
        closing(ValkeyServer(folder)) as server,
        crew("tests.storage.valkey.racing", server.url, PROCESSES, manner) as made,
    ):
        yield Runners(made, server)


if __name__ == "__main__":
    asyncio.run(race(*sys.argv[1:4]))
