"""
What a claim on a key's limits costs on LMDB, in one process, and with others at it.

    python -m bench.micro_limits [--processes 1]

Prints the least and the median of many short runs, in microseconds of CPU, for 1, 3 and 6 limits
with some hundred requests under way; and the same cold, with a megabyte of other memory touched
before each, as a gateway does between two requests.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from trunkline.canon.limit import Limit, Unit
from trunkline.kernel.clock import SystemClock
from trunkline.storage.lmdb.state import LmdbState
from trunkline.storage.lmdb.store import Store
from trunkline.storage.state import Claim

KEYS = 1000
UNDER_WAY = 200
RUNS, COLD = 100, 600
_OTHER = bytearray(1 << 20)
_KINDS = (
    (Unit.REQUESTS, 60),
    (Unit.REQUESTS, 86_400),
    (Unit.TOKENS, 60),
    (Unit.CONCURRENT, 0),
    (Unit.COST, 86_400),
    (Unit.COST, 0),
)


def limits(key: int, count: int) -> tuple[Limit, ...]:
    """In the order in which tenancy has them."""
    return tuple(
        Limit(
            counter=f"key/k{key:06}/{unit.value}/{window}",
            unit=unit,
            most=1 << 50,
            window=window * 1_000_000,
            field="f",
            scope="key",
        )
        for unit, window in _KINDS[:count]
    )


class Bench:
    """Some keys, each with so many limits, and requests of theirs that are under way."""

    def __init__(self, state: LmdbState, name: str, count: int) -> None:
        self._state = state
        self._name = f"req_{name}{count}"
        self._keys = [limits(key, count) for key in range(KEYS)]
        self._number = 0
        self._held: deque[str] = deque()

    def claims(self, count: int) -> Sequence[Claim]:
        start = self._number
        self._number += count
        return [
            Claim(f"{self._name}{number:022}", self._keys[number * 7919 % KEYS], 100, 1000)
            for number in range(start, self._number)
        ]

    async def admit(self, claims: Sequence[Claim]) -> float:
        """Microseconds of each."""
        began = time.process_time_ns()
        for claim in claims:
            await self._state.admit(claim)
        took = time.process_time_ns() - began
        self._held.extend(claim.lease for claim in claims)
        return took / len(claims) / 1e3

    def settle(self, count: int) -> float:
        leases = [self._held.popleft() for _ in range(count)]
        began = time.process_time_ns()
        for lease in leases:
            self._state.settle(lease, 50, 500)
        return (time.process_time_ns() - began) / count / 1e3

    async def measure(self) -> None:
        for _ in range(KEYS // UNDER_WAY):  # until each key's record is there
            await self.admit(self.claims(UNDER_WAY))
        self.settle(KEYS - UNDER_WAY)
        hot = [
            (await self.admit(self.claims(UNDER_WAY)), self.settle(UNDER_WAY)) for _ in range(RUNS)
        ]
        _tell(f"{self._name[4:-1]}: {self._name[-1]} limits,  hot", hot)
        cold = []
        for claim in self.claims(COLD):
            _touch()
            admitted = await self.admit([claim])
            _touch()
            cold.append((admitted, self.settle(1)))
        _tell(f"{self._name[4:-1]}: {self._name[-1]} limits, cold", cold)
        self.settle(len(self._held))


def _touch() -> None:
    _OTHER[::64] = bytes(len(_OTHER) // 64)


def _tell(what: str, took: Sequence[tuple[float, float]]) -> None:
    told = []
    for name, each in zip(("admit", "settle"), zip(*took, strict=True), strict=True):
        told.append(f"{name} {min(each):5.1f} (median {statistics.median(each):5.1f})")
    print(f"{what}: {', '.join(told)} µs", flush=True)


async def run(folder: Path, name: str) -> None:
    state = LmdbState(Store(folder, "bench"), name, SystemClock(), print)
    for count in (1, 3, 6):
        await Bench(state, name, count).measure()
    await state.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        asyncio.run(run(Path(wanted.one[0]), wanted.one[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.micro_limits", "--one", folder]
        together = [
            subprocess.Popen([*command, f"p{number}"]) for number in range(wanted.processes)
        ]
        for process in together:
            process.wait()


if __name__ == "__main__":
    main()
