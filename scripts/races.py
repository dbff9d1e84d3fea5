"""
Stampedes at whole gateways, at full size: make races.

A thousand clients at a limit of a hundred, round after round, over the workers of one machine and
over two machines that share PostgreSQL and Valkey or Redis, also while that server restarts; and a
thousand keys that are revoked while they are used. Prints every count, and for each zero its bound.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.bounds import told
from tests.faults.race import MAX_TOKENS, Track, bound, track
from tests.faults.revocations import revoke_under_load
from tests.storage.postgres_server import running
from tests.storage.valkey_server import ValkeyServer

LIMIT = 100
KINDS = ("requests_per_minute", "concurrent_requests", "cost_total_usd")
BATCH = 50
"""Keys that are revoked under the same load."""


def main(arguments: Sequence[str]) -> int:
    wanted = _parser().parse_args(arguments)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with track(home / "one", workers=4) as course:
            wrong += _limits("1 machine, 4 workers", course, wanted, None)
        with _machines(home / "two") as (course, valkey):
            wrong += _limits("2 machines, 4 workers each", course, wanted, None)
            wrong += _limits("the same, counters restarted in the midst", course, wanted, valkey)
        with track(home / "revoked", workers=8) as course:
            wrong += _revocations(course, wanted.keys)
    print("all as it should be" if not wrong else f"{wrong} rounds or keys went wrong")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make races", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="of each kind (default 100)")
    parser.add_argument("--attempts", type=int, default=1000, help="at once (default 1000)")
    parser.add_argument("--keys", type=int, default=1000, help="to revoke (default 1000)")
    return parser


@contextmanager
def _machines(folder: Path) -> Iterator[tuple[Track, ValkeyServer]]:
    folder.mkdir()
    with ExitStack() as stack:
        postgres = stack.enter_context(running())
        valkey = ValkeyServer(folder, persistent=True)
        stack.callback(valkey.close)
        server = {"database": postgres.fresh(), "state": valkey.url}
        yield stack.enter_context(track(folder, nodes=2, workers=4, server=server)), valkey


def _limits(
    where: str, course: Track, wanted: argparse.Namespace, valkey: ValkeyServer | None
) -> int:
    """How many rounds went wrong."""
    wrong = 0
    for kind in KINDS:
        if valkey is not None and kind == "concurrent_requests":
            continue  # places that are over may be given again
        most = f"{bound() * LIMIT / 10**9:.9f}" if kind == "cost_total_usd" else LIMIT
        hold = kind != "requests_per_minute" or valkey is not None
        counts: list[int] = []
        for _ in range(wanted.rounds):
            if valkey is not None:
                course.steady(cost_total_usd="1")  # after the restart before
            race = course.race(
                course.key(**{kind: most}),
                wanted.attempts,
                hold=hold,
                meanwhile=None if valkey is None else valkey.restart,
                max_tokens=MAX_TOKENS,
            )
            exact = race.arrived == LIMIT if valkey is None else race.arrived <= LIMIT
            if not exact or race.arrived != race.answered:
                wrong += 1
                print(f"  wrong: {race}")
            counts.append(race.arrived)
        print(
            f"{where}, {kind}: {len(counts)} rounds of {wanted.attempts} at {LIMIT}:"
            f" {min(counts)} to {max(counts)} arrived; {told(wrong, len(counts))}",
            flush=True,
        )
    return wrong


def _revocations(course: Track, keys: int) -> int:
    """How many keys were accepted for more than a second."""
    gateway = course.gateways[0]
    last: list[float] = []
    while len(last) < keys:
        several = [gateway.new_key(name="r") for _ in range(min(BATCH, keys - len(last)))]
        last += [outcome.last for outcome in asyncio.run(revoke_under_load(gateway, several))]
    late = sum(seconds > 1.0 for seconds in last)
    print(
        f"8 workers, {len(last)} keys revoked: the last acceptance came {max(last):.3f} s after;"
        f" {told(late, len(last))}"
    )
    return late


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
