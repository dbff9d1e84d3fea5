"""Every service of tenancy over one database, with the keyring of its process."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.ledger.making import FakeClock
from tests.tenancy.making import MAC, entropy
from trunkline.canon.errors import Forbidden, Unauthenticated
from trunkline.storage.sql.database import Session
from trunkline.storage.sql.subscriptions import SqlSubscriptionStore
from trunkline.storage.sql.tenants import SqlTenantStore
from trunkline.storage.sqlite.backend import SqliteStorage, open_sqlite
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.keyring import Keyring
from trunkline.tenancy.service import KeyService
from trunkline.tenancy.subscriptions import SubscriptionService
from trunkline.tenancy.tenants import TenantService

_LISTENER = """
INSERT INTO webhook_endpoints
    (id, tenant, face, url, secret, enabled, disabled_because, created_at)
VALUES ('whe_1', '*', 'native', 'https://example.com', ?, 1, '', 1)
"""


class Office:
    def __init__(self, storage: SqliteStorage) -> None:
        self.database = storage.database
        self.clock = FakeClock()
        self.ring = Keyring(MAC)
        self.follower = KeyringFollower(self.ring, storage.keys, pytest.fail)
        common = (self.clock, entropy(), self.follower)
        self.keys = KeyService(storage.keys, MAC, *common)
        self.tenants = TenantService(SqlTenantStore(self.database), self.clock, self.follower)
        self.subscriptions = SubscriptionService(SqlSubscriptionStore(self.database), *common)

    def says(self, key: str) -> str:
        """What whoever comes with this key is told."""
        try:
            self.ring.authenticate(key, self.clock.unix())
        except (Unauthenticated, Forbidden) as error:
            return error.upstream_code or error.code
        return "welcome"

    async def listen(self) -> None:
        """Events are kept from now on."""

        def work(session: Session) -> None:
            session.run(_LISTENER, (b"secret",))
            session.run("INSERT INTO webhook_subscriptions (endpoint, type) VALUES ('whe_1', '*')")

        await self.database.write(work)

    async def told(self) -> list[str]:
        """The events so far."""
        rows = await self.database.read(
            lambda session: session.all("SELECT type FROM webhook_events ORDER BY created_at, id")
        )
        return [str(row[0]) for row in rows]


def within(folder: Path, work: Callable[[Office], Awaitable[None]]) -> None:
    async def main() -> None:
        storage = open_sqlite(folder, FakeClock())
        try:
            await work(Office(storage))
        finally:
            await storage.aclose()

    asyncio.run(main())
