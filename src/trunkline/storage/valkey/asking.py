"""Claims on their way to the server: those that arrive while a batch is under way form the next one."""

import asyncio
from collections import deque
from collections.abc import Sequence

from trunkline.storage.state import Claim, Decision, amount_of
from trunkline.storage.valkey.counters import Anew, Told
from trunkline.storage.valkey.link import Away
from trunkline.storage.valkey.own import Charge, Outcome, Own, Place
from trunkline.storage.valkey.session import Session

_BATCH = 64
"""Claims in one script: below a millisecond of the server's time."""
_AWAY = Told("away")
_WITHDRAWN = Outcome(None)


class _Ask:
    __slots__ = ("answer", "claim", "given_up", "sent")

    def __init__(self, claim: Claim, answer: asyncio.Future[Told]) -> None:
        self.claim = claim
        self.answer = answer
        self.sent = False
        self.given_up = False
        """Nobody waits for it: if it is admitted, it is withdrawn."""


class Asking:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._asks: dict[str, _Ask] = {}
        self._queue: deque[_Ask] = deque()
        self._work = asyncio.Event()
        self._started = False

    def __contains__(self, lease: str) -> bool:
        return lease in self._asks

    async def ask(self, claim: Claim) -> Told:
        """The server's word, or "away". Ours is to keep what it admits."""
        if not self._started:
            self._started = True
            self._session.tasks.spawn("counters: ask", self._run())
        ask = _Ask(claim, asyncio.get_running_loop().create_future())
        self._asks[claim.lease] = ask
        self._queue.append(ask)
        self._work.set()
        try:
            return await ask.answer
        except asyncio.CancelledError:
            ask.given_up = True
            raise

    def give_up(self, lease: str) -> None:
        self._asks[lease].given_up = True

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
                await self._ask([ask for ask in batch if self._wanted(ask)])

    def _wanted(self, ask: _Ask) -> bool:
        if ask.given_up:
            del self._asks[ask.claim.lease]
        return not ask.given_up

    async def _ask(self, batch: Sequence[_Ask]) -> None:
        session = self._session
        if not batch:
            return
        told: Sequence[Told] = ()
        for _ in range(2):  # once more where the epoch is new
            epoch = session.epoch
            if session.share is not None or epoch is None:
                break
            try:
                told = await session.counters.admit(epoch.name, [ask.claim for ask in batch])
                break
            except Anew:
                await session.meet(epoch.name)
            except Away as error:
                for ask in batch:
                    session.own.doubt(ask.claim.lease)
                session.tell()
                session.lost(str(error))
                break
        for at, ask in enumerate(batch):
            self._answer(ask, told[at] if told else _AWAY)

    def _answer(self, ask: _Ask, told: Told) -> None:
        claim, decision = ask.claim, told.decision
        del self._asks[claim.lease]
        if decision is not None:
            self._session.heard(told.now)
            _keep(self._session.own, claim, decision, told.now)
            if ask.given_up and not decision.refused:
                self._session.own.end(claim.lease, _WITHDRAWN)
                self._session.tell()
        if not ask.answer.done():
            ask.answer.set_result(told)


def _keep(own: Own, claim: Claim, decision: Decision, now: int) -> None:
    charges = []
    for limit, standing in zip(claim.limits, decision.standings, strict=True):
        if standing.closes or standing.used or not decision.refused:
            own.see(limit.counter, standing.closes, standing.used, now)
        charges.append(Charge(limit.counter, limit.unit, amount_of(limit, claim), standing.closes))
    if not decision.refused:
        own.hold(claim.lease, now, charges, Place.SERVER)
