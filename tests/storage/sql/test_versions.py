"""Tests of storage/sql/versions.py: one number for everybody who may call."""

import asyncio

import pytest

from trunkline.storage.sql.database import Database, Row, Session
from trunkline.storage.sql.versions import (
    KEPT,
    changed,
    of_key,
    of_subscription,
    of_tenant,
    of_user,
    version,
)


def test_the_version_grows_with_the_change_it_tells_of(database: Database) -> None:
    """Where the change is taken back, so is its number."""

    def fail(session: Session) -> None:
        changed(session)
        raise ZeroDivisionError

    async def work() -> list[int]:
        versions = [await database.read(version)]
        await database.write(changed)
        versions.append(await database.read(version))
        with pytest.raises(ZeroDivisionError):
            await database.write(fail)
        return [*versions, await database.read(version)]

    assert [1, 2, 2] == asyncio.run(work())


def test_a_version_says_what_it_changed(database: Database) -> None:
    """Each thing once, with its number; the last ones are kept."""
    rows = "SELECT version, kind, tenant, name FROM holder_changes ORDER BY version, kind, name"

    def change(session: Session) -> None:
        changed(session, of_key("k"), of_tenant("t"), of_key("k"))
        changed(session, of_user("t", "ann"), of_subscription("s"))

    async def work() -> list[list[Row]]:
        await database.write(change)
        told = [await database.read(lambda session: session.all(rows))]
        for _ in range(KEPT):
            await database.write(changed)
        return [*told, await database.read(lambda session: session.all(rows))]

    assert [
        [(2, "key", "", "k"), (2, "tenant", "", "t"), (3, "subscription", "", "s"), (3, "user", "t", "ann")],
        [],
    ] == asyncio.run(work())  # fmt: skip
