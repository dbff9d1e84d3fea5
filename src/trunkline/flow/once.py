"""
Requests under an Idempotency-Key: what is asked twice is run once.

The first runs; one that comes meanwhile is told to wait, one that comes later gets the answer the
first one got, and neither is billed. A request of which nothing came leaves nothing behind.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from trunkline.canon.errors import (
    GatewayError,
    IdempotencyInProgress,
    IdempotencyMismatch,
    IdempotencyNotKept,
)
from trunkline.canon.exchange import Exchange
from trunkline.flow.base import Reply
from trunkline.flow.recording import RecordingReply
from trunkline.kernel.clock import Clock
from trunkline.kernel.tasks import Tasks
from trunkline.observe.trouble import Trouble
from trunkline.storage.idempotency import Ask, Found, IdempotencyStore, KeptAnswer

_MICRO: Final = 1_000_000
# Seconds a worker holds what it runs without saying so again, and between two times it does.
_HOLD: Final = 15.0
_SAY_SO: Final = 3.0
_SWEEP: Final = 60.0
# Seconds after which who asks meanwhile may ask again.
_WAIT: Final = 1.0
# Bytes of an answer that are kept; every text fits, thousands of embeddings in digits do not.
LARGEST: Final = 16 << 20
# Written at a time when a stream is replayed, so that a slow reader is waited for.
_PIECE: Final = 64 << 10
_REPLAYED: Final = (b"idempotent-replayed", b"true")


class OnceStatistics(Struct, frozen=True):
    running: int
    ran: int
    """Requests that carried a key and were run."""
    replayed: int
    waiting: int
    """Told to come back: the first was still under way."""
    mismatched: int
    """Refused: under this key something else was asked."""
    retention_seconds: float


class Once:
    """One per process."""

    def __init__(
        self,
        store: IdempotencyStore,
        clock: Clock,
        tasks: Tasks,
        retention: float,
        problem: Callable[[str], object] = bool,
        largest: int = LARGEST,
        say_so: float = _SAY_SO,
    ) -> None:
        """
        `retention`: seconds an answer is kept. `problem`: told what goes wrong unseen.

        `largest`: bytes of an answer that is kept. `say_so`: seconds between two holds.
        """
        self._store = store
        self._clock = clock
        self._tasks = tasks
        self._retention = retention
        self._problem = problem
        self._trouble = Trouble(problem, clock)
        self._largest = largest
        self._say_so = say_so
        self._running: dict[str, Ask] = {}
        self._ran = self._replayed = self._waiting = self._mismatched = 0

    async def told(self, ask: Ask, reply: Reply) -> bool:
        """
        True: answered, as before. False: `run` it, or the key is blocked for as long as we live.

        Raises IdempotencyMismatch, IdempotencyInProgress, IdempotencyNotKept, LedgerUnavailable.
        """
        found = await self._claim(ask)
        if found is None:
            self._ran += 1
            self._running[ask.request_id] = ask
            return False
        if found.fingerprint != ask.fingerprint:
            self._mismatched += 1
            raise IdempotencyMismatch(
                "This Idempotency-Key was used for another request; use a new key for each.",
                param="Idempotency-Key",
            )
        if found.answer is None:
            self._waiting += 1
            raise IdempotencyInProgress(
                "A request with this Idempotency-Key is still under way; ask again in a moment.",
                param="Idempotency-Key",
                retry_after=_WAIT,
            )
        await _replay(found.answer, reply)
        self._replayed += 1
        return True

    async def run(
        self, ask: Ask, exchange: Exchange, reply: Reply, serve: Callable[[Reply], Awaitable[None]]
    ) -> None:
        """
        Serve it, and keep the answer before its last piece leaves.

        As in flow/remembered.py the keeping is a task of its own: a client that leaves does not
        undo it.
        """
        tasks: list[asyncio.Task[None]] = []

        def at_end(recorded: RecordingReply) -> None:
            work = self._keep(ask, recorded.answer, recorded)
            tasks.append(self._tasks.spawn(f"settle once {ask.request_id}", work))

        recording = RecordingReply(reply, exchange, self._largest, at_end)
        try:
            await serve(recording)
            for task in tasks:
                await asyncio.shield(task)
        finally:
            recording.release()
            if not recording.over:
                self._let_go(ask)

    async def watch(self) -> None:
        """Say again and again what is under way here, and drop what is old, until cancelled."""
        swept = self._clock.monotonic()
        while True:
            await asyncio.sleep(self._say_so)
            try:
                if self._running:
                    await self._store.hold(tuple(self._running.values()), self._micros(_HOLD))
                if self._clock.monotonic() - swept >= _SWEEP:
                    swept = self._clock.monotonic()
                    while await self._store.expire(self._micros(0.0)):
                        pass
            except GatewayError as error:
                self._trouble.failed(f"idempotency keys are not held: {error!r}")
            else:
                self._trouble.over("idempotency keys are held again")

    def statistics(self) -> OnceStatistics:
        return OnceStatistics(
            len(self._running),
            self._ran,
            self._replayed,
            self._waiting,
            self._mismatched,
            self._retention,
        )

    async def _claim(self, ask: Ask) -> Found | None:
        now = self._micros(0.0)
        try:
            return await self._store.claim(
                ask, now, self._micros(_HOLD), self._micros(self._retention)
            )
        except asyncio.CancelledError:  # which does not stop a change that has begun
            self._let_go(ask)
            raise

    async def _keep(self, ask: Ask, answer: KeptAnswer | None, recorded: RecordingReply) -> None:
        """A store that fails costs the client the replay, not the answer."""
        try:
            if answer is None:
                await self._release(ask)
            else:
                await self._store.finish(ask, answer, self._micros(self._retention))
        except GatewayError as error:
            self._problem(f"the answer to {ask.request_id} is not kept: {error!r}")
        finally:
            self._running.pop(ask.request_id, None)
            recorded.release()

    def _let_go(self, ask: Ask) -> None:
        self._tasks.spawn(f"settle once {ask.request_id}", self._release(ask))

    async def _release(self, ask: Ask) -> None:
        """Where it cannot be said, the key is free once we have not held it for long enough."""
        self._running.pop(ask.request_id, None)
        try:
            await self._store.release(ask)
        except GatewayError as error:
            self._problem(f"the key of {ask.request_id} is not released: {error!r}")

    def _micros(self, ahead: float) -> int:
        return int((self._clock.unix() + ahead) * _MICRO)

    def __repr__(self) -> str:
        return f"<Once running {len(self._running)}>"


async def _replay(kept: KeptAnswer, reply: Reply) -> None:
    body = kept.body
    if body is None:
        raise IdempotencyNotKept(
            "The request with this Idempotency-Key was answered, but the answer was too large to be"
            " kept; use a new key to have it run again.",
            param="Idempotency-Key",
        )
    headers = (*kept.headers, _REPLAYED)
    if not kept.streamed:
        reply.whole(kept.status, headers, body)
        return
    reply.start(kept.status, headers)
    sent = 0
    while len(body) - sent > _PIECE:
        reply.write(body[sent : sent + _PIECE])
        sent += _PIECE
        await reply.drain()
    reply.end(body[sent:])
