"""What races for shared counters have in common, whatever keeps them: the limit, and processes that talk."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from trunkline.canon.limit import Limit, Unit

LIMIT = 100
UNITS = (Unit.REQUESTS, Unit.CONCURRENT, Unit.COST)
# Of one request, in nano-dollars: no divisor of anything.
COST = 1_234_567


def limit(number: int, unit: Unit) -> Limit:
    """A fresh one for each round, with room for exactly LIMIT requests."""
    most = LIMIT * COST if unit is Unit.COST else LIMIT
    window = 0 if unit is Unit.CONCURRENT else 3_600_000_000
    name = f"race/{number}/{unit.value}"
    return Limit(counter=name, unit=unit, most=most, window=window, field="f", scope="key")


class Crew:
    """Processes of one program; each answers a line with a line."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def say(self, line: str) -> None:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()

    def hear(self) -> Sequence[str]:
        """Each one's answer."""
        return [self._line(process) for process in self._processes]

    @staticmethod
    def _line(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()


@contextmanager
def crew(module: str, place: str, count: int, manner: str) -> Iterator[Crew]:
    """All are ready; each is told the place, a name of its own and the manner."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", module, place, f"r{number}", manner],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for number in range(count)
    ]
    try:
        made = Crew(processes)
        assert ["ready"] * count == made.hear()
        yield made
    finally:
        for process in processes:
            process.communicate(timeout=60)
