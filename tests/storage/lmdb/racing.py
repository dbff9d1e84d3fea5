"""
Four processes at one limit: how many of a thousand simultaneous attempts are admitted.

As a program it is one of the four: data folder, name, honest | naive. It answers each line
"number unit moment" with how many of its own attempts were admitted, and "settle" with "ok".
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.storage.lmdb.planted import NaiveState
from tests.storage.racing import COST, Crew, crew, limit
from trunkline.canon.limit import Unit
from trunkline.kernel.clock import SystemClock
from trunkline.storage.lmdb.state import LmdbState
from trunkline.storage.lmdb.store import Store
from trunkline.storage.state import Claim

PROCESSES = 4
ATTEMPTS = 250
# Until all have read the line that names the moment.
_SOON = 0.01


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
    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def round(self, number: int, unit: Unit) -> int:
        """How many were admitted in all."""
        moment = time.monotonic() + _SOON  # noqa: TID251 - all at the same real moment
        return sum(map(int, self._ask(f"{number} {unit.value} {moment}")))

    def settle(self) -> None:
        self._ask("settle")

    def _ask(self, line: str) -> Sequence[str]:
        self._crew.say(line)
        return self._crew.hear()


@contextmanager
def runners(folder: Path, manner: str = "honest") -> Iterator[Runners]:
    with crew("tests.storage.lmdb.racing", str(folder), PROCESSES, manner) as made:
        yield Runners(made)


if __name__ == "__main__":
    race(Path(sys.argv[1]), sys.argv[2], NaiveState if sys.argv[3] == "naive" else LmdbState)
