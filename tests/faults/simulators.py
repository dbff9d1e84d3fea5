"""Two stand-alone simulators on loopback sockets, on an event loop in a thread of its own."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import uvloop

from trunkline.kernel.clock import SystemClock
from trunkline.providers.sim.log import Row
from trunkline.providers.sim.server import SimServer

T = TypeVar("T")

OPENAI, ANTHROPIC = "openai-chat", "anthropic-messages"
GEMINI = "gemini"
DIALECTS = {"o": OPENAI, "a": ANTHROPIC, "g": GEMINI}
_BASES = {"o": "/v1", "a": "", "g": "/v1beta"}
# Reached only by a test that fails, however busy the machine is.
PATIENCE = 60.0


def provider(letter: str, port: int, **more: object) -> Mapping[str, object]:
    """A configuration's table: dialect by the letter, prices of the simulator (docs/reference)."""
    version = {"anthropic-version": "2023-06-01"} if letter == "a" else {}
    return {
        "kind": "http",
        "like": "sim",
        "dialect": DIALECTS[letter],
        "base_url": f"http://127.0.0.1:{port}{_BASES[letter]}",
        # As a header, since the row of the simulator in the gateway knows no keys.
        "headers": {**version, "authorization": "Bearer sk-upstream-canary-1234567890"},
        **more,
    }


def keyed(letter: str, port: int, *keys: str) -> Mapping[str, object]:
    """One with credentials, for which no price is known."""
    table = provider(letter, port, api_keys=keys, headers={"anthropic-version": "2023-06-01"})
    return {name: value for name, value in table.items() if name != "like"}


async def until(reached: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Look every few milliseconds; TimeoutError when it is not reached."""
    async with asyncio.timeout(seconds):
        while not reached():  # noqa: ASYNC110 - what is waited for has no event to tell of it
            await asyncio.sleep(0.005)


class Simulators:
    """Providers o1, a1 and g1 are the first simulator in each dialect, o2, a2 and g2 the second."""

    def __init__(self) -> None:
        self.providers: dict[str, Mapping[str, object]] = {}
        self.clock = SystemClock()
        self.sims: list[SimServer] = []
        self.ports: list[int] = []
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def do(self, work: Coroutine[Any, Any, T], patience: float = PATIENCE * 1.5) -> T:
        """Run it on the simulators' loop, for so many seconds at most."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(patience)

    def arrivals(self) -> Sequence[Row]:
        """The first book: of both simulators, in order of time."""

        async def read() -> Sequence[Row]:
            rows = [row for sim in self.sims for row in sim.log.rows()]
            return sorted(rows, key=lambda row: row.at)

        return self.do(read())

    def forget(self) -> None:
        """Begin the first book anew: it holds so many rows, and then drops the oldest."""

        async def clear() -> None:
            for sim in self.sims:
                sim.log.clear()

        self.do(clear())

    def open(self) -> None:
        self._thread.start()
        self.do(self._open())

    async def _open(self) -> None:
        for number in (1, 2):
            sim = SimServer(self.clock, os.urandom)
            port = await sim.start()
            self.sims.append(sim)
            self.ports.append(port)
            for letter in DIALECTS:
                self.providers[f"{letter}{number}"] = provider(letter, port)

    def close(self) -> None:
        self.do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        for sim in self.sims:
            await sim.aclose()
