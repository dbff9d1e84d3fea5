"""An open store for the tests of SQLite."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tests.ledger.making import FakeClock
from trunkline.storage.sqlite.backend import SqliteStorage, open_sqlite

ResultT = TypeVar("ResultT")


def with_storage(folder: Path, work: Callable[[SqliteStorage], Awaitable[ResultT]]) -> ResultT:
    """Run `work` on the store in this folder, then close it."""

    async def run() -> ResultT:
        storage = open_sqlite(folder, FakeClock())
        try:
            return await work(storage)
        finally:
            await storage.aclose()

    return asyncio.run(run())
