"""The ledger as the flow sees it: every moment of an attempt becomes one record in the journal."""

from trunkline.canon.exchange import Attempt, Exchange, Status
from trunkline.kernel.clock import Clock
from trunkline.ledger.base import Ledger
from trunkline.ledger.entries import Entry, answered, asked, begun, encode, settled, soundly
from trunkline.ledger.journal import Journal
from trunkline.ledger.syncing import GroupSync


class Book:
    """Intent about 2.5 µs, close about 3 µs, of which the write is 1.3 (measured 2026-11-21)."""

    __slots__ = ("_clock", "_journal", "_sync")

    def __init__(self, journal: Journal, clock: Clock, sync: GroupSync | None) -> None:
        """`sync` None: durable in the face of SIGKILL, not of a power cut."""
        self._journal = journal
        self._clock = clock
        self._sync = sync

    def intent(self, exchange: Exchange, attempt: Attempt) -> None:
        tried = begun(attempt, exchange.id)
        entry = asked(exchange, tried) if attempt.number == 1 else tried
        self._journal.append(_encode(entry))

    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        entry = settled(attempt, exchange.id, Status.FAILED.value)
        self._journal.append_or_hold(_encode(entry))

    def close(self, exchange: Exchange) -> None:
        status = Status.FAILED.value if exchange.status is None else exchange.status.value
        attempts = exchange.attempts
        tried = settled(attempts[-1], exchange.id, status) if attempts else None
        total_ms = (self._clock.monotonic() - exchange.started) * 1000
        self._journal.append_or_hold(_encode(answered(exchange, tried, status, total_ms)))

    async def durable(self) -> None:
        """Also raises LedgerUnavailable where entries are still waiting for the disk."""
        if self._journal.troubled:
            self._journal.recover()
        if self._sync is not None:
            await self._sync.wait()

    def __repr__(self) -> str:
        return f"<Book in {self._journal!r}>"


def _encode(entry: Entry) -> bytes:
    try:
        return encode(entry)
    except (OverflowError, UnicodeError):
        # An upstream that reports 10^30 tokens must not cost the record of its answer.
        return encode(soundly(entry))


def _guard(book: Book) -> Ledger:
    """Never called: a type error of the implementation shows here, in its own file."""
    return book
