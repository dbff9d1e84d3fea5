"""
A process that delivers webhooks as fast as it can until it is killed.

Run as a program: data folder or postgresql://..., honest | eager. `eager` is the planted bug: what
is claimed is written down as delivered before it is sent.
"""

import asyncio
import os
import random  # noqa: TID251 - for spreading load
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from trunkline.kernel.clock import SystemClock
from trunkline.kernel.tasks import Tasks
from trunkline.storage.postgres.connection import Address
from trunkline.storage.postgres.database import connected
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.deliveries import DELIVERED, Claimed, DeliveryStore, Outcome
from trunkline.storage.sqlite.backend import open_sqlite
from trunkline.transport.tls import client_context
from trunkline.webhooks.room import House, WebhookRoom
from trunkline.webhooks.schedule import Pace
from trunkline.webhooks.vault import AesGcmVault

# Short, so that a kill hits every part of the work and nobody waits for three days; long enough a
# list that a receiver which fails often is asked until it takes an event.
PACE = Pace(timeout=1.0, lease=2.0, look=0.05, pauses=(0.02, 0.05, 0.1, 0.2, *(0.5,) * 60))


@asynccontextmanager
async def opened(where: str) -> AsyncIterator[Database]:
    if where.startswith("postgresql://"):
        database = connected(Address(where), SystemClock())
        yield database
        await database.aclose()
    else:
        storage = open_sqlite(Path(where), SystemClock())
        yield storage.database
        await storage.aclose()


def room(database: Database, tasks: Tasks) -> WebhookRoom:
    house = House(
        database=database,
        vault=AesGcmVault(b"k" * 32, os.urandom),
        clock=SystemClock(),
        entropy=os.urandom,
        dice=random.random,
        tasks=tasks,
        tls=lambda _: client_context(),
        on_problem=lambda problem: sys.stderr.write(problem + "\n"),
        allow_private=True,
    )
    return WebhookRoom(house, PACE)


class Eager:
    """Writes the outcome down first."""

    def __init__(self, store: DeliveryStore, sender: object) -> None:
        self._store = store
        self._sender = sender

    async def attempt(self, claimed: Claimed) -> Outcome:
        before = Outcome(
            id=claimed.id,
            claim=claimed.claim,
            status=DELIVERED,
            next_at=0,
            answered=200,
            error="",
            took_ms=0.0,
            ended_at=1,
        )
        await self._store.finish([before])
        return await self._sender.attempt(claimed)


async def deliver(where: str, manner: str) -> None:
    async with opened(where) as database:
        made = room(database, Tasks(lambda name, error: sys.stderr.write(f"{name}: {error!r}\n")))
        if manner == "eager":
            made._deliverer._sender = Eager(DeliveryStore(database), made._deliverer._sender)
        made.start(dict)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(deliver(sys.argv[1], sys.argv[2]))
