"""
The seam to shared counters: who has used how much, exact over all workers and machines.

One request makes one claim on every limit it is under, decided at once: all or nothing. What it may
cost is reserved; `settle` puts the actual in its place. The counts are a cache of what the ledger
knows, so that they can be lost and built anew; the ledger alone is the truth.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from trunkline.canon.limit import Limit, Unit
from trunkline.kernel.clock import Clock


class Claim(Struct, frozen=True, gc=False):
    """What one request asks for."""

    lease: str
    """The request's id. Unique: of a lease that is held, a second claim is refused by ValueError."""
    limits: Sequence[Limit]
    """Each counter at most once."""
    tokens: int
    """The most it is thought to take; what Limits in TOKENS are charged until it is settled."""
    cost: int
    """The same in nano-dollars."""


class Standing(Struct, frozen=True, gc=False):
    """Of one limit, at one moment."""

    used: int
    """In its window, what is reserved included."""
    closes: int
    """Unix microseconds at which its window closes; 0: never, or none is open."""
    reserved: int = 0
    """Of `used`, what requests under way hold until they are settled; of REQUESTS, nothing."""


class Decision(Struct, frozen=True, gc=False):
    refused: Sequence[int]
    """Places, in the claim's limits, of those that have no room for it; empty: admitted."""
    standings: Sequence[Standing]
    """One for each of the claim's limits, after the decision."""


class Abandoned(Struct, frozen=True, gc=False):
    """A lease whose holder is gone: what it reserved stays reserved until somebody settles it."""

    lease: str
    holder: str
    since: int
    """Unix microseconds of its admission, by its holder's clock."""


class StateStatistics(Struct, frozen=True):
    backend: str
    counters: int
    """Where an owner's lie together, such owners."""
    leases: int
    degraded: bool
    """The shared counters cannot be reached: see the backend for what is enforced instead."""


def amount_of(limit: Limit, claim: Claim) -> int:
    """What the claim asks of this limit, in its unit."""
    match limit.unit:
        case Unit.TOKENS:
            return claim.tokens
        case Unit.COST:
            return claim.cost
        case Unit.REQUESTS | Unit.CONCURRENT:
            return 1


class State(Protocol):
    """
    Counters shared by all workers. Times are the state's own clock's: one for all of them.

    A worker is a holder. It says that it is alive (`beat`) more often than `ttl`; one that did
    not for longer gives back what it holds of Limits in CONCURRENT, and the rest is settled by
    whoever finds what the ledger says of it.

    Raises LimitsUnavailable where the counters cannot be reached and nothing may stand in.
    """

    async def admit(self, claim: Claim) -> Decision:
        """
        Count it in every limit, or in none. A unit's amount is 1 for REQUESTS and CONCURRENT.

        There is room where used + amount <= most. A closed window is empty; a claim that is admitted
        opens it. ValueError for a lease that is held.
        """

    def settle(self, lease: str, tokens: int, cost: int) -> None:
        """
        The request is over and took this. Never waits, never raises; a second time is nothing.

        Corrects the counters by the difference to what was reserved, where the window that was
        charged is still open, and frees what counts in CONCURRENT.
        """

    def withdraw(self, lease: str) -> None:
        """
        The request was never sent to anybody: nothing of it counts, requests included.

        As `settle`: never waits, never raises, only in windows that are still open.
        """

    async def look(self, limits: Sequence[Limit]) -> Sequence[Standing]:
        """How they stand, without changing anything."""

    async def beat(self) -> Sequence[Abandoned]:
        """
        Say that this holder is alive; holders that are gone give back their CONCURRENT.

        Returns some leases of theirs, oldest first, whose reservations still wait to be settled, by
        anybody: the same again until that is done.
        """

    async def restore(self, counts: Mapping[str, Standing]) -> None:
        """
        Counters that were lost, as the ledger has them: added to what was counted since.

        What was counted since was counted in the ledger's window, which closes when the ledger says.
        A window that is closed by now is left out. Once per loss, whoever comes first: `lost` is
        false afterwards.
        """

    @property
    def lost(self) -> bool:
        """The counters have begun anew (a first start, a flush): money fails closed until `restore`."""

    @property
    def degraded(self) -> bool:
        """
        The shared counters cannot be reached: see the backend for what is enforced instead. Cheap.
        """

    def statistics(self) -> StateStatistics: ...
    async def aclose(self) -> None:
        """What is on its way is written; the holder is gone at once."""


class Place(Struct, frozen=True, kw_only=True):
    """Where a state's counters are, and whose view of them it is."""

    data: Path
    """The data folder: of one machine's workers."""
    url: str
    """Of a server, with its password; "" where none is configured."""
    holder: str
    """Unique among all workers there ever were."""
    clock: Clock
    tell: Callable[[str], None]
    """Takes a problem for the log."""

    def __repr__(self) -> str:
        return f"<Place of {self.holder}>"


class StateSpec(Struct, frozen=True):
    """One backend: one line in the registry."""

    name: str
    schemes: tuple[str, ...]
    """Of URLs: which choose it; none: it needs no URL."""
    open: Callable[[Place], State]
    """Blocks for a moment; for start-up. Raises StorageRefused and LimitsUnavailable."""
