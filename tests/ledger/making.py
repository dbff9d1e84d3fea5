"""Exchanges, clocks and disks for the ledger's tests."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError, Overloaded
from trunkline.canon.exchange import Attempt, Exchange, Principal, Status
from trunkline.canon.usage import Usage
from trunkline.ledger.disk import SystemDisk

NOON = 1_795_262_400.0
"""2026-11-21 12:00:00 UTC."""


class FakeClock:
    """Stands still until it is told otherwise."""

    def __init__(self, unix: float = NOON) -> None:
        self.now = unix

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - NOON + 1000.0


def counting_entropy() -> Callable[[int], bytes]:
    """Never the same twice, and the same in every run."""
    numbers: Iterator[int] = iter(range(1, 1 << 30))
    return lambda size: next(numbers).to_bytes(size, "big")


class FaultyDisk(SystemDisk):
    """A disk that fails when told to, and remembers what was synced."""

    def __init__(self) -> None:
        self.room: int | None = None
        """Bytes that may still be written; None: no limit."""
        self.write_error: int | None = None
        self.truncate_error: int | None = None
        self.create_error: int | None = None
        self.sync_error: int | None = None
        self.syncs = 0
        self.folder_syncs = 0

    def create(self, path: Path) -> int:
        _raise(self.create_error)
        return super().create(path)

    def write(self, descriptor: int, data: bytes, /) -> int:
        _raise(self.write_error)
        if self.room is not None:
            if self.room == 0:
                _raise(errno.ENOSPC)
            data = data[: self.room]
            self.room -= len(data)
        return os.write(descriptor, data)

    def truncate(self, descriptor: int, size: int, /) -> None:
        _raise(self.truncate_error)
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int, /) -> None:
        _raise(self.sync_error)
        self.syncs += 1

    def sync_folder(self, folder: Path) -> None:
        self.folder_syncs += 1


def _raise(code: int | None) -> None:
    if code is not None:
        raise OSError(code, os.strerror(code))


OPENAI = Deployment(
    id="openai/gpt-4o-mini", provider="openai", model="gpt-4o-mini", dialect="openai-chat"
)
AZURE = Deployment(id="azure/gpt", provider="azure", model="gpt", dialect="openai-chat")


def exchange(
    number: int = 1, *, tenant: str = "default", key_id: str = "key1", model: str = "mini"
) -> Exchange:
    return Exchange(
        id=f"req_{number:026d}",
        face="native",
        dialect="openai-chat",
        operation="chat",
        principal=Principal(key_id=key_id, tenant=tenant),
        envelope={},
        model=model,
        stream=True,
        headers={},
        received_at=NOON + number / 1000,
        started=1000.0,
    )


def try_at(asked: Exchange, deployment: Deployment = OPENAI) -> Attempt:
    """The next attempt, already on the exchange's list."""
    attempt = Attempt(len(asked.attempts) + 1, deployment, started_at=asked.received_at + 0.0005)
    asked.attempts.append(attempt)
    return attempt


def fail(attempt: Attempt, error: GatewayError | None = None) -> None:
    attempt.error = error or Overloaded("busy", status=529, code="overloaded_error")
    attempt.status = Status.FAILED
    attempt.total_ms = 3.0


def answer(asked: Exchange, *, cost: int = 1234, status: Status = Status.OK) -> None:
    """The last attempt gave the answer."""
    attempt = asked.attempts[-1]
    attempt.status = asked.status = status
    attempt.first_event_ms = 11.5
    attempt.total_ms = 42.0
    attempt.usage = Usage(input=100, cache_read=20, output=50, reasoning=7)
    attempt.cost_nanousd = cost
    attempt.price_version = "2026-11-01"
    asked.first_content_ms = 12.0
