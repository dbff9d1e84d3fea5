"""One attempt to deliver: from a claimed delivery to what came of it."""

import asyncio
import contextlib

from trunkline.canon.errors import (
    Disconnected,
    Garbled,
    GatewayError,
    Malformed,
    TimedOut,
    Unreachable,
)
from trunkline.kernel.clock import Clock
from trunkline.storage.sql.deliveries import DEAD, DELIVERED, PENDING, Claimed, Outcome
from trunkline.transport.base import Timeouts, Transport, UpstreamRequest, UpstreamResponse
from trunkline.webhooks.addresses import Guard, NotPublic
from trunkline.webhooks.payload import Told, for_whom, rendered
from trunkline.webhooks.schedule import Dice, Pace, pause_after
from trunkline.webhooks.secrets import Secrets

# Of an answer's body, so that the connection can be used again; nobody gets to see it.
_MOST_BODY = 64 << 10
_GONE = 410


class Sender:
    def __init__(
        self,
        transport: Transport,
        guard: Guard,
        secrets: Secrets,
        clock: Clock,
        dice: Dice,
        pace: Pace = Pace(),  # noqa: B008 - frozen
    ) -> None:
        """`transport`: one that resolves by `guard`, without a proxy: it would resolve for us."""
        self._transport = transport
        self._guard = guard
        self._secrets = secrets
        self._clock = clock
        self._dice = dice
        self._pace = pace

    async def attempt(self, claimed: Claimed) -> Outcome:
        """Raises nothing but what cancels it."""
        begun = self._clock.monotonic()
        status, error = await self._ask(claimed)
        took_ms = (self._clock.monotonic() - begun) * 1000
        now = int(self._clock.unix() * 1_000_000)
        ends = now
        next_at = now
        if status is not None and 200 <= status < 300:
            outcome = DELIVERED
        else:
            error = error or f"answered {status}"
            pause = None
            if status != _GONE:
                pause = pause_after(self._pace.pauses, claimed.attempt, self._dice())
            outcome = DEAD if pause is None else PENDING
            next_at += int((pause or 0) * 1_000_000)
        return Outcome(
            id=claimed.id,
            claim=claimed.claim,
            status=outcome,
            next_at=next_at,
            answered=status,
            error=error,
            took_ms=took_ms,
            ended_at=None if outcome == PENDING else ends,
            disable=claimed.endpoint.id if status == _GONE else "",
        )

    async def _ask(self, claimed: Claimed) -> tuple[int | None, str]:
        """The answer's status, or why there is none."""
        response: UpstreamResponse | None = None
        try:
            async with asyncio.timeout(self._pace.timeout):
                response = await self._transport.send(self._request(claimed), self._clocks)
                with contextlib.suppress(GatewayError):
                    await response.body(_MOST_BODY)
        except TimeoutError:
            # What it thinks of the event is said in the head; the body is nothing to wait for.
            return (response.status, "") if response is not None else (None, "no answer in time")
        except GatewayError as error:
            return None, _told(error)
        except ValueError:
            return None, "its secret cannot be opened: rotate it"
        finally:
            if response is not None:
                response.close()
        return response.status, ""

    @property
    def _clocks(self) -> Timeouts:
        limit = self._pace.timeout
        return Timeouts(limit, limit, limit)

    def _request(self, claimed: Claimed) -> UpstreamRequest:
        """Raises Malformed for a URL that may not be called any more, ValueError for a lost secret."""
        endpoint = claimed.endpoint
        target = self._guard.target(endpoint.url)
        now = self._clock.unix()
        told = Told(
            id=claimed.event,
            type=claimed.type,
            data=claimed.data,
            happened_at=claimed.happened_at,
            attempted_at=int(now),
            tenant=for_whom(claimed.tenant, endpoint.tenant),
        )
        secrets = self._secrets.in_force(endpoint, int(now * 1_000_000))
        headers, body = rendered(endpoint.face, told, secrets)
        return UpstreamRequest(target.origin, b"POST", target.path, headers, body)

    def __repr__(self) -> str:
        return "<Sender>"


def _told(error: GatewayError) -> str:
    """In our words: the transport's are for those who ask models."""
    match error:
        case NotPublic() | Malformed():
            return error.message
        case Unreachable():
            return "no connection could be made"
        case TimedOut():
            return "no answer in time"
        case Disconnected():
            return "the connection was closed before an answer"
        case Garbled():
            return "the answer is not HTTP"
        case _:
            return "an error of ours"
