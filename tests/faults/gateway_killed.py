"""Workers of a whole gateway killed under load with limits on; then its counters and its books are looked at."""

import asyncio
import os
import random  # noqa: TID251 - seeded: the same victims in every run
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.faults.books import Ledger
from tests.faults.client import End, Seen
from tests.faults.gateway import opened
from tests.faults.outages import (
    BUDGET,
    KINDS,
    POOR,
    REQUESTS,
    TIGHT,
    Crowd,
    Town,
    passed,
    spent,
    standings,
)
from trunkline.kernel.clock import SystemClock

_CLOCK = SystemClock()


class Toll(Struct, frozen=True):
    kills: int
    acknowledged: int
    broken: int
    """Answers that a kill cut off."""
    freed: float
    """Seconds from the last kill until nothing of the dead was held any more."""
    faults: list[str]

    def __str__(self) -> str:
        wrong = len(self.faults)
        bound = f"{wrong} wrong" if wrong else f"0 wrong (3/N = {3 / max(1, self.kills):.2%})"
        return (
            f"{self.kills} kills, {self.acknowledged} acknowledged, {self.broken} cut off;"
            f" places and reservations free after {self.freed:.1f} s; {bound}"
        )


def killed(
    folder: Path,
    kills: int,
    *,
    workers: int = 2,
    database: str = "",
    environ: Mapping[str, str] | None = None,
) -> Toll:
    """So many of them, one after the other, as soon as others serve."""
    server = {"database": database} if database else {}
    with opened(Town(folder, {}, workers=workers, **server)) as town:
        town.environ = environ or {}
        town.serve()
        crowd = Crowd(town)
        town.do(crowd.run(lambda: _kill(crowd, kills, workers)), 60.0 + 10 * kills)
        last = _CLOCK.monotonic()
        counted = town.do(standings(crowd))
        freed = _CLOCK.monotonic() - last
        code = town.gateway.stop()
        ledger = Ledger.read_postgres(database) if database else Ledger.read(folder / "data")
        faults = [f"it ended with {code}"] if code else []
        faults += _counters(crowd, ledger, counted)
        seen = [told.seen for told in crowd.told]
        whole = [one for one in seen if one.end is not End.BROKEN]
        faults += town.compare(whole).differences
        toll = Toll(kills, len(whole), len(seen) - len(whole), freed, faults)
        sys.stdout.write(f"{'PostgreSQL' if database else 'SQLite'}: {toll}\n")
        return toll


async def _kill(crowd: Crowd, kills: int, workers: int) -> None:
    dice = random.Random(kills)
    await crowd.each(1)
    for _ in range(kills):
        victims = await asyncio.to_thread(crowd.town.gateway.children)
        while len(victims) < workers:
            await passed(0.05)
            victims = await asyncio.to_thread(crowd.town.gateway.children)
        await passed(dice.uniform(0.0, 0.3))
        os.kill(dice.choice(victims), signal.SIGKILL)
        # Others serve on; and the next may fall while this one's successor still starts.
        await passed(0.05)
    await crowd.served("wide", "free")


def _counters(
    crowd: Crowd, ledger: Ledger, counted: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """They hold what the ledger does, and nothing is overspent."""
    unknown = Counter(t.kind for t in crowd.told if _left_no_row(t.seen, ledger))
    for kind, key in crowd.keys.items():
        took = spent(ledger, key)
        if kind == POOR and took.cost > BUDGET:
            yield f"{took.cost} nano-dollars spent of {BUDGET}"
        if kind == TIGHT and took.requests > REQUESTS:
            yield f"{took.requests} requests of {REQUESTS}"
        limits = counted[kind]
        if "cost_total_usd" in KINDS[kind]:
            used = limits["cost_total_usd"]["used"] - limits["cost_total_usd"]["reserved"]
            if used != took.cost:
                yield f"{kind}: {used} nano-dollars counted, the ledger has {took.cost}"
        if "requests_per_day" in KINDS[kind]:
            used = limits["requests_per_day"]["used"]
            # Killed between its claim and its intent, it is counted for an hour, and in no book.
            if not took.requests <= used <= took.requests + unknown[kind]:
                yield f"{kind}: {used} requests counted, the ledger has {took.requests}"
        if "concurrent_requests" in KINDS[kind] and limits["concurrent_requests"]["used"]:
            yield f"{kind}: {limits['concurrent_requests']['used']} places are held by nobody"


def _left_no_row(seen: Seen, ledger: Ledger) -> bool:
    return seen.end is End.BROKEN and seen.call.name not in ledger.requests
