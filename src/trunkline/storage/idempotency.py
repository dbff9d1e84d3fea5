"""
The seam to what was asked under an Idempotency-Key: who is at it, and what was answered.

All workers, and all machines that share a database, see the same.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from trunkline.canon.exchange import Headers


class Ask(Struct, frozen=True):
    """One request that carries such a key."""

    scope: bytes
    """A digest of whose key it is: tenant, virtual key, path, and the key itself."""
    fingerprint: bytes
    """A digest of what is asked."""
    request_id: str
    """Of this request; unique."""


class KeptAnswer(Struct, frozen=True):
    status: int
    headers: Headers
    body: bytes | None
    """None: too large to be kept."""
    streamed: bool = False


class Found(Struct, frozen=True):
    """What an earlier request under the same key has come to."""

    fingerprint: bytes
    answer: KeptAnswer | None
    """None: it is under way."""


class IdempotencyStore(Protocol):
    """Times are Unix microseconds. Every method raises LedgerUnavailable, as in storage/base.py."""

    async def claim(self, ask: Ask, now: int, until: int, expires: int) -> Found | None:
        """
        None: it is this request's to run, held until `until`. Of many at once one gets None.

        A claim that is held no longer is nobody's: whoever made it has died.
        """

    async def finish(self, ask: Ask, answer: KeptAnswer, expires: int) -> bool:
        """Keep the answer until `expires`; False where it is another request's by now."""

    async def release(self, ask: Ask) -> None:
        """Nothing came of it: the next to ask runs it."""

    async def hold(self, asks: Sequence[Ask], until: int) -> None:
        """They are still under way."""

    async def expire(self, now: int) -> int:
        """Drop some that are too old; how many, 0 once all are gone."""

    async def aclose(self) -> None: ...
