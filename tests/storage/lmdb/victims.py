"""
Workers that are killed while they admit and settle, and the logs they leave.

As a program it breeds them, so that a new one costs a fork and no start of Python: data folder, how
many kills, seed, honest | torn. A log holds "w <lease>" before each admission and "s <lease>"
before each settlement: with the leases that are still held, that says all.
"""

import asyncio
import os
import random  # noqa: TID251 - seeded: the same moments in every run, as far as there are such
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from tests.storage.lmdb.planted import TornState
from trunkline.canon.limit import Limit, Unit
from trunkline.kernel.clock import SystemClock
from trunkline.storage.lmdb.state import LmdbState
from trunkline.storage.lmdb.store import Store
from trunkline.storage.state import Claim, Standing

WORKERS = 3
TTL = 0.1
RESERVED = 5_000_000
# Bytes of log between two kills, at most: some dozens of requests.
_LONGEST_LIFE = 2000
# A worker that is stuck behind a dead one's lock would be so for good.
_STUCK = 20.0
_MOST = 1 << 60


def _limit(name: str, unit: Unit, seconds: float) -> Limit:
    window = round(seconds * 1_000_000)
    return Limit(counter=name, unit=unit, most=_MOST, window=window, field="f", scope="key")


REQUESTS = _limit("k/requests/0", Unit.REQUESTS, 0)
COST = _limit("k/cost/0", Unit.COST, 0)
BRIEF = _limit("k/cost/1", Unit.COST, 0.01)
CONCURRENT = _limit("k/concurrent/0", Unit.CONCURRENT, 0)


def cost_of(lease: str) -> int:
    """What it took: the same whoever says so, and another for each."""
    return int(lease.rpartition("-")[2]) * 7 + 1


async def work(folder: Path, name: str, kind: type[LmdbState]) -> None:
    """Until it is killed."""
    log = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    state = kind(Store(folder / "state", "boot"), name, SystemClock(), sys.stderr.write, TTL)
    held: list[str] = []
    number = 0

    def settle(lease: str) -> None:
        os.write(log, f"s {lease}\n".encode())
        state.settle(lease, 0, cost_of(lease))

    while True:
        number += 1
        lease = f"{name}-{number}"
        os.write(log, f"w {lease}\n".encode())
        session = _limit(f"session/{lease}", Unit.COST, 0.01)
        await state.admit(Claim(lease, (REQUESTS, COST, BRIEF, CONCURRENT, session), 0, RESERVED))
        held.append(lease)
        if number % 3:
            settle(held.pop(0))
        if number % 10 == 0:
            for left in (await state.beat())[:5]:
                settle(left.lease)


def breed(folder: Path, kills: int, seed: int, kind: type[LmdbState]) -> None:
    dice = random.Random(seed)
    names = iter(range(kills + WORKERS))
    alive = [_start(folder, next(names), kind) for _ in range(WORKERS)]
    for _ in range(kills):
        _wait_for_progress(folder, dice.randrange(_LONGEST_LIFE))
        victim = alive.pop(dice.randrange(len(alive)))
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        _wait_for_progress(folder, 1)
        alive.append(_start(folder, next(names), kind))
    for victim in alive:
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)


def _start(folder: Path, number: int, kind: type[LmdbState]) -> int:
    if child := os.fork():
        return child
    try:
        asyncio.run(work(folder, f"v{number}", kind))
    except BaseException as error:
        sys.stderr.write(f"v{number}: {error!r} {getattr(error, 'detail', '')}\n")
        raise
    finally:
        os._exit(1)


def _wait_for_progress(folder: Path, least: int) -> None:
    """So many bytes of log. Raises TimeoutError where those who are alive are stuck."""
    before = _logged(folder)
    until = time.monotonic() + _STUCK  # noqa: TID251 - a real process lives in real time
    while _logged(folder) < before + least:
        if time.monotonic() > until:  # noqa: TID251 - as above
            raise TimeoutError("no survivor goes on")
        time.sleep(0.0005)  # noqa: TID251 - lets them


def _logged(folder: Path) -> int:
    return sum(log.stat().st_size for log in folder.glob("*.log"))


class Audit(Struct, frozen=True):
    wanted: int
    left: int
    """Leases that nobody had settled."""
    expected: Sequence[int]
    """Requests, cost and concurrent, by the logs and the leases left."""
    counted: Sequence[int]
    after: Sequence[Standing]
    """Of the same, once what was left is settled, too."""
    settled: int
    """Nano-dollars, by the logs alone."""


def _logs(folder: Path) -> Sequence[tuple[str, str]]:
    """ "w" or "s", and a lease; a line that a kill has cut was never finished."""
    lines = [
        line
        for log in folder.glob("*.log")
        for line in log.read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    return [(line[0], line[2:-1]) for line in lines]


async def audit(folder: Path) -> Audit:
    lines = _logs(folder)
    state = LmdbState(Store(folder / "state", "boot"), "auditor", SystemClock(), print, TTL)
    limits = (REQUESTS, COST, CONCURRENT)
    left: set[str] = set()
    counted: list[int] = []
    while found := await state.beat():  # a thousand at a time
        if not counted:
            counted = [standing.used for standing in await state.look(limits)]
        for one in found:
            left.add(one.lease)
            state.settle(one.lease, 0, cost_of(one.lease))
    after = await state.look(limits)
    await state.aclose()
    ended = {lease for what, lease in lines if what == "s"} - left
    settled = sum(map(cost_of, ended))
    return Audit(
        wanted=sum(what == "w" for what, _ in lines),
        left=len(left),
        expected=[len(left | ended), settled + len(left) * RESERVED, 0],
        counted=counted or [standing.used for standing in after],
        after=after,
        settled=settled + sum(map(cost_of, left)),
    )


if __name__ == "__main__":
    breed(
        Path(sys.argv[1]),
        int(sys.argv[2]),
        int(sys.argv[3]),
        TornState if sys.argv[4] == "torn" else LmdbState,
    )
