"""The whole gateway on a loopback port before two real simulators, all on the loop of one thread."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Raw

from tests.faults.books import Books, Ledger, compare
from tests.faults.client import Call, Seen, talk
from tests.faults.simulators import OPENAI, Simulators, until
from trunkline.config.schema import Config, ModelConfig, RoutingConfig, ServerConfig, Target
from trunkline.edge.server import Edge, Listen
from trunkline.tenancy.wishes import NewKey
from trunkline.wiring.gateway import Gateway
from trunkline.wiring.machine import Machine
from trunkline.wiring.serving import edge

W = TypeVar("W", bound=Simulators)

# How many requests are under way at once: more would only measure the machine.
_AT_ONCE = 24


class World(Simulators):
    """
    Providers o1 and a1 are the first simulator in either dialect, o2 and a2 the second.

    Each `call` has a name of its own as the model, so that all three books can be matched by
    it; targets get it as a tag, and with it breakers and counters of their own.
    """

    def __init__(self, data: Path, routing: RoutingConfig | None = None) -> None:
        super().__init__()
        self.data = data
        self.models: dict[str, ModelConfig] = {}
        # Everybody may retry: what a retry depends on shall be the fault alone.
        self.routing = routing or RoutingConfig(retry_share=1.0)
        self.server = ServerConfig()
        self.logged: list[str] = []
        self.dice: Callable[[], float] = lambda: 0.0
        """Retries at once, and the first credential's turn; may be replaced at any time."""
        self.port = 0
        self.key = ""
        self.gateway: Gateway
        self.edge: Edge
        self._resent = 0
        self._numbers = iter(range(1, 1_000_000))

    # -- the configuration ---------------------------------------------------------------

    def config(self) -> tuple[Config, str, str]:
        tables = {name: Raw(msgspec.json.encode(table)) for name, table in self.providers.items()}
        return (
            Config(server=self.server, providers=tables, models=self.models, routing=self.routing),
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

    def settle(self) -> None:
        """Return once nothing is running any more, and all is written down."""

        async def settled() -> None:
            await self.quiet()
            await self.gateway.tasks.finish("settle ")
            await self.gateway.reports.totals()  # which waits until the journal is in the tables

        self.do(settled())

    def ledger(self) -> Ledger:
        """What is written down once nothing is running any more."""
        self.settle()
        return Ledger.read(self.data)

    def compare(self, seen: Sequence[Seen], *, unseen: int = 0) -> Books:
        """The three books of these requests; their counts are printed."""
        ledger = self.ledger()
        twice = self._twice()
        books = compare(seen, self.arrivals(), ledger, unseen=unseen, twice=twice)
        sys.stdout.write(f"{books}\n")
        return books

    def _twice(self) -> int:
        """How often the transport sent again since the last comparison."""
        before, self._resent = self._resent, self.gateway.transport.statistics().retried
        return self._resent - before

    async def quiet(self) -> None:
        """Return once the gateway runs no request."""
        await until(lambda: not self.edge.context.running)

    # -- life ----------------------------------------------------------------------------------

    def build(self, machine: Machine) -> Gateway:
        """Tests of the tests build one with a bug."""
        return Gateway(machine, self.config, self.data)

    def _dice(self) -> float:
        return self.dice()

    async def _open(self) -> None:
        await super()._open()
        machine = Machine(environ={}, write_log=self.logged.append, dice=self._dice)
        self.gateway = self.build(machine)
        await self.gateway.start()
        self.key = (await self.gateway.key_service.create(NewKey(name="faults"))).key
        self.edge = edge(self.gateway, self.server)
        self.port = await self.edge.start(Listen())

    async def _close(self) -> None:
        await self.edge.aclose()
        await self.gateway.aclose()
        await super()._close()


@contextmanager
def world(data: Path, routing: RoutingConfig | None = None) -> Iterator[World]:
    with opened(World(data, routing)) as made:
        yield made


@contextmanager
def opened(town: W) -> Iterator[W]:
    town.open()
    try:
        yield town
    finally:
        town.close()


def impatient(model: str, seconds: float = 0.3) -> Target:
    """A target whose clocks run out soon."""
    return Target(
        model=model,
        first_content_timeout=seconds,
        idle_timeout=seconds,
        answer_timeout=seconds,
    )
