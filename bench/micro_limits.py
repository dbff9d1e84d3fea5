"""
What a claim on some limits costs on LMDB, in one process, and with others at it.

    python -m bench.micro_limits [--processes 1]

Prints the median and the least of many short runs, in microseconds, for 3, 4 and 6 limits with a
hundred requests under way.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from trunkline.canon.limit import Limit, Unit
from trunkline.kernel.clock import SystemClock
from trunkline.storage.lmdb.state import LmdbState
from trunkline.storage.lmdb.store import Store
from trunkline.storage.state import Claim

KEYS = 1000
UNDER_WAY = 100
RUN, RUNS = 200, 150
_KINDS = (
    (Unit.REQUESTS, 60),
    (Unit.CONCURRENT, 0),
    (Unit.COST, 86_400),
    (Unit.TOKENS, 60),
    (Unit.REQUESTS, 86_400),
    (Unit.COST, 0),
)


def limits(key: int, count: int) -> Sequence[Limit]:
    return [
        Limit(
            counter=f"key/k{key:06}/{unit.value}/{window}",
            unit=unit,
            most=1 << 50,
            window=window * 1_000_000,
            field="f",
            scope="key",
        )
        for unit, window in _KINDS[:count]
    ]


async def measure(state: LmdbState, name: str, count: int) -> tuple[list[float], list[float]]:
    """Microseconds of an admission and of a settlement, in each run."""
    keys = [limits(key, count) for key in range(KEYS)]
    claims = [
        Claim(f"req_{name}{count}{number:020}", keys[number * 7919 % KEYS], 100, 1000)
        for number in range(RUN * RUNS + UNDER_WAY)
    ]
    for claim in claims[:UNDER_WAY]:
        await state.admit(claim)
    admissions, settlements = [], []
    for start in range(0, RUN * RUNS, RUN):
        began = time.perf_counter()
        for claim in claims[start + UNDER_WAY : start + UNDER_WAY + RUN]:
            await state.admit(claim)
        between = time.perf_counter()
        for claim in claims[start : start + RUN]:
            state.settle(claim.lease, 50, 500)
        admissions.append((between - began) / RUN * 1e6)
        settlements.append((time.perf_counter() - between) / RUN * 1e6)
    for claim in claims[-UNDER_WAY:]:
        state.settle(claim.lease, 50, 500)
    return admissions, settlements


async def run(folder: Path, name: str) -> None:
    state = LmdbState(Store(folder, "bench"), name, SystemClock(), print)
    for count in (3, 4, 6):
        admissions, settlements = await measure(state, name, count)
        print(
            f"{name}: {count} limits: admit {statistics.median(admissions):5.1f}"
            f" (least {min(admissions):5.1f}), settle {statistics.median(settlements):5.1f}"
            f" (least {min(settlements):5.1f}) µs",
            flush=True,
        )
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
