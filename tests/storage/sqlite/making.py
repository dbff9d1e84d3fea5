"""Rows and an open store for the tests of SQLite."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tests.ledger.making import NOON, FakeClock
from trunkline.storage.records import AttemptRow, Batch, Position, RequestRow
from trunkline.storage.sqlite.backend import SqliteStorage, open_sqlite

ResultT = TypeVar("ResultT")
NOON_MICROS = int(NOON * 1_000_000)


def with_storage(folder: Path, work: Callable[[SqliteStorage], Awaitable[ResultT]]) -> ResultT:
    """Run `work` on the store in this folder, then close it."""

    async def run() -> ResultT:
        storage = open_sqlite(folder, FakeClock())
        try:
            return await work(storage)
        finally:
            await storage.aclose()

    return asyncio.run(run())


def request(number: int = 1, **changes: object) -> RequestRow:
    fields: dict[str, object] = {
        "request_id": f"req_{number}",
        "tenant": "default",
        "key_id": "key1",
        "face": "native",
        "dialect": "openai-chat",
        "operation": "chat",
        "model": "mini",
        "received_at": NOON_MICROS + number,
        "worker": "w1",
    }
    return RequestRow(**{**fields, **changes})


def attempt(number: int = 1, at: int = 1, **changes: object) -> AttemptRow:
    fields: dict[str, object] = {
        "request_id": f"req_{number}",
        "attempt": at,
        "provider": "openai",
        "model": "gpt-4o-mini",
        "deployment": "openai/gpt-4o-mini",
        "started_at": NOON_MICROS + number,
        "worker": "w1",
    }
    return AttemptRow(**{**fields, **changes})


def batch(
    requests: tuple[RequestRow, ...] = (),
    attempts: tuple[AttemptRow, ...] = (),
    position: Position = Position(1, 100),  # noqa: B008 - frozen
    worker: str = "w1",
) -> Batch:
    return Batch(worker, position, requests, attempts)
