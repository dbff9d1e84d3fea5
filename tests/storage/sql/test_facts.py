"""Tests of storage/sql/facts.py: what happened stands in the outbox, with what it changed."""

import pytest
from msgspec.structs import replace

from tests.storage.sql.holders import KEY, SUBSCRIPTION, Stores, Tell, run
from trunkline.canon.errors import Forbidden
from trunkline.storage.sql.database import Database, Session

ENDPOINT = """
INSERT INTO webhook_endpoints
    (id, tenant, face, url, secret, enabled, disabled_because, created_at)
VALUES ('whe_1', 'acme', 'keyplex', 'https://example.com', ?, 1, '', 1)
"""


def listen(session: Session) -> None:
    """Somebody hears of everything of that tenant."""
    session.run(ENDPOINT, (b"secret",))
    session.run("INSERT INTO webhook_subscriptions (endpoint, type) VALUES ('whe_1', '*')")


def told(session: Session) -> list[tuple[object, ...]]:
    return session.all("SELECT type, tenant FROM webhook_events ORDER BY created_at, type")


def test_what_happened_is_told_with_the_change(database: Database) -> None:
    """Keys made and revoked, subscriptions renewed and over."""

    async def work(stores: Stores) -> list[tuple[object, ...]]:
        await database.write(listen)
        renewed, expired = Tell("subscription.renewed"), Tell("subscription.expired")
        await stores.keys.add(KEY, Tell())
        await stores.subscriptions.add(SUBSCRIPTION)
        # Event ids are unique: each Tell counts from one.
        renewed.told = ["", ""]
        expired.told = ["", "", ""]
        await stores.subscriptions.amend("sub_1", lambda old: replace(old, period_end=30), renewed)
        await stores.subscriptions.lapse(30, expired)
        return await database.read(told)

    assert [
        ("api_key.created", "acme"),
        ("subscription.renewed", "acme"),
        ("subscription.expired", "acme"),
    ] == run(database, work)


def test_what_did_not_happen_is_not_told(database: Database) -> None:
    """A key that another refused to make leaves no event behind."""

    async def work(stores: Stores) -> list[tuple[object, ...]]:
        await database.write(listen)
        with pytest.raises(Forbidden):
            await stores.keys.add(replace(KEY, created_by="nobody"), Tell())
        return await database.read(told)

    assert [] == run(database, work)
