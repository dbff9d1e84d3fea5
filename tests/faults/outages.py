"""
Clients of every kind that ask steadily while something goes away, and what they were told when.

A kind of client is a key with its limits: with a budget that is large or soon spent, with limits of
requests that are wide or soon used up, without any. Each asks streamed and not, in both dialects.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.faults.books import Ledger
from tests.faults.client import Call, End, Line, Seen, talk
from tests.faults.program import Listening, Program, inline
from tests.faults.simulators import ANTHROPIC, OPENAI, until
from tests.integration.program import Gateway
from trunkline.kernel.clock import SystemClock

RICH, POOR, WIDE, TIGHT, FREE = "rich", "poor", "wide", "tight", "free"
BUDGET = 8_000_000
"""Nano-dollars of the poor: of some thirty answers."""
REQUESTS = 60
"""Of the tight, in a day."""
KINDS: Mapping[str, Mapping[str, object]] = {
    RICH: {"cost_total_usd": "5", "requests_per_day": 1_000_000},
    POOR: {"cost_total_usd": f"{BUDGET / 10**9:.9f}"},
    WIDE: {"requests_per_day": 1_000_000, "concurrent_requests": 50},
    TIGHT: {"requests_per_day": REQUESTS},
    FREE: {},
}
BUDGETED = (RICH, POOR)
RECOVERY = 5.0
"""Seconds, from when a thing is back until all are served again and the books are whole."""
# What is watched is who comes back, not how much a machine can do that runs other tests beside.
MODEL = "sim-echo@ttft=100"
SLOW = "sim-echo@rate=40"
"""Takes more than a second."""
MAX_TOKENS = 200
_PAUSE = 0.05
"""Seconds before somebody who was refused asks again."""
_CLOCK = SystemClock()


async def passed(seconds: float) -> None:
    """What shall not happen meanwhile has no event."""
    end = _CLOCK.monotonic() + seconds
    await until(lambda: _CLOCK.monotonic() >= end, max(0.0, seconds) + RECOVERY)


class Town(Program):
    """A gateway of its own process before two simulators, with sections of its configuration."""

    def __init__(self, folder: Path, sections: Mapping[str, object], **server: object) -> None:
        super().__init__(folder, drain_timeout=10.0, **server)
        self._sections = sections
        self.environ: Mapping[str, str] = {}
        """Of the gateway; with a planted bug in it, perhaps."""

    def config(self, models: Mapping[str, Sequence[str]] | None = None) -> str:
        more = "".join(f"{name} = {inline(value)}\n" for name, value in self._sections.items())
        return super().config(models) + more

    def serve(self) -> None:
        self._started = True
        self.gateway = Gateway(self.folder, self.config(), environ=self.environ)
        self.gateway.await_workers(int(str(self.server.get("workers", 1))))


class Told(Struct, frozen=True):
    """What one request came to. Monotonic seconds."""

    kind: str
    asked: float
    answered: float
    """To its end."""
    seen: Seen

    @property
    def status(self) -> int:
        return self.seen.status

    @property
    def code(self) -> object:
        """Of an error; Anthropic's have a type only."""
        return self.seen.told[1] or self.seen.told[0]


class Crowd:
    """Two clients of each kind, one after the other until `stopped`."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.keys = {kind: town.gateway.new_key(name=kind, limits=KINDS[kind]) for kind in KINDS}
        self.told: list[Told] = []
        self.stopped = False

    async def run(self, script: Callable[[], Awaitable[None]]) -> None:
        """All of them, while the script runs."""
        async with asyncio.TaskGroup() as clients:
            for kind in KINDS:
                for number in range(2):
                    clients.create_task(self._ask(kind, number))
            try:
                await script()
            finally:
                self.stopped = True

    async def _ask(self, kind: str, number: int) -> None:
        turn = number
        while not self.stopped:
            turn += 1
            asked = _CLOCK.monotonic()
            call = self.call(MODEL, turn)
            try:
                seen = await talk(self.town.port, self.keys[kind], call)
            except ConnectionError:  # nobody took it: it was never asked
                await passed(_PAUSE)
                continue
            self.told.append(Told(kind, asked, _CLOCK.monotonic(), seen))
            if seen.status != 200:
                await passed(_PAUSE)

    def call(self, model: str, turn: int = 0) -> Call:
        """Of a name of its own; the dialect and whether it is streamed by the turn."""
        letter, dialect = (("o", OPENAI), ("a", ANTHROPIC))[turn // 2 % 2]
        call = self.town.call(f"{letter}1/{model}", dialect, stream=turn % 2 == 0)
        return dataclasses.replace(call, body={"max_tokens": MAX_TOKENS})

    async def each(self, count: int, since: float = 0.0) -> None:
        """Return when every kind has been told something so many times more, asked since then."""
        since = since or _CLOCK.monotonic()
        await until(
            lambda: all(len(self.since(since, kind)) >= count for kind in KINDS), 4 * RECOVERY
        )

    def since(self, start: float, *kinds: str, end: float = float("inf")) -> list[Told]:
        """Asked within that time, by these."""
        return [t for t in self.told if start <= t.asked < end and t.kind in kinds]

    async def served(self, *kinds: str) -> float:
        """Seconds until each of these kinds is served."""
        start = _CLOCK.monotonic()
        await until(
            lambda: all(200 in (t.status for t in self.since(start, kind)) for kind in kinds),
            4 * RECOVERY,
        )
        return _CLOCK.monotonic() - start

    async def begin(self, kind: str) -> Listening:
        """A long answer that has begun."""
        listening = Listening(Seen(self.call(SLOW)), await Line.open(self.town.port))
        listening.line.send(self.keys[kind], listening.seen.call)
        await listening.line.head(listening.seen)
        listening.seen.body += await listening.line.piece(listening.seen)
        return listening


class Course(Struct):
    """What happened when, and to whom. Monotonic seconds."""

    told: Sequence[Told] = ()
    slow: Sequence[Seen] = ()
    """Answers that were under way when it went away."""
    gone: float = 0.0
    back: float = 0.0
    took: float = 0.0
    """From `back` until everybody who may be was served again."""

    @property
    def seen(self) -> list[Seen]:
        return [*(one.seen for one in self.told), *self.slow]

    def during(self, *kinds: str, after: float = 0.0) -> list[Told]:
        """Asked while it was away, for longer than that."""
        start = self.gone + after
        return [t for t in self.told if start <= t.asked < self.back and t.kind in kinds]

    def afterwards(self, *kinds: str) -> list[Told]:
        """Asked once all should be as it was."""
        start = self.back + self.took
        return [t for t in self.told if start <= t.asked and t.kind in kinds]

    def __str__(self) -> str:
        away = self.during(*KINDS)
        counts: dict[int, int] = {}
        for one in away:
            counts[one.status] = counts.get(one.status, 0) + 1
        return (
            f"{len(self.seen)} requests, {len(away)} while it was away for"
            f" {self.back - self.gone:.1f} s ({dict(sorted(counts.items()))}),"
            f" all served again after {self.took:.2f} s"
        )


async def absence(
    crowd: Crowd,
    go_away: Callable[[], None],
    come_back: Callable[[], None],
    seconds: float,
) -> Course:
    """Something is away for so long while all ask, with answers under way when it goes."""
    course = Course()

    async def script() -> None:
        await crowd.each(3)
        slow = [await crowd.begin(kind) for kind in (RICH, WIDE, FREE)]
        course.gone = _CLOCK.monotonic()
        await asyncio.to_thread(go_away)
        course.slow = await asyncio.gather(*(one.rest() for one in slow))
        await passed(course.gone + seconds - _CLOCK.monotonic())
        course.back = _CLOCK.monotonic()
        await asyncio.to_thread(come_back)
        course.took = await crowd.served(RICH, WIDE, FREE)
        await crowd.each(3)

    await crowd.run(script)
    course.told = crowd.told
    return course


class Spent(Struct, frozen=True):
    """What the ledger holds of one key."""

    requests: int = 0
    """Sent to a provider."""
    cost: int = 0
    """Nano-dollars."""


def spent(ledger: Ledger, key: str) -> Spent:
    key_id = key.split("_")[1]
    rows = [row for some in ledger.requests.values() for row in some if row.key_id == key_id]
    return Spent(sum(row.attempts > 0 for row in rows), sum(row.cost_nanousd for row in rows))


async def standings(crowd: Crowd) -> Mapping[str, Mapping[str, Any]]:
    """What /v1/me says of each kind's limits, once nothing is held any more; or after a while."""
    found: dict[str, Mapping[str, Any]] = {}

    async def settled() -> bool:
        for kind, key in crowd.keys.items():
            answer = await asyncio.to_thread(crowd.town.gateway.get, "/v1/me", key)
            if answer.status != 200:
                return False
            found[kind] = {one["limit"]: one for one in answer.json()["limits"]}
        every = [one for limits in found.values() for one in limits.values()]
        # None: a worker that does not know yet what was used.
        return not any(one["used"] is None or one["reserved"] for one in every)

    patience = _CLOCK.monotonic() + 4 * RECOVERY
    while not await settled() and _CLOCK.monotonic() < patience:
        await passed(_PAUSE)
    return found


def whole(course: Course) -> bool:
    """Every answer that was under way came to its proper end."""
    return all(one.end is End.WHOLE for one in course.slow)


def money(
    crowd: Crowd, counted: Mapping[str, Mapping[str, Any]], *, more: bool = False
) -> Iterator[str]:
    """
    In words, what is overspent, and what the counters hold that the ledger does not.

    `more`: they may hold more than it: on the side that refuses. The gateway is stopped.
    """
    ledger = crowd.town.ledger()
    for kind, key in crowd.keys.items():
        took = spent(ledger, key)
        if kind == POOR and took.cost > BUDGET:
            yield f"{took.cost} nano-dollars spent of {BUDGET}"
        if kind == TIGHT and took.requests > REQUESTS:
            yield f"{took.requests} requests of {REQUESTS}"
        # Killed between its claim and its intent, one is counted for an hour, and in no book.
        unwritten = sum(t.kind == kind and _left_no_row(t.seen, ledger) for t in crowd.told)
        rights = {"cost_total_usd": (took.cost, 0), "requests_per_day": (took.requests, unwritten)}
        for name, (right, beyond) in rights.items():
            if name in KINDS[kind]:
                used = counted[kind][name]["used"] - counted[kind][name]["reserved"]
                if used < right or (used > right + beyond and not more):
                    yield f"{kind}: {used} counted in {name}, the ledger has {right}"
        if "concurrent_requests" in KINDS[kind] and counted[kind]["concurrent_requests"]["used"]:
            yield f"{kind}: places are held by nobody"


def _left_no_row(seen: Seen, ledger: Ledger) -> bool:
    return seen.end is End.BROKEN and seen.call.name not in ledger.requests
