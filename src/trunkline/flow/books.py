"""Closing the books on an attempt and its exchange: usage, cost, status, once."""

from collections.abc import Sequence

from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Attempt, Exchange, Status
from trunkline.canon.usage import Usage
from trunkline.dialects.base import ServerDialect
from trunkline.flow.rooms import Rooms

_TIERS = {b'"flex"': "flex", b'"priority"': "priority"}


class Books:
    """One exchange's bookkeeping. Every path out of the flow ends in `close` or `close_later`."""

    __slots__ = ("_exchange", "_rooms", "_server", "_since", "closed")

    def __init__(self, rooms: Rooms, exchange: Exchange, server: ServerDialect) -> None:
        self._rooms = rooms
        self._exchange = exchange
        self._server = server
        self._since = 0.0
        self.closed = False

    def begin(self, attempt: Attempt) -> None:
        """Write the intent; only then may it be sent. Raises LedgerUnavailable."""
        self._since = self._rooms.clock.monotonic()
        self._exchange.attempts.append(attempt)
        self._rooms.ledger.intent(self._exchange, attempt)

    def first_content(self, attempt: Attempt) -> None:
        now = self._rooms.clock.monotonic()
        attempt.first_event_ms = (now - self._since) * 1000
        self._exchange.first_content_ms = (now - self._exchange.started) * 1000

    def failed(self, attempt: Attempt, error: GatewayError) -> None:
        """It failed before any content: nothing is billed, and another may follow."""
        attempt.error = error
        attempt.status = Status.FAILED
        attempt.total_ms = (self._rooms.clock.monotonic() - self._since) * 1000
        self._rooms.ledger.settle(self._exchange, attempt)

    def answered(self, status: Status, usage: Usage | None, error: GatewayError | None) -> None:
        """Fill in the attempt that gave the answer (or what there was of it)."""
        attempt = self._exchange.attempts[-1]
        attempt.status = status
        attempt.error = error
        attempt.total_ms = (self._rooms.clock.monotonic() - self._since) * 1000
        if usage is not None:
            self._bill(attempt, usage)

    def close(self, status: Status) -> None:
        """The last entry. What comes after it is lost money, so it comes once and last."""
        if not self.closed:
            self.closed = True
            self._exchange.status = status
            self._rooms.ledger.close(self._exchange)

    async def estimate(self, delivered: Sequence[str]) -> None:
        """The upstream said nothing of usage: count what was asked and what was delivered."""
        attempt = self._exchange.attempts[-1]
        attempt.estimated = True
        request = self._exchange.request
        if request is None:
            try:
                request = self._server.decode_request(self._exchange.body, self._exchange.headers)
            except GatewayError:
                request = None
        usage = await self._rooms.counter.estimate(attempt.deployment, request, delivered)
        self._bill(attempt, usage)

    def close_later(self, status: Status, delivered: Sequence[str]) -> None:
        """For a cancelled task, which may not wait: the estimate and the last entry follow."""
        if not self.closed:
            self._rooms.tasks.spawn(
                f"settle {self._exchange.id}", self._estimate_and_close(status, delivered)
            )

    async def _estimate_and_close(self, status: Status, delivered: Sequence[str]) -> None:
        await self.estimate(delivered)
        self.close(status)

    def _bill(self, attempt: Attempt, usage: Usage) -> None:
        rooms = self._rooms
        attempt.usage = usage
        attempt.cost_nanousd, attempt.price_version = rooms.pricer.cost(
            attempt.deployment, usage, attempt.started_at, _tier(self._exchange)
        )


def _tier(exchange: Exchange) -> str | None:
    """The service tier the client asked for, where it is one that may have a price of its own."""
    raw = exchange.envelope.get("service_tier")
    return None if raw is None else _TIERS.get(bytes(raw))
