"""
Counters shared by all workers of all machines, in one Valkey or Redis.

Each decision is one script in the server, on the server's clock. Claims that arrive while another
batch is under way travel together; what is settled is written beside them, and nobody waits for it.

**Nothing is overspent when the server forgets.** All counts belong to an epoch, which the server
loses with them: by a flush, or by a restart whatever was on its disk (it may be old). Every call
names the epoch it knows and does nothing in another. A process that meets a new one first says
again what it holds under way, and what it counted in windows that are open; then it settles what it
could not before, each lease once, for in the new epoch it is known again. For the first `settling`
seconds nothing is admitted, so that every process that lives has done so. Money waits longer, for
`restore`: the ledger brings what those counted that live no more. Where both bring the same, which is
what was settled within the last seconds, it counts twice: on the side that refuses.

**When the server is away**, money is refused and the rest falls to this process's share (share.py).
What was admitted so is told to the server once it is back, if its window is still open.
"""

import asyncio
from collections.abc import Mapping, Sequence

from trunkline.canon.errors import LimitsUnavailable
from trunkline.canon.limit import Limit
from trunkline.storage.state import Abandoned, Claim, Decision, Standing, State, StateStatistics
from trunkline.storage.valkey.asking import Asking
from trunkline.storage.valkey.counters import Anew, check
from trunkline.storage.valkey.link import Away
from trunkline.storage.valkey.own import MOST_AMOUNT, Outcome, Place
from trunkline.storage.valkey.session import Session
from trunkline.storage.valkey.share import unavailable

_WITHDRAWN = Outcome(None)
_LAST_WORDS = 2.0
"""Seconds that closing may take to tell the server what is left."""
_STRANGERS = 10_000
"""Ends of leases that are not ours, kept for the server; what is beyond, `beat` finds again."""
_RESTORING = 0.1
"""Seconds between two looks whether somebody else has restored the counters."""


class ValkeyState:
    """One holder's view of them."""

    def __init__(self, session: Session, settling: float) -> None:
        """`settling`: seconds of a new epoch in which nothing is admitted."""
        self._session = session
        self._own = session.own
        self._asking = Asking(session)
        self._settling = settling

    async def admit(self, claim: Claim) -> Decision:
        """ValueError, too, for amounts beyond 2^52, and for a lease that is on its way."""
        check(claim)
        session = self._session
        await session.start()
        if claim.lease in self._own.leases or claim.lease in self._asking:
            raise ValueError(f"the lease {claim.lease} is held")
        if session.share is None:
            told = await self._asking.ask(claim)
            if told.decision is not None:
                return told.decision
            if told.word == "held":
                raise ValueError(f"the lease {claim.lease} is held")
            if told.word == "lost":
                raise LimitsUnavailable(
                    "What was spent so far is being looked up. Try again shortly.", retry_after=1.0
                )
            if session.share is None:  # "young", "void"; or it came back this very moment
                raise unavailable("for they began anew")
        return session.share.admit(claim, session.now())

    def settle(self, lease: str, tokens: int, cost: int) -> None:
        self._end(lease, Outcome(_bounded(tokens), _bounded(cost)))

    def withdraw(self, lease: str) -> None:
        self._end(lease, _WITHDRAWN)

    def _end(self, lease: str, outcome: Outcome) -> None:
        session, own = self._session, self._own
        held = own.leases.get(lease)
        if held is None:
            if lease in self._asking:
                self._asking.give_up(lease)
            elif session.share is None or own.strangers < _STRANGERS:
                own.end(lease, outcome)
                session.tell()
            return
        if own.is_over(lease):
            return
        if session.share is not None:
            session.share.end(held, [outcome.actual(charge) for charge in held.charges])
        if held.place is Place.HERE:
            own.end_here(lease, outcome)
        else:
            own.end(lease, outcome)
            session.tell()

    async def look(self, limits: Sequence[Limit]) -> Sequence[Standing]:
        session = self._session
        await session.start()
        for _ in range(2):  # once more where the epoch is new
            epoch = session.epoch
            if session.share is not None or epoch is None:
                break
            try:
                return await session.counters.look(epoch.name, limits)
            except Anew:
                await session.meet(epoch.name)
            except Away as error:
                session.lost(str(error))
        raise unavailable("and does not know how its limits stand")

    async def beat(self) -> Sequence[Abandoned]:
        """Nothing where the server is away: it is told once it is back."""
        await self._session.start()
        epoch = await self._session.look("beat")
        return () if epoch is None else epoch.abandoned

    async def restore(self, counts: Mapping[str, Standing]) -> None:
        """Waits until every process that lives has said what it holds. Raises LimitsUnavailable."""
        session = self._session
        await session.start()
        while (epoch := await session.look()) is not None:
            if epoch.restored:
                return
            if (early := self._settling - epoch.age / 1_000_000) > 0:
                await asyncio.sleep(early)
            try:
                if not await session.counters.restore(epoch.name, counts):
                    await asyncio.sleep(_RESTORING)
            except Anew:
                await session.meet(epoch.name)
            except Away as error:
                session.lost(str(error))
        raise unavailable("and cannot restore them")

    @property
    def lost(self) -> bool:
        """As the server last said, half a second ago at most; True before it was reached."""
        epoch = self._session.epoch
        return epoch is None or not epoch.restored

    @property
    def degraded(self) -> bool:
        """The server is away: what is enforced is our share (share.py)."""
        return self._session.share is not None

    def statistics(self) -> StateStatistics:
        """Of this process alone: counting the server's would stop it for a while."""
        own = self._own
        return StateStatistics("valkey", len(own.counts), len(own.leases), self.degraded)

    async def arrived(self) -> None:
        """Return once the server has been told of everything that is over."""
        await self._session.written.wait()

    async def aclose(self) -> None:
        await self._session.aclose(_LAST_WORDS)

    def __repr__(self) -> str:
        return f"<ValkeyState {self._session.link.shown} {self._own!r}>"


def _bounded(amount: int) -> int:
    """What the server can compute with; the ledger has what it really was."""
    return min(max(amount, 0), MOST_AMOUNT)


def _guard(state: ValkeyState) -> State:
    """Never called: a type error of the implementation shows here, in its own file."""
    return state
