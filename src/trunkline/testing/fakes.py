"""Fakes for every seam, shipped so that extensions can be tested as the house tests itself."""

from collections.abc import Callable, Sequence

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import LedgerUnavailable
from trunkline.canon.exchange import Attempt, Exchange, Headers
from trunkline.canon.request import Request
from trunkline.canon.usage import Usage, UsageBound


class ManualClock:
    """A clock that moves when it is told to."""

    def __init__(self, unix: float = 1_795_000_000.0) -> None:
        self._unix = unix
        self._monotonic = 1000.0

    def monotonic(self) -> float:
        return self._monotonic

    def unix(self) -> float:
        return self._unix

    def advance(self, seconds: float) -> None:
        self._monotonic += seconds
        self._unix += seconds

    def step(self, seconds: float) -> None:
        """Somebody sets the clock, forward or back: no time has passed."""
        self._unix += seconds


class FakeReply:
    """The edge's side of an answer: keeps what was written, and when it was closed how."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = ()
        self.written: list[bytes] = []
        self.closed = ""
        """ "whole", "end" or "abort"; empty while open."""
        self.started = False
        self.draining = False
        self.crowded = False
        self.on_write: Callable[[bytes], None] | None = None

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._open(status, headers)
        self.written.append(body)
        self.closed = "whole"

    def start(self, status: int, headers: Headers) -> None:
        self._open(status, headers)

    def write(self, data: bytes) -> None:
        if self.closed:
            raise AssertionError(f"a write after {self.closed}")
        self.written.append(data)
        if self.on_write is not None:
            self.on_write(data)

    async def drain(self) -> None:
        return

    def end(self, last: bytes = b"") -> None:
        if last:
            self.write(last)
        self.closed = "end"

    def abort(self) -> None:
        self.closed = "abort"

    @property
    def body(self) -> bytes:
        return b"".join(self.written)

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)

    def _open(self, status: int, headers: Headers) -> None:
        if self.started:
            raise AssertionError("a second head")
        self.started = True
        self.status, self.headers = status, headers


class ListLedger:
    """Books kept in a list: ("intent" | "settle" | "close", request id, attempt number, status)."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, int, str | None]] = []
        self.full = False
        """No intent can be written."""

    def intent(self, exchange: Exchange, attempt: Attempt) -> None:
        if self.full:
            raise LedgerUnavailable("no room")
        self.entries.append(("intent", exchange.id, attempt.number, None))

    def settle(self, exchange: Exchange, attempt: Attempt) -> None:
        status = attempt.status.value if attempt.status else None
        self.entries.append(("settle", exchange.id, attempt.number, status))

    def close(self, exchange: Exchange) -> None:
        status = exchange.status.value if exchange.status else None
        self.entries.append(("close", exchange.id, len(exchange.attempts), status))

    async def durable(self) -> None:
        return


class FlatPricer:
    """Every token costs the same."""

    def __init__(self, nano_per_token: int = 1000) -> None:
        self._rate = nano_per_token

    def cost(
        self, deployment: Deployment, usage: Usage, unix: float, tier: str | None = None
    ) -> tuple[int, str]:
        return usage.total * self._rate, "flat"

    def bound(
        self, deployment: Deployment, most: UsageBound, unix: float, tier: str | None = None
    ) -> int | None:
        """None for a deployment without `price_model`."""
        return None if deployment.price_model is None else (most.read + most.written) * self._rate


class LetterCounter:
    """One token for every letter delivered, and one for the request."""

    async def estimate(
        self, deployment: Deployment, request: Request | None, delivered: Sequence[str]
    ) -> Usage:
        return Usage(input=1, output=sum(map(len, delivered)))

    async def text(self, model: str, tokens: Sequence[int]) -> str | None:
        """Code points, whatever the model: beyond those, none."""
        return "".join(map(chr, tokens)) if max(tokens) <= 0x10FFFF else None
