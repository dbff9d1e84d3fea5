"""States on a server of the test's own, and its clock to be moved."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.storage.valkey_server import ValkeyServer
from trunkline.canon.limit import Limit, Unit
from trunkline.kernel.clock import Clock, SystemClock
from trunkline.storage.state import Claim
from trunkline.storage.valkey.backend import open_valkey
from trunkline.storage.valkey.session import Pace
from trunkline.storage.valkey.state import ValkeyState

T = TypeVar("T")

EAGER = Pace(settling=0.0, quiet=0.0, pulse=0.02, timeout=5.0)
"""Admits at once, and notices soon; a busy machine is no outage."""
PROMPT = Pace(settling=0.2, quiet=0.0, pulse=0.02, timeout=5.0)
HASTY = Pace(settling=0.0, quiet=0.0, pulse=0.02, timeout=0.2)
"""For a server that freezes."""
MINUTE = 60_000_000
HOUR = 60 * MINUTE
_META = "{trunkline}:meta"


def limit(unit: Unit, most: int, window: int = MINUTE, counter: str = "") -> Limit:
    if unit is Unit.CONCURRENT:
        window = 0
    name = counter or f"key/a/{unit.value}/{window}"
    return Limit(counter=name, unit=unit, most=most, window=window, field="f", scope="key")


def claim(lease: str, *limits: Limit, tokens: int = 0, cost: int = 0) -> Claim:
    return Claim(lease, limits, tokens, cost)


class ValkeyStage:
    """For trunkline.testing.check_state, and whoever wants several states on one server."""

    ttl = EAGER.ttl

    def __init__(
        self, server: ValkeyServer, pace: Pace = EAGER, clock: Clock | None = None
    ) -> None:
        self.server = server
        self.problems: list[str] = []
        self._pace = pace
        self._clock = clock or SystemClock()
        self._open: list[ValkeyState] = []

    async def open(self, holder: str) -> ValkeyState:
        state = open_valkey(self.server.url, self._clock, holder, self.problems.append, self._pace)
        self._open.append(state)
        await state._session.start()
        return state

    async def advance(self, seconds: float) -> None:
        """The server's clock never steps back: it stands still until time has caught up."""
        with self.server.client() as client:
            now = max(int(client.hget(_META, "clock") or 0), round(_unix(client) * 1_000_000))
            client.hset(_META, "clock", now + round(seconds * 1_000_000))

    async def arrived(self) -> None:
        for state in self._open:
            await state.arrived()

    async def lose(self) -> None:
        self.server.flush()

    async def close(self) -> None:
        for state in self._open:
            await state.aclose()


def staged(server: ValkeyServer, run: Callable[[ValkeyState], Awaitable[T]]) -> T:
    """What a piece of work comes to with one state on this server."""

    async def with_stage() -> T:
        stage = ValkeyStage(server)
        try:
            return await run(await stage.open("w1"))
        finally:
            await stage.close()

    return asyncio.run(with_stage())


def _unix(client) -> float:
    seconds, micros = client.time()
    return seconds + micros / 1_000_000


async def until(condition: Callable[[], bool], within: float = 60.0) -> float:
    """Seconds it took. Raises AssertionError where it does not come true."""
    began = time.monotonic()  # noqa: TID251 - a real server takes real time
    while not condition():
        if time.monotonic() - began > within:  # noqa: TID251 - as above
            raise AssertionError(f"not within {within} s")
        await asyncio.sleep(0.005)
    return time.monotonic() - began  # noqa: TID251 - as above
