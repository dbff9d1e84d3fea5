"""
Bodies, where somebody asked for them: taken from the hot path, redacted and written beside it.

A request is never slowed by it: what is more than can wait is dropped, and counted.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from trunkline.canon.errors import GatewayError, NotFound
from trunkline.config.schema import LoggingConfig
from trunkline.kernel.clock import Clock
from trunkline.kernel.tasks import Tasks
from trunkline.observe.redact import Redactor
from trunkline.observe.trouble import Trouble
from trunkline.storage.bodies import Body, BodyStore, LoggedBodies

# What may wait to be redacted and written, of one worker.
_MOST: Final = 1000
_MOST_BYTES: Final = 64 << 20
# Written in one transaction.
_BATCH: Final = 16
_LEASE: Final = "bodies"
_DAY: Final = 86_400


class Taking(Struct, frozen=True):
    """How bodies are taken while one configuration is in force."""

    most: int
    """Bytes that are kept of each side."""
    redact: Redactor


class Heard(Struct, frozen=True, kw_only=True):
    """One request and its answer, as they went over the line."""

    request_id: str
    tenant: str
    key_id: str
    received_at: float
    """Unix seconds."""
    path: str
    request: bytes
    """As much of it as is wanted."""
    request_size: int
    """All of it."""
    answer: Sequence[bytes]
    answer_size: int
    status: int
    streamed: bool
    complete: bool

    @property
    def held(self) -> int:
        """Bytes."""
        return len(self.request) + sum(map(len, self.answer))


class Pace(Struct, frozen=True):
    """Seconds."""

    interval: float = 600.0
    """Between two looks for what has become old."""
    rest: float = 0.05
    """Between two transactions that drop some."""
    lease: float = 1800.0
    again: float = 1.0
    """Until a database that could not take them is asked once more."""


class BodyStatistics(Struct, frozen=True):
    logging: bool
    waiting: int
    waiting_bytes: int
    logged: int
    dropped: int
    """For want of room."""
    failed: int
    """Not redacted, and so not kept: a bug of ours."""
    expired: int


Lease = Callable[[str, int, int], Awaitable[bool]]
"""
Whether this worker is the one to do what has that name; now, and until when (Unix microseconds).

Raises LedgerUnavailable.
"""


class BodyLog:
    """One per process."""

    def __init__(
        self,
        store: BodyStore,
        clock: Clock,
        lease: Lease,
        problem: Callable[[str], object] = bool,
        pace: Pace = Pace(),  # noqa: B008 - frozen
    ) -> None:
        """`problem`: told what goes wrong unseen."""
        self.taking: Taking | None = None
        """None: nobody asked for bodies."""
        self._store = store
        self._clock = clock
        self._lease = lease
        self._problem = problem
        self._pace = pace
        self._keep = 0.0
        self._queue: deque[tuple[Heard, Taking]] = deque()
        self._rows: list[LoggedBodies] = []
        """Ready, and not written yet."""
        self._held = self._writing = 0
        """Bytes that wait, and of these, of `_rows`."""
        self._trouble = Trouble(problem, clock)
        """The database could not take the last ones, and that has been told."""
        self._some = asyncio.Event()
        self._one = asyncio.Lock()
        self._logged = self._dropped = self._failed = self._expired = 0

    def adopt(self, config: LoggingConfig) -> None:
        """From now on."""
        self._keep = config.bodies_days * _DAY
        redact = Redactor(config.redact, emails=config.redact_emails)
        self.taking = Taking(config.bodies_max_bytes, redact) if config.bodies else None

    def start(self, tasks: Tasks) -> None:
        """Write what comes and drop what is old, for as long as the tasks live."""
        tasks.spawn("bodies: write", self.run())
        tasks.spawn("bodies: sweep", self.sweep())

    def put(self, heard: Heard, taking: Taking) -> None:
        """Never waits, never raises."""
        held = heard.held
        if len(self._queue) >= _MOST or self._held + held > _MOST_BYTES:
            self._dropped += 1
            return
        self._held += held
        self._queue.append((heard, taking))
        self._some.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._some.wait()
            if not await self._write():
                await asyncio.sleep(self._pace.again)

    async def catch_up(self) -> None:
        """Return once what had come is written, or cannot be."""
        left = len(self._queue) + len(self._rows)
        while left > 0 and await self._write():
            left -= _BATCH

    async def find(self, request_id: str) -> LoggedBodies:
        """Raises NotFound, which says why, and LedgerUnavailable."""
        await self.catch_up()
        found = await self._store.get(request_id)
        if found is not None:
            return found
        if self.taking is None:
            raise NotFound(
                "Bodies are not logged: set `bodies = true` under [logging] to have those of"
                " requests to come.",
                param="request_id",
            )
        kept = f"older than {self._keep / _DAY:g} days, " if self._keep else ""
        raise NotFound(
            f"No bodies of this request are kept: it is unknown, {kept}from before bodies were"
            " logged, or there were too many at once.",
            param="request_id",
        )

    async def sweep(self) -> None:
        """Drop what has been kept long enough, until cancelled."""
        while True:
            try:
                await self.expire()
            except GatewayError as error:
                self._problem(f"old bodies stay for now: {error!r}")
            await asyncio.sleep(self._pace.interval)

    async def expire(self) -> None:
        """All that is too old, if it is ours to do. Raises LedgerUnavailable."""
        while self._keep and await self._ours():
            before = round((self._clock.unix() - self._keep) * 1e6)
            dropped = await self._store.drop(before)
            if not dropped:
                return
            self._expired += dropped
            await asyncio.sleep(self._pace.rest)

    async def _ours(self) -> bool:
        now = self._clock.unix()
        return await self._lease(_LEASE, round(now * 1e6), round((now + self._pace.lease) * 1e6))

    async def _write(self) -> bool:
        """Some of what waits; False where the database cannot take it now."""
        async with self._one:
            if not self._rows:
                await self._prepare()
            try:
                if self._rows:
                    await self._store.add(self._rows)
            except GatewayError as error:
                self._trouble.failed(f"bodies cannot be written now: {error!r}")
                return False
            self._trouble.over("bodies are written again")
            self._logged += len(self._rows)
            self._held -= self._writing
            self._rows, self._writing = [], 0
            if not self._queue:
                self._some.clear()
            return True

    async def _prepare(self) -> None:
        taken = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
        self._writing = sum(heard.held for heard, _ in taken)
        ready = await asyncio.to_thread(lambda: [self._ready(*one) for one in taken])
        self._rows = [row for row in ready if row is not None]
        self._failed += len(ready) - len(self._rows)

    def _ready(self, heard: Heard, taking: Taking) -> LoggedBodies | None:
        try:
            return logged(heard, taking)
        except Exception as error:  # noqa: BLE001 - what is not redacted must not be kept, nor stop the others
            self._problem(f"bodies of {heard.request_id} are not kept: {type(error).__name__}")
            return None

    def statistics(self) -> BodyStatistics:
        return BodyStatistics(
            self.taking is not None,
            len(self._queue) + len(self._rows),
            self._held,
            self._logged,
            self._dropped,
            self._failed,
            self._expired,
        )

    def __repr__(self) -> str:
        return f"<BodyLog {'on' if self.taking else 'off'}, {len(self._queue)} waiting>"


def logged(heard: Heard, taking: Taking) -> LoggedBodies:
    """As it may be kept."""
    return LoggedBodies(
        request_id=heard.request_id,
        tenant=heard.tenant,
        key_id=heard.key_id,
        received_at=round(heard.received_at * 1e6),
        path=taking.redact(heard.path),
        request=_body(heard.request, heard.request_size, taking),
        answer=_body(b"".join(heard.answer), heard.answer_size, taking),
        status=heard.status,
        streamed=heard.streamed,
        complete=heard.complete,
    )


def _body(data: bytes, size: int, taking: Taking) -> Body:
    """What is masked first and cut then ends with no half of a credential."""
    cut = size > len(data)
    text = taking.redact(data.decode("utf-8", "replace"), cut=cut)
    kept = text.encode()
    if len(kept) > taking.most:
        text, cut = kept[: taking.most].decode("utf-8", "ignore"), True
    return Body(text, size, cut)
