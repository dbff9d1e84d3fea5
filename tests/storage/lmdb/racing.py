"""
Four processes at one limit: how many of a thousand simultaneous attempts are admitted.

As a program it is one of the four: data folder, name, honest | naive. It answers each line
"number unit moment" with how many of its own attempts were admitted, and "settle" with "ok".
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.storage.lmdb.planted import NaiveState
from trunkline.canon.limit import Limit, Unit
from trunkline.kernel.clock import SystemClock
from trunkline.storage.lmdb.state import LmdbState
from trunkline.storage.lmdb.store import Store
from trunkline.storage.state import Claim

PROCESSES = 4
ATTEMPTS = 250
LIMIT = 100
UNITS = (Unit.REQUESTS, Unit.CONCURRENT, Unit.COST)
# Of one request, in nano-dollars: no divisor of anything.
COST = 1_234_567
# Until all have read the line that names the moment.
_SOON = 0.01


def limit(number: int, unit: Unit) -> Limit:
    """A fresh one for each round, with room for exactly LIMIT requests."""
    most = LIMIT * COST if unit is Unit.COST else LIMIT
    window = 0 if unit is Unit.CONCURRENT else 3_600_000_000
    name = f"race/{number}/{unit.value}"
    return Limit(counter=name, unit=unit, most=most, window=window, field="f", scope="key")


async def attempts(state: LmdbState, name: str, number: int, unit: Unit) -> Sequence[str]:
    """The leases of those that were admitted."""
    claims = [
        Claim(f"{name}-{number}-{unit.value}-{one}", [limit(number, unit)], 0, COST)
        for one in range(ATTEMPTS)
    ]
    decisions = await asyncio.gather(*map(state.admit, claims))
    return [c.lease for c, d in zip(claims, decisions, strict=True) if not d.refused]


def race(folder: Path, name: str, kind: type[LmdbState]) -> None:
    state = kind(Store(folder, "boot"), name, SystemClock(), sys.stderr.write)
    admitted: Sequence[str] = ()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if line == "settle\n":
            for lease in admitted:
                state.settle(lease, 0, COST)
            answer = "ok"
        else:
            number, unit, moment = line.split()
            while time.monotonic() < float(moment):  # noqa: TID251 - all at the same real moment
                pass
            admitted = asyncio.run(attempts(state, name, int(number), Unit(unit)))
            answer = str(len(admitted))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    asyncio.run(state.aclose())


class Runners:
    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def ask(self, line: str) -> Sequence[str]:
        """Each one's answer."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()
        return [self._answer(process) for process in self._processes]

    def round(self, number: int, unit: Unit) -> int:
        """How many were admitted in all."""
        moment = time.monotonic() + _SOON  # noqa: TID251 - all at the same real moment
        return sum(map(int, self.ask(f"{number} {unit.value} {moment}")))

    @staticmethod
    def _answer(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()


@contextmanager
def runners(folder: Path, manner: str = "honest") -> Iterator[Runners]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.storage.lmdb.racing", str(folder), f"r{number}", manner],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for number in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield Runners(processes)
    finally:
        for process in processes:
            process.communicate(timeout=30)


if __name__ == "__main__":
    race(Path(sys.argv[1]), sys.argv[2], NaiveState if sys.argv[3] == "naive" else LmdbState)
