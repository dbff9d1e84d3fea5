"""Delivers what is due: many endpoints at once, and none of them waits for another."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from trunkline.canon.errors import LedgerUnavailable
from trunkline.kernel.clock import Clock
from trunkline.kernel.tasks import Tasks
from trunkline.observe.trouble import Trouble
from trunkline.storage.sql.deliveries import DEAD, DELIVERED, Claimed, DeliveryStore, Outcome
from trunkline.webhooks.schedule import Pace

# Attempts at a time: in all, to one endpoint, and to all those together that do not answer.
_ALL, _EACH, _ALL_FAILING = 128, 8, 64
# Failures in a row after which an endpoint gets one attempt at a time: its timeouts must not take
# the places of others.
_FAILING = 3
# Endpoints looked at in one round.
_ROUND = 64
_SEND = "webhooks: send "


class WebhookStatistics(Struct, frozen=True, kw_only=True):
    """Of this process; all but the first two since start."""

    in_flight: int
    failing: int
    """Endpoints that failed several times in a row."""
    attempts: int
    delivered: int
    failed: int
    """Attempts that will be followed by another."""
    dead: int
    """Deliveries given up."""


class Attempts(Protocol):
    async def attempt(self, claimed: Claimed) -> Outcome: ...


class Deliverer:
    def __init__(
        self,
        store: DeliveryStore,
        sender: Attempts,
        clock: Clock,
        token: Callable[[], str],
        tasks: Tasks,
        on_problem: Callable[[str], None],
        pace: Pace = Pace(),  # noqa: B008 - frozen
    ) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._token = token
        self._tasks = tasks
        self._on_problem = on_problem
        self._pace = pace
        self._flying: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._outcomes: list[Outcome] = []
        self._settling = asyncio.Lock()
        self._wake = asyncio.Event()
        self._after = ""
        self._closing = False
        self._ended: Counter[str] = Counter()

    async def run(self) -> None:
        """For ever."""
        trouble = Trouble(self._on_problem, self._clock)
        while True:
            self._wake.clear()
            begun = 0
            try:
                begun = await self.round()
            except LedgerUnavailable as error:
                trouble.failed(f"webhooks wait for the database: {error.detail}")
            else:
                trouble.over("webhooks are sent again")
            if not begun:
                try:
                    async with asyncio.timeout(self._pace.look):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    def nudge(self) -> None:
        """Something was put a moment ago: look now."""
        self._wake.set()

    async def round(self) -> int:
        """Claim what is due and there is room for; how many attempts have begun."""
        await self._settle()
        if self._closing or self._flying.total() >= _ALL:
            return 0
        now = int(self._clock.unix() * 1_000_000)
        due = await self._store.due(now, self._after, _ROUND)
        self._after = due[-1] if len(due) == _ROUND else ""
        rooms = self._rooms(due)
        if not rooms:
            return 0
        until = now + int(self._pace.lease * 1_000_000)
        claimed = await self._store.claim(rooms, self._token(), now, until)
        for one in claimed:
            self._flying[one.endpoint.id] += 1
            self._tasks.spawn(f"{_SEND}{one.id}", self._send(one))
        return len(claimed)

    async def idle(self) -> None:
        """Until every attempt that has begun is over and written down."""
        await self._tasks.finish(_SEND)
        await self._settle()

    async def aclose(self) -> None:
        """Begin nothing more; what is under way may end."""
        self._closing = True
        try:
            await self.idle()
        except LedgerUnavailable as error:
            self._on_problem(f"what came of webhooks could not be written: {error.detail}")

    def statistics(self) -> WebhookStatistics:
        ended = self._ended
        return WebhookStatistics(
            in_flight=self._flying.total(),
            failing=sum(count >= _FAILING for count in self._failures.values()),
            attempts=ended.total(),
            delivered=ended[DELIVERED],
            failed=ended.total() - ended[DELIVERED] - ended[DEAD],
            dead=ended[DEAD],
        )

    def _rooms(self, due: Sequence[str]) -> Mapping[str, int]:
        """How many more each endpoint may have under way."""
        free = _ALL - self._flying.total()
        ill = [e for e, count in self._failures.items() if count >= _FAILING]
        free_ill = _ALL_FAILING - sum(self._flying[endpoint] for endpoint in ill)
        rooms: dict[str, int] = {}
        for endpoint in due:
            failing = self._failures[endpoint] >= _FAILING
            room = min((1 if failing else _EACH) - self._flying[endpoint], free)
            if failing:
                room = min(room, free_ill)
                free_ill -= max(room, 0)
            if room > 0:
                rooms[endpoint] = room
                free -= room
        return rooms

    async def _send(self, claimed: Claimed) -> None:
        endpoint = claimed.endpoint.id
        try:
            outcome = await self._sender.attempt(claimed)
        finally:
            self._flying[endpoint] -= 1
            if not self._flying[endpoint]:
                del self._flying[endpoint]
            self._wake.set()
        self._ended[outcome.status] += 1
        if outcome.status == DEAD:
            what = f"{claimed.id} after {claimed.attempt} attempts: {outcome.error}"
            self._on_problem(f"gave up the webhook delivery {what}")
        if outcome.status == DELIVERED or outcome.disable:
            del self._failures[endpoint]
        else:
            self._failures[endpoint] += 1
        self._outcomes.append(outcome)
        try:
            await self._settle()
        except LedgerUnavailable:
            return  # kept, and written down in the next round; `run` tells of it

    async def _settle(self) -> None:
        """Write down all that came of attempts, those that ended meanwhile together."""
        async with self._settling:
            batch = self._outcomes
            if not batch:
                return
            self._outcomes = []
            try:
                await self._store.finish(batch)
            except BaseException:
                self._outcomes = [*batch, *self._outcomes]
                raise

    def __repr__(self) -> str:
        return f"<Deliverer {self._flying.total()} in flight>"
