"""Tests of storage/sql/versions.py: one number for everybody who may call."""

import asyncio

import pytest

from trunkline.storage.sql.database import Database, Session
from trunkline.storage.sql.versions import changed, version


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
