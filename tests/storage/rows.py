"""The ledger's rows, for the tests of whatever keeps them."""

from tests.ledger.making import NOON
from trunkline.storage.records import AttemptRow, Batch, Position, RequestRow

NOON_MICROS = int(NOON * 1_000_000)
HOUR = 3_600_000_000
DAY = 24 * HOUR


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
