"""The suite for shared counters passes what is good and finds what is planted."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.testing.memory_stage import MemoryStage
from trunkline.canon.limit import Unit
from trunkline.storage.state import Decision, Standing
from trunkline.testing.check_state import check_state
from trunkline.testing.memory_state import MemoryState


def test_the_model_conforms():
    """What every State is held against keeps the rules itself."""
    assert [] == asyncio.run(check_state(MemoryStage()))


class Naive(MemoryState):
    """Reads, lets others in, and then writes what it has read."""

    async def admit(self, claim):
        standings = await self.look(claim.limits)
        await asyncio.sleep(0)
        decision = await super().admit(
            replace(claim, limits=[replace(limit, most=1 << 60) for limit in claim.limits])
        )
        full = [
            at
            for at, (limit, before) in enumerate(zip(claim.limits, standings, strict=True))
            if before.used >= limit.most
        ]
        if full:
            self.withdraw(claim.lease)
        return Decision(full, decision.standings)


class Halfway(MemoryState):
    """Counts a refused claim in the limits that had room."""

    async def admit(self, claim):
        decision = await super().admit(claim)
        if decision.refused:
            room = [x for at, x in enumerate(claim.limits) if at not in decision.refused]
            await super().admit(replace(claim, limits=room))
        return decision


class Sliding(MemoryState):
    """Every request moves the window's end."""

    async def admit(self, claim):
        decision = await super().admit(claim)
        for limit in claim.limits:
            if window := self._counts.open_window(limit.counter):
                window.closes = window.closes and self._counts.now() + limit.window
        return decision


class Late(MemoryState):
    """Settles into whatever window is open now."""

    def settle(self, lease, tokens, cost):
        held = self._counts.leases.get(lease)
        for charge in held.charges if held else ():
            charge.window = self._counts.open_window(charge.limit.counter) or charge.window
        super().settle(lease, tokens, cost)


class Again(MemoryState):
    """Takes what is settled twice for two."""

    def settle(self, lease, tokens, cost):
        held = self._counts.leases.get(lease)
        super().settle(lease, tokens, cost)
        if held:
            self._counts.leases[lease] = replace_charges(held)


def replace_charges(held):
    held.charges = [charge for charge in held.charges if charge.limit.unit is Unit.COST]
    return held


class Hoarder(MemoryState):
    """What the dead hold is never given back."""

    async def beat(self):
        self._counts.beats[self._holder] = self._counts.now()
        return ()


class Generous(MemoryState):
    """Restores as often as it is asked."""

    async def restore(self, counts):
        self._counts.lost = True
        await super().restore(counts)


class Forgetful(MemoryState):
    """Restores in the place of what was counted since."""

    async def restore(self, counts):
        if self.lost:
            self._counts.windows.clear()
        await super().restore(counts)


class Careless(MemoryState):
    """One lease may be claimed twice."""

    async def admit(self, claim):
        self._counts.leases.pop(claim.lease, None)
        return await super().admit(claim)


class Shortened(MemoryState):
    """Long names are cut."""

    async def admit(self, claim):
        cut = [replace(limit, counter=limit.counter[:500]) for limit in claim.limits]
        return await super().admit(replace(claim, limits=cut))


class Keeping(MemoryState):
    """A withdrawn request stays counted."""

    def withdraw(self, lease):
        self.settle(lease, 0, 0)


class Blind(MemoryState):
    """Does not know what is reserved."""

    async def look(self, limits):
        return [Standing(s.used, s.closes) for s in await super().look(limits)]


PLANTED = [
    (Naive, "admitted of 60"),
    (Halfway, "what a refused one leaves"),
    (Sliding, "a window that has closed"),
    (Late, "settled in the next window"),
    (Again, "settled twice"),
    (Hoarder, "abandoned by the dead"),
    (Generous, "restored once"),
    (Forgetful, "restored once"),
    (Careless, "can be claimed again"),
    (Shortened, "each of these names"),
    (Keeping, "a withdrawn one"),
    (Blind, "reserved"),
]


@pytest.mark.parametrize(("kind", "complaint"), PLANTED)
def test_a_planted_bug_is_found(kind, complaint):
    """A suite that passes everything would be worthless."""
    found = asyncio.run(check_state(MemoryStage(kind)))

    assert any(complaint in what for what in found), found
