"""The whole gateway on a loopback port before two real simulators, all on the loop of one thread."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvloop
from msgspec import Raw

from tests.faults.books import Books, Ledger, compare
from tests.faults.client import Call, Seen, talk
from trunkline.config.schema import Config, ModelConfig, RoutingConfig, ServerConfig, Target
from trunkline.edge.server import Edge, Listen
from trunkline.kernel.clock import SystemClock
from trunkline.providers.sim.log import Row
from trunkline.providers.sim.server import SimServer
from trunkline.tenancy.service import NewKey
from trunkline.wiring import Gateway, Machine, edge

T = TypeVar("T")

OPENAI, ANTHROPIC = "openai-chat", "anthropic-messages"
DIALECTS = {"o": OPENAI, "a": ANTHROPIC}
# Reached only by a test that fails, however busy the machine is.
PATIENCE = 60.0
# How many requests are under way at once: more would only measure the machine.
_AT_ONCE = 24


def provider(letter: str, port: int, **more: object) -> Mapping[str, object]:
    """A configuration's table: dialect by the letter, prices of the simulator (docs/reference)."""
    version = {"anthropic-version": "2023-06-01"} if letter == "a" else {}
    return {
        "kind": "http",
        "like": "sim",
        "dialect": DIALECTS[letter],
        "base_url": f"http://127.0.0.1:{port}" + ("/v1" if letter == "o" else ""),
        # As a header, since the row of the simulator in the gateway knows no keys.
        "headers": {**version, "authorization": "Bearer sk-upstream-canary-1234567890"},
        **more,
    }


def keyed(letter: str, port: int, *keys: str) -> Mapping[str, object]:
    """One with credentials, for which no price is known."""
    table = provider(letter, port, api_keys=keys, headers={"anthropic-version": "2023-06-01"})
    return {name: value for name, value in table.items() if name != "like"}


class World:
    """
    Providers o1 and a1 are the first simulator in either dialect, o2 and a2 the second.

    Each `call` has a name of its own as the model, so that all three books can be matched by
    it; targets get it as a tag, and with it breakers and counters of their own.
    """

    def __init__(self, data: Path, routing: RoutingConfig | None = None) -> None:
        self.data = data
        self.providers: dict[str, Mapping[str, object]] = {}
        self.models: dict[str, ModelConfig] = {}
        # Everybody may retry: what a retry depends on shall be the fault alone.
        self.routing = routing or RoutingConfig(retry_share=1.0)
        self.server = ServerConfig()
        self.logged: list[str] = []
        self.dice: Callable[[], float] = lambda: 0.0
        """Retries at once, and the first credential's turn."""
        self.clock = SystemClock()
        self.sims: list[SimServer] = []
        self.ports: list[int] = []
        self.port = 0
        self.key = ""
        self.gateway: Gateway
        self.edge: Edge
        self._resent = 0
        self._numbers = iter(range(1, 1_000_000))
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it beside the gateway."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    # -- the configuration ---------------------------------------------------------------

    def config(self) -> tuple[Config, str, str]:
        tables = {name: Raw(msgspec.json.encode(table)) for name, table in self.providers.items()}
        return (
            Config(
                server=self.server, providers=tables, models=self.models, routing=self.routing
            ),
            "",
            "",
        )

    def call(
        self,
        *targets: str | Target,
        dialect: str = OPENAI,
        stream: bool = True,
        tag: str = "",
        **body: object,
    ) -> Call:
        """
        A request with these targets in order, as "o1/sim-echo@fault=u5".

        Calls with the same `tag` share targets, and what the gateway and the simulator
        remember of them.
        """
        name = f"call-{next(self._numbers)}"
        wanted: list[str | Target] = []
        for one in targets:
            target = Target(model=one) if isinstance(one, str) else one
            join = "," if "@" in target.model else "@"
            model = f"{target.model}{join}tag={tag or name}"
            wanted.append(msgspec.structs.replace(target, model=model))
        self.models[name] = ModelConfig(targets=wanted)
        return Call(name, dialect, stream, tag or name, body)

    # -- asking ----------------------------------------------------------------------------

    def ask(self, *calls: Call) -> list[Seen]:
        """All of them, some at a time; what each client saw."""
        return self.do(self.asking(calls))

    async def asking(self, calls: Sequence[Call]) -> list[Seen]:
        await self.gateway.reload()
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(call: Call) -> Seen:
            async with gate:
                return await talk(self.port, self.key, call)

        return await asyncio.gather(*(one(call) for call in calls))

    # -- the other two books -----------------------------------------------------------------

    def arrivals(self) -> list[Row]:
        """Of both simulators, in order of time."""

        async def read() -> list[Row]:
            rows = [row for sim in self.sims for row in sim.log.rows()]
            return sorted(rows, key=lambda row: row.at)

        return self.do(read())

    def ledger(self) -> Ledger:
        """What is written down once nothing is running any more."""

        async def settled() -> None:
            await self.quiet()
            await self.gateway.tasks.finish("settle ")
            await self.gateway.reports.totals()  # which waits until the journal is in the tables

        self.do(settled())
        return Ledger.read(self.data)

    def compare(self, seen: Sequence[Seen], *, unseen: int = 0) -> Books:
        """The three books of these requests; their counts are printed."""
        ledger = self.ledger()
        twice = self._twice()
        books = compare(seen, self.arrivals(), ledger, unseen=unseen, twice=twice)
        print(books)
        return books

    def _twice(self) -> int:
        """How often the transport sent again since the last comparison."""
        before, self._resent = self._resent, self.gateway.transport.statistics().retried
        return self._resent - before

    async def quiet(self) -> None:
        """Return once the gateway runs no request. The poll is bounded by `do`."""
        while self.edge.context.running:
            await asyncio.sleep(0.005)

    # -- life ----------------------------------------------------------------------------------

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
        machine = Machine(environ={}, write_log=self.logged.append, dice=lambda: self.dice())
        self.gateway = Gateway(machine, self.config, self.data)
        await self.gateway.start()
        self.key = (await self.gateway.key_service.create(NewKey(name="faults"))).key
        self.edge = edge(self.gateway, self.server)
        self.port = await self.edge.start(Listen())

    def close(self) -> None:
        self.do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        await self.edge.aclose()
        await self.gateway.aclose()
        for sim in self.sims:
            await sim.aclose()


@contextmanager
def world(data: Path, routing: RoutingConfig | None = None) -> Iterator[World]:
    made = World(data, routing)
    made.open()
    try:
        yield made
    finally:
        made.close()


def impatient(model: str, seconds: float = 0.3) -> Target:
    """A target whose clocks run out soon."""
    return Target(
        model=model,
        first_content_timeout=seconds,
        idle_timeout=seconds,
        answer_timeout=seconds,
    )
