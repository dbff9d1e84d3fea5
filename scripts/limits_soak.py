"""
Many rounds of many processes at one limit: `python -m scripts.limits_soak valkey --rounds 100`.

Each round a thousand attempts arrive at the same moment where a hundred have room. Exactly a hundred
must pass, of requests, at once, and of money; with a server that is killed and started in the midst
never more. Prints how many rounds there were, how many went wrong, and what that proves: 3/N bounds
the share of wrong rounds with 95 % where none was seen.
"""

import argparse
import importlib
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.storage.racing import LIMIT, UNITS

BACKENDS = {"lmdb": False, "valkey": True}
"""Whether each has a server that can be restarted."""


def report(what: str, admitted: Counter[int], wrong: int) -> None:
    rounds = sum(admitted.values())
    bound = f"with 95 % below {3 / rounds:.3f}" if not wrong else "LIMITS DO NOT HOLD"
    print(f"{what}: N={rounds}, wrong {wrong} ({bound}); admitted {dict(sorted(admitted.items()))}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=BACKENDS)
    parser.add_argument("--rounds", type=int, default=100)
    given = parser.parse_args()
    racing: Any = importlib.import_module(f"tests.storage.{given.backend}.racing")
    failures = 0
    with tempfile.TemporaryDirectory() as folder, racing.runners(Path(folder)) as runners:
        for restart in (False, True) if BACKENDS[given.backend] else (False,):
            for unit in UNITS:
                admitted: Counter[int] = Counter()
                for number in range(given.rounds):
                    more = {"restart": True} if restart else {}
                    admitted[runners.round(number + 10_000 * restart, unit, **more)] += 1
                    runners.settle()
                wrong = sum(
                    rounds
                    for count, rounds in admitted.items()
                    if count > LIMIT or (count < LIMIT and not restart)
                )
                failures += wrong
                how = " with restarts" if restart else ""
                report(f"{given.backend} {unit.value}{how}", admitted, wrong)
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
