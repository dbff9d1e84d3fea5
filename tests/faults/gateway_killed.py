"""Workers of a whole gateway killed under load with limits on; then its counters and its books are looked at."""

import asyncio
import os
import random  # noqa: TID251 - seeded: the same victims in every run
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from tests.faults.client import End
from tests.faults.gateway import opened
from tests.faults.outages import Crowd, Town, money, passed, standings
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
        return (
            f"{self.kills} kills, {self.acknowledged} acknowledged, {self.broken} cut off;"
            f" places and reservations free after {self.freed:.1f} s;"
            f" {len(self.faults)} wrong"
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
        faults = [f"it ended with {code}"] if code else []
        faults += money(crowd, counted)
        seen = [told.seen for told in crowd.told]
        whole = [one for one in seen if one.end is not End.BROKEN]
        faults += town.compare(whole).differences
        toll = Toll(kills, len(whole), len(seen) - len(whole), freed, faults)
        sys.stdout.write(f"{'PostgreSQL' if database else 'SQLite'}: {toll}\n")
        return toll


async def _kill(crowd: Crowd, kills: int, workers: int) -> None:
    dice = random.Random(kills)
    await crowd.each(1)
    done = 0
    while done < kills:
        victims = await asyncio.to_thread(crowd.town.gateway.children)
        while len(victims) < workers:
            await passed(0.05)
            victims = await asyncio.to_thread(crowd.town.gateway.children)
        await passed(dice.uniform(0.0, 0.3))
        with suppress(ProcessLookupError):  # one that could not start is gone by itself
            os.kill(dice.choice(victims), signal.SIGKILL)
            done += 1
        # Others serve on; and the next may fall while this one's successor still starts.
        await passed(0.05)
    await crowd.served("wide", "free")
