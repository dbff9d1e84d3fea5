"""
Where a State is put to the test: the stage a backend sets up, and the scene that all checks share.
"""

from collections.abc import Sequence
from typing import Protocol

from trunkline.canon.limit import Limit, Unit
from trunkline.storage.state import Claim, State

_MICROS = 1_000_000
MINUTE = 60.0
"""Seconds; the window of the suite's limits."""


class Stage(Protocol):
    """
    A backend, set up for the suite: counters that nobody else uses, and a clock to be moved.

    A backend that lives by a server's clock finds its own way to move it: waiting takes too long.
    """

    ttl: float
    """Seconds without a beat after which a holder is gone."""

    async def open(self, holder: str) -> State:
        """One worker's; several are open at the same time, and share the counters."""

    async def advance(self, seconds: float) -> None:
        """Let time pass, for all of them."""

    async def arrived(self) -> None:
        """Return once everything that was settled or withdrawn has reached the counters."""

    async def lose(self) -> None:
        """All counts are gone, as after a flush or a power cut. No state is open meanwhile."""


class Scene:
    """What the checks share: the stage, names that were not used before, and the complaints."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.wrong: list[str] = []
        self._open: list[State] = []
        self._leases: list[str] = []
        self._count = 0

    def name(self, what: str) -> str:
        self._count += 1
        return f"{what}-{self._count}"

    def limit(self, unit: Unit, most: int, window: float = MINUTE, counter: str = "") -> Limit:
        return Limit(
            counter=self.name(f"check/{counter or unit.value}"),
            unit=unit,
            most=most,
            window=round(window * _MICROS),
            field="check",
            scope="key",
        )

    def claim(self, *limits: Limit, tokens: int = 0, cost: int = 0) -> Claim:
        self._leases.append(self.name("req"))
        return Claim(self._leases[-1], limits, tokens, cost)

    async def state(self) -> State:
        state = await self.stage.open(self.name("holder"))
        self._open.append(state)
        return state

    async def close(self) -> None:
        """Leave nothing that a later check could find abandoned."""
        for lease in self._leases:
            self._open[-1].settle(lease, 0, 0)
        self._leases.clear()
        await self.stage.arrived()
        for state in self._open:
            await state.aclose()
        self._open.clear()

    def expect(self, what: str, expected: object, actual: object) -> None:
        if expected != actual:
            self.wrong.append(f"{what}: {actual!r} where {expected!r} is expected")

    async def used(self, state: State, *limits: Limit) -> Sequence[int]:
        await self.stage.arrived()
        return [standing.used for standing in await state.look(limits)]

    async def reserved(self, state: State, *limits: Limit) -> Sequence[int]:
        await self.stage.arrived()
        return [standing.reserved for standing in await state.look(limits)]
