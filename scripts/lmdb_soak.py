"""
The full counts for shared counters on one machine: random histories, and kills.

    python -m scripts.lmdb_soak [--histories 10000] [--kills 1000]

Races are limits_soak.py's. Prints what was done and what went wrong: of N without a fault, at most 3/N are faulty with a
confidence of 95 % (the rule of three). Fails on any fault.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import SystemRandom

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.storage.lmdb.test_histories import LmdbHistories
from tests.storage.lmdb.victims import audit

STEPS = 50
KILLS_A_FOLDER = 200
"""Then the books of that folder are looked at, and another is begun."""


def histories(count: int) -> None:
    """Raises what differs, with the shortest history that shows it."""
    run_state_machine_as_test(
        LmdbHistories,
        settings=settings(
            max_examples=count, stateful_step_count=STEPS, deadline=None, derandomize=False
        ),
    )
    tell("random histories", LmdbHistories.run, 0, f"{LmdbHistories.steps:,} steps")


def kills(count: int, seed: int) -> int:
    done = requests = wrong = 0
    while done < count:
        several = min(KILLS_A_FOLDER, count - done)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = [sys.executable, "-m", "tests.storage.lmdb.victims", name, str(several)]
            subprocess.run([*command, str(seed + done), "honest"], check=True)
            found = asyncio.run(audit(folder))
        _, cost, concurrent = found.after
        right = (found.expected, found.settled, 0, 0) == (
            found.counted,
            cost.used,
            cost.reserved,
            concurrent.used,
        )
        if not right:
            wrong += 1
            print(f"seed {seed + done}: {found}")
        done += several
        requests += found.wanted
    tell("kills", done, wrong, f"{requests:,} requests, seed {seed}")
    return wrong


def tell(what: str, count: int, wrong: int, more: str) -> None:
    bound = "" if wrong else f", so at most {3 / max(1, count):.2%}"
    print(f"{count:,} {what} ({more}): {wrong} wrong{bound}", flush=True)


def main(arguments: Sequence[str]) -> int:
    wanted = _parser().parse_args(arguments)
    began = time.perf_counter()
    wrong = kills(wanted.kills, wanted.seed)
    histories(wanted.histories)
    print(f"{time.perf_counter() - began:,.0f} s")
    return bool(wrong)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.lmdb_soak", description=__doc__)
    add: Callable[..., object] = parser.add_argument
    add("--histories", type=int, default=10_000)
    add("--kills", type=int, default=1000)
    add("--seed", type=int, default=SystemRandom().getrandbits(16), help="of the kills")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
