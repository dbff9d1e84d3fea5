"""Tests of storage/sql/requests.py: the log of requests, page by page."""

import pytest

from tests.storage.rows import NOON_MICROS, batch, request
from tests.storage.sql.books import run
from trunkline.storage.records import RequestQuery
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.ledger import SqlLedgerStore

ROWS = (
    request(1, status="ok", provider="openai"),
    request(2, status="ok", provider="azure", model="maxi", session="s1"),
    request(3, status="partial", tenant="acme", key_id="key2", user_id="ann"),
    # Received in the same microsecond as the third.
    request(4, received_at=NOON_MICROS + 3),
)


def listed(database: Database, **asked: object) -> list[str]:
    async def work(ledger: SqlLedgerStore) -> list[str]:
        await ledger.apply(batch(ROWS))
        query = {"start": 0, "end": 2 * NOON_MICROS, "most": 10, **asked}
        return [row.request_id for row in await ledger.find(RequestQuery(**query))]

    return run(database, work)


@pytest.mark.parametrize(
    ("asked", "expected"),
    (
        ({}, [4, 3, 2, 1]),
        ({"most": 2}, [4, 3]),
        ({"before": (NOON_MICROS + 3, "req_4")}, [3, 2, 1]),
        ({"before": (NOON_MICROS + 2, "req_2")}, [1]),
        ({"start": NOON_MICROS + 2, "end": NOON_MICROS + 3}, [2]),
        ({"tenant": "acme"}, [3]),
        ({"key_id": "key1", "status": "ok"}, [2, 1]),
        ({"user": "ann"}, [3]),
        ({"model": "maxi"}, [2]),
        ({"provider": "openai"}, [1]),
        ({"status": "open"}, [4]),
        ({"session": "s1"}, [2]),
        ({"model": "x' OR '1'='1"}, []),
    ),
)
def test_the_newest_come_first(
    database: Database, asked: dict[str, object], expected: list[int]
) -> None:
    """Narrowed by each filter; a page goes on behind the last one that was seen."""
    assert [f"req_{number}" for number in expected] == listed(database, **asked)


def test_rows_come_back_as_they_were_written(database: Database) -> None:
    """Every field."""

    async def work(ledger: SqlLedgerStore) -> bool:
        await ledger.apply(batch(ROWS))
        found = await ledger.find(RequestQuery(start=0, end=2 * NOON_MICROS, most=9))
        return list(found) == sorted(ROWS, key=lambda row: row.request_id, reverse=True)

    assert run(database, work)
