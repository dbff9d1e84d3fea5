"""
How fast usage answers: a month of ten million requests, made up as rollups, asked for by day, key and model.

    python -m bench.usage [--postgres URL] [--runs N]

40 keys, 5 models, 2 providers, 720 hours: 288,000 rows by hour, 12,000 by day, and the requests of
the last, unfinished hour. Without a URL in a new SQLite file; with one in a database that must be
empty, and is filled.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from trunkline.kernel.clock import SystemClock
from trunkline.kernel.ids import ulid
from trunkline.ledger.views import usage_view
from trunkline.storage.postgres.connection import Address
from trunkline.storage.postgres.database import connected
from trunkline.storage.postgres.migrations import migrate
from trunkline.storage.records import Batch, Position, RequestRow, UsageQuery
from trunkline.storage.sql.database import Database, Session
from trunkline.storage.sql.ledger import SqlLedgerStore
from trunkline.storage.sql.rollup import DAY, HOUR, Amounts, Key, write
from trunkline.storage.sqlite.backend import open_sqlite

KEYS, MODELS, PROVIDERS, DAYS = 40, 5, 2, 30
REQUESTS = 10_000_000
START = 1_790_812_800_000_000
"""2026-10-01 00:00:00 UTC."""
END = START + DAYS * DAY

QUESTIONS: tuple[tuple[str, UsageQuery], ...] = (
    ("by day, key, model", UsageQuery(start=START, end=END, group_by=("key", "model", "day"))),
    ("the same, odd edges", UsageQuery(start=START + 7, end=END + HOUR // 2, group_by=("key", "model", "day"))),
    ("by hour", UsageQuery(start=START, end=END, group_by=("hour",))),
    ("by month, provider", UsageQuery(start=START, end=END, group_by=("provider", "month"))),
    ("one key, by day", UsageQuery(start=START, end=END, tenant="t7", key_id="key7", group_by=("day",))),
    ("total", UsageQuery(start=START, end=END)),
)  # fmt: skip


def fill(session: Session, day: int) -> None:
    """One day of rollups."""
    each = REQUESTS // (DAYS * 24 * KEYS * MODELS * PROVIDERS)
    hours: dict[Key, Amounts] = {}
    days: dict[Key, Amounts] = {}
    for key in range(KEYS):
        for place in range(MODELS * PROVIDERS):
            model, provider = divmod(place, PROVIDERS)
            names = (f"t{key % 10}", f"key{key}", "", f"model-{model}", f"provider-{provider}", f"model-{model}", "native", "", "", "ok", 0)  # fmt: skip
            amounts = (each, 900 * each, 100 * each, 0, 0, 300 * each, 50 * each, 0, 0, 7_000_000 * each, 0, 0, 400_000 * each, each, 2_000_000 * each, each, 0)  # fmt: skip
            begins = START + day * DAY
            for hour in range(24):
                hours[(begins + hour * HOUR, *names)] = amounts
            days[(begins, *names)] = tuple(24 * amount for amount in amounts)
    write(session, hours, days)


async def last_hour(ledger: SqlLedgerStore) -> None:
    """Requests behind the month's end, for an edge that is read one by one."""
    count = REQUESTS // (DAYS * 24) // 2
    for first in range(0, count, 512):
        rows = [
            RequestRow(
                request_id="req_" + ulid((END + number * 1000) / 1e6, bytes),
                tenant=f"t{number % 10}", key_id=f"key{number % KEYS}", face="native",
                dialect="openai-chat", operation="chat", model=f"model-{number % MODELS}",
                provider="provider-0", status="ok", received_at=END + number * 1000, input=900,
                output=300, cost_nanousd=7_000_000, first_content_ms=400.0, total_ms=2000.0,
            )
            for number in range(first, min(first + 512, count))
        ]  # fmt: skip
        await ledger.apply(Batch("bench", Position(1, first + 1), rows, ()))


async def measure(name: str, database: Database, runs: int) -> None:
    ledger = SqlLedgerStore(database)
    for day in range(DAYS):
        await database.write(lambda session, day=day: fill(session, day))
    await last_hour(ledger)
    print(
        f"{name}: {REQUESTS:,} requests in {DAYS} days; ms: fastest, median and most of {runs} by the"
        " clock, and the median by this process's processors"
    )
    for question, query in QUESTIONS:
        took, burnt, rows = [], [], 0
        for _ in range(runs):
            began, cpu = time.perf_counter(), time.process_time()
            report = await ledger.usage(query)
            msgspec.json.encode(usage_view(report))
            took.append((time.perf_counter() - began) * 1000)
            burnt.append((time.process_time() - cpu) * 1000)
            rows = len(report.rows)
        print(
            f"  {question:22} {rows:6} rows {min(took):7.1f} {statistics.median(took):7.1f}"
            f" {max(took):7.1f}   cpu {statistics.median(burnt):7.1f}"
        )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", metavar="URL")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    if options.postgres:
        address = Address(options.postgres)
        with address.connect() as connection:
            migrate(connection, time.time())
        database = connected(address, SystemClock())
        await measure("PostgreSQL", database, options.runs)
        await database.aclose()
    else:
        with tempfile.TemporaryDirectory() as folder:
            storage = open_sqlite(Path(folder), SystemClock())
            await measure("SQLite", storage.database, options.runs)
            await storage.aclose()


if __name__ == "__main__":
    asyncio.run(main())
