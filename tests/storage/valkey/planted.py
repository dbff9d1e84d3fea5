"""Planted bugs: what hunts for them must find them."""

from msgspec.structs import replace

from trunkline.storage.state import Decision


class NaiveState:
    """Reads, and writes later what it concluded: GET, then INCR."""

    def __init__(self, state):
        self._state = state

    def __getattr__(self, name):
        return getattr(self._state, name)

    async def admit(self, claim):
        standings = await self._state.look(claim.limits)
        amounts = {"tokens": claim.tokens, "cost": claim.cost}
        full = [
            at
            for at, (limit, standing) in enumerate(zip(claim.limits, standings, strict=True))
            if standing.used + amounts.get(limit.unit.value, 1) > limit.most
        ]
        if full:
            return Decision(full, standings)
        limits = [replace(limit, most=1 << 61) for limit in claim.limits]
        return await self._state.admit(replace(claim, limits=limits))
