"""A ledger over whichever database a test is run with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore

ResultT = TypeVar("ResultT")


def run(database: Database, work: Callable[[SqlLedgerStore], Awaitable[ResultT]]) -> ResultT:
    async def main() -> ResultT:
        return await work(SqlLedgerStore(database))

    return asyncio.run(main())
