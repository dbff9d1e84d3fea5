"""
Outages and kills of whole gateways at full size: make soak-outages.

A thousand workers killed under load with limits on, over SQLite and over PostgreSQL; the database locked
for thirty seconds; PostgreSQL, the disk and the counters' server away again and again. After each,
clients, providers and ledger must agree, and counters with the ledger. Prints every count, and for
each zero its bound (the rule of three).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scripts.bounds import told
from tests.faults.gateway_killed import killed
from tests.faults.outage_cases import Found, disk_full, postgres_away, sqlite_locked, valkey_away
from tests.storage.postgres_server import running

KILLS_A_FOLDER = 100
"""Then its books are looked at, and another is begun."""
AWAY = 5.0
"""Seconds, where nothing else is said."""


def main(arguments: Sequence[str]) -> int:
    wanted = _parser().parse_args(arguments)
    began = time.monotonic()
    wrong = sum(_kills("SQLite", wanted.kills, wanted.workers, lambda: ""))
    with running() as server:
        wrong += sum(_kills("PostgreSQL", wanted.kills, wanted.workers, server.fresh))
        cases: dict[str, Callable[[Path], Found]] = {
            "PostgreSQL away": lambda home: postgres_away(home, server, AWAY),
            "SQLite locked": lambda home: sqlite_locked(home, AWAY),
            "disk full": lambda home: disk_full(home, AWAY),
            "counters flushed": lambda home: valkey_away(home, "flush", 0.5),
            "counters killed": lambda home: valkey_away(home, "kill", AWAY),
            "counters frozen": lambda home: valkey_away(home, "freeze", AWAY),
        }
        for name, case in cases.items():
            wrong += _outages(name, wanted.rounds, case)
    name = f"SQLite locked for {wanted.lock:g} s"
    wrong += _outages(name, 1, lambda home: sqlite_locked(home, wanted.lock))
    print(f"{wrong} wrong in all; {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make soak-outages", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="on each database (default 1000)")
    parser.add_argument("--workers", type=int, default=4, help="to kill from (default 4)")
    parser.add_argument("--rounds", type=int, default=10, help="of each outage (default 10)")
    parser.add_argument(
        "--lock", type=float, default=30.0, help="seconds SQLite is locked (default 30)"
    )
    return parser


def _kills(name: str, kills: int, workers: int, database: Callable[[], str]) -> Iterator[int]:
    """How many faults there were, folder by folder."""
    done = acknowledged = wrong = 0
    while done < kills:
        with tempfile.TemporaryDirectory() as folder:
            several = min(KILLS_A_FOLDER, kills - done)
            toll = killed(Path(folder), several, workers=workers, database=database())
        wrong += _print(toll.faults)
        done += several
        acknowledged += toll.acknowledged
        yield len(toll.faults)
    print(f"{name}: {done} kills, {acknowledged} acknowledged, {told(wrong, done)}", flush=True)


def _outages(name: str, rounds: int, case: Callable[[Path], Found]) -> int:
    """How many faults there were."""
    wrong, requests, slowest = 0, 0, 0.0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            found = case(Path(folder) / "gateway")
        wrong += _print(found.faults)
        requests += len(found.course.seen)
        slowest = max(slowest, found.course.took)
    print(
        f"{name}: {rounds} times, {requests} requests, all served again after at most"
        f" {slowest:.2f} s, {told(wrong, rounds)}",
        flush=True,
    )
    return wrong


def _print(faults: Sequence[str]) -> int:
    for fault in faults:
        print(f"  wrong: {fault}")
    return len(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
