"""The seam to bodies that are logged: what a client sent and what it got, as text that may be kept."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Body(Struct, frozen=True):
    """One side."""

    text: str
    """Redacted."""
    size: int
    """Bytes there were, before anything was masked or cut."""
    cut: bool = False
    """There was more, which is not kept."""


class LoggedBodies(Struct, frozen=True, kw_only=True):
    request_id: str
    tenant: str
    key_id: str
    received_at: int
    """Unix microseconds."""
    path: str
    request: Body
    answer: Body
    status: int
    """Of HTTP; 0: the client left before there was an answer."""
    streamed: bool = False
    complete: bool = True
    """False: the client left, or the answer was broken off."""


class BodyStore(Protocol):
    """
    They survive a kill once they are written; the last ones before a power cut may be lost.

    Every method raises LedgerUnavailable, as in storage/base.py.
    """

    async def add(self, logged: Sequence[LoggedBodies]) -> None:
        """Those whose id is there already are left as they are."""

    async def get(self, request_id: str) -> LoggedBodies | None: ...
    async def drop(self, before: int) -> int:
        """Forget some received before then (Unix microseconds); how many, 0 once all are gone."""
