"""The seam to the books: what the flow tells the ledger about every attempt."""

from typing import Protocol

from trunkline.canon.exchange import Attempt, Exchange


class Ledger(Protocol):
    """
    Every attempt is written down before it is dispatched and settled before its last byte leaves.

    All three are a buffered append, not a wait; they raise LedgerUnavailable when the
    journal cannot take the entry, and then nothing may be dispatched.
    """

    def intent(self, exchange: Exchange, attempt: Attempt) -> None:
        """About to send: who, where to, since when."""

    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        """An attempt that failed, or gave only a leg of the answer, and is followed by another."""

    def close(self, exchange: Exchange) -> None:
        """The exchange is over: its status and its last attempt, in one entry. Once only."""

    async def durable(self) -> None:
        """
        Return once everything written so far would survive what `ledger.durability` names.

        "process": at once. "power": after the next group's fdatasync.
        """
