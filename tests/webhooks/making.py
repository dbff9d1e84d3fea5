"""A database with endpoints in it, a clock, and senders that need no network."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.ledger.making import FakeClock
from trunkline.kernel.tasks import Tasks
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.deliveries import DELIVERED, PENDING, Claimed, DeliveryStore, Outcome
from trunkline.storage.sql.webhooks import Endpoint
from trunkline.storage.sqlite.backend import open_sqlite
from trunkline.webhooks.addresses import Guard
from trunkline.webhooks.deliverer import Deliverer
from trunkline.webhooks.secrets import Secrets
from trunkline.webhooks.service import NewEndpoint, Webhooks
from trunkline.webhooks.vault import AesGcmVault
from trunkline.webhooks.views import SecretView

ResultT = TypeVar("ResultT")
SECRET = "whsec_" + "QUJD" * 8
URL = "https://hooks.example.com/in?token=t0p"


def entropy() -> Callable[[int], bytes]:
    count = 0

    def take(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(b"webhooks %d" % count).digest(size)

    return take


def with_database(folder: Path, work: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
    async def run() -> ResultT:
        async with asyncio.timeout(60):
            storage = open_sqlite(folder, FakeClock())
            try:
                return await work(storage.database)
            finally:
                await storage.aclose()

    return asyncio.run(run())


def endpoint(name: str = "a", **changes: object) -> Endpoint:
    fields: dict[str, object] = {
        "id": f"whe_{name}",
        "tenant": "acme",
        "face": "native",
        "url": URL,
        "secret": b"sealed",
        "types": ("api_key.created",),
        "created_at": 1,
    }
    return Endpoint(**{**fields, **changes})


class FakeSender:
    """Answers as told, by endpoint; what is not told is taken at once."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.seen: list[Claimed] = []
        self.statuses: dict[str, str] = {}
        self.held: dict[str, asyncio.Event] = {}
        self.pause_us = 5_000_000
        self.disable: set[str] = set()

    async def attempt(self, claimed: Claimed) -> Outcome:
        self.seen.append(claimed)
        of = claimed.endpoint.id
        if of in self.held:
            await self.held[of].wait()
        status = self.statuses.get(of, DELIVERED)
        now = int(self.clock.unix() * 1_000_000)
        return Outcome(
            id=claimed.id,
            claim=claimed.claim,
            status=status,
            next_at=now + self.pause_us,
            answered=200 if status == DELIVERED else 500,
            error="" if status == DELIVERED else "answered 500",
            took_ms=1.0,
            ended_at=None if status == PENDING else now,
            disable=of if of in self.disable else "",
        )


class Bench:
    """A service and a deliverer over one database."""

    def __init__(self, database: Database, *, allow_private: bool = False) -> None:
        self.clock = FakeClock()
        self.problems: list[str] = []
        self.nudges = 0
        take = entropy()
        self.secrets = Secrets(AesGcmVault(b"k" * 32, take))
        self.sender = FakeSender(self.clock)
        self.store = DeliveryStore(database)
        self.tasks = Tasks(lambda name, error: self.problems.append(f"{name}: {error!r}"))
        self.deliverer = self.another()
        self.service = Webhooks(
            database,
            Guard(allow_private=allow_private),
            self.secrets,
            self.clock,
            take,
            self._nudge,
        )

    def another(self) -> Deliverer:
        """As another process has it."""
        take = entropy()
        number = id(take)
        return Deliverer(
            self.store,
            self.sender,
            self.clock,
            lambda: f"{number}{take(8).hex()}",
            self.tasks,
            self.problems.append,
        )

    def _nudge(self) -> None:
        self.nudges += 1

    async def endpoint(self, tenant: str = "acme", **changes: object) -> SecretView:
        fields: dict[str, object] = {
            "tenant": tenant,
            "face": "native",
            "url": URL,
            "events": ("api_key.created",),
        }
        return await self.service.create(NewEndpoint(**{**fields, **changes}))

    async def tell(self, count: int = 1, tenant: str = "acme") -> None:
        for number in range(count):
            await self.service.emit(tenant, "api_key.created", {"number": number})

    async def deliver(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            await self.deliverer.round()
            await self.deliverer.idle()

    def sent(self) -> Sequence[str]:
        return [claimed.id for claimed in self.sender.seen]
