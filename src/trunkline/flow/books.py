"""Closing the books on an attempt and its exchange: usage, cost, status, once."""

from collections.abc import Sequence

from msgspec.structs import replace

from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Attempt, Exchange, Status
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage
from trunkline.dialects.base import ServerDialect
from trunkline.flow.rooms import Rooms
from trunkline.flow.tiers import tier_billed

# No request takes so much: the largest models read ten million tokens.
_MOST_TOKENS = 100_000_000
_PLAIN = 10_000_000


def lacking(told: Usage | None, status: Status, *, writes: bool = True) -> bool:
    """
    Whether an upstream's own count does not say what the client got.

    There is none; or it cannot be true; or the answer broke off, and what was told of its
    output was told before most of it (Anthropic's message_start tells of one token).
    """
    if told is None or status is not Status.OK:
        return True
    if 0 < told.input < _PLAIN and 0 < told.output < _PLAIN:
        return False  # what nearly every answer tells
    return not _credible(told) or (writes and not told.total_output)


def _credible(told: Usage) -> bool:
    return told.total_input > 0 and told.total <= _MOST_TOKENS


def _merged(told: Usage | None, counted: Usage) -> Usage:
    """What was told, as far as it can be believed and goes."""
    if told is None or not _credible(told):
        return counted
    missing = counted.total_output - told.total_output
    return told if missing <= 0 else replace(told, output=told.output + missing)


class Books:
    """One exchange's bookkeeping. Every path out of the flow ends in `close` or `close_later`."""

    __slots__ = ("_exchange", "_rooms", "_server", "_since", "closed")

    def __init__(self, rooms: Rooms, exchange: Exchange, server: ServerDialect | None) -> None:
        """`server`: who reads a request that must be counted here; None for one never estimated."""
        self._rooms = rooms
        self._exchange = exchange
        self._server = server
        self._since = 0.0
        self.closed = False

    def begin(self, attempt: Attempt) -> None:
        """Write the intent; only then may it be sent. Raises LedgerUnavailable."""
        self._since = self._rooms.clock.monotonic()
        self._rooms.ledger.intent(self._exchange, attempt)
        self._exchange.attempts.append(attempt)  # one that was refused was never made

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

    def answered(self, status: Status, usage: Usage | None, error: GatewayError | None) -> bool:
        """
        Fill in the attempt that gave the answer (or what there was of it).

        False where the usage is `lacking`: then nothing is billed yet.
        """
        attempt = self._exchange.attempts[-1]
        attempt.status = status
        attempt.error = error
        attempt.total_ms = (self._rooms.clock.monotonic() - self._since) * 1000
        if usage is None or lacking(usage, status):
            return False
        self._bill(attempt, usage)
        return True

    def paid(self, usage: Usage, *, estimated: bool) -> None:
        """An answer came, or a leg of one, and it is known what it took."""
        attempt = self._exchange.attempts[-1]
        attempt.status = Status.OK
        attempt.total_ms = (self._rooms.clock.monotonic() - self._since) * 1000
        attempt.estimated = estimated
        self._bill(attempt, usage)

    def spoiled(self, error: GatewayError) -> None:
        """The answer of the attempt at hand was none after all, or what should follow it failed."""
        attempt = self._exchange.attempts[-1]
        attempt.status = Status.FAILED
        attempt.error = error

    def next_leg(self) -> None:
        """The attempt at hand gave a part of the answer only: another follows, and is billed, too."""
        self._rooms.ledger.settle(self._exchange, self._exchange.attempts[-1])

    def close(self, status: Status, error: GatewayError | None = None) -> None:
        """
        The last entry. What comes after it is lost money, so it comes once and last.

        `error`: why an attempt that is still under way gave no answer, or why none was made.
        """
        if not self.closed:
            self.closed = True
            exchange = self._exchange
            if exchange.attempts and exchange.attempts[-1].status is None:
                self.answered(status, None, error)
            if error is not None and not exchange.attempts:
                exchange.refused = error.upstream_code or error.code
            exchange.status = status
            try:
                self._rooms.ledger.close(exchange)
            finally:
                if exchange.leased:
                    self._rooms.admission.settle(exchange)

    async def estimate(self, told: Usage | None, delivered: Sequence[str]) -> None:
        """The upstream's count is `lacking`: count what was asked and what was delivered."""
        attempt = self._exchange.attempts[-1]
        try:
            counted = await self._rooms.counter.estimate(
                attempt.deployment, self._request(), delivered
            )
        except Exception as error:  # noqa: BLE001 - a bug of ours must not leave the books open
            self._rooms.log.warning(
                "usage not counted", request=self._exchange.id, error=type(error).__name__
            )
            counted = Usage()
        usage = _merged(told, counted)
        attempt.estimated = usage is not told
        self._bill(attempt, usage)

    def _request(self) -> Request | None:
        request = self._exchange.request
        if request is None and self._server is not None:
            try:
                request = self._server.decode_request(self._exchange.body, self._exchange.headers)
            except GatewayError:
                request = None
        return request

    def close_later(self, status: Status, told: Usage | None, delivered: Sequence[str]) -> None:
        """For a cancelled task, which may not wait: the estimate and the last entry follow."""
        if not self.closed:
            self._rooms.tasks.spawn(
                f"settle {self._exchange.id}", self._estimate_and_close(status, told, delivered)
            )

    async def _estimate_and_close(
        self, status: Status, told: Usage | None, delivered: Sequence[str]
    ) -> None:
        await self.estimate(told, delivered)
        self.close(status)

    def _bill(self, attempt: Attempt, usage: Usage) -> None:
        rooms = self._rooms
        attempt.usage = usage
        attempt.cost_nanousd, attempt.price_version = rooms.pricer.cost(
            attempt.deployment, usage, attempt.started_at, tier_billed(self._exchange, usage)
        )
