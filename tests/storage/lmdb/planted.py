"""States with a bug, for tests of the tests."""

import asyncio

from msgspec.structs import replace

from trunkline.storage.lmdb.counters import Settlement
from trunkline.storage.lmdb.layout import lease_key
from trunkline.storage.lmdb.state import LmdbState
from trunkline.storage.state import Decision


class NaiveState(LmdbState):
    """Reads, and writes later what it concluded."""

    async def admit(self, claim):
        standings = await self.look(claim.limits)
        amounts = {"tokens": claim.tokens, "cost": claim.cost}
        full = [
            at
            for at, (limit, standing) in enumerate(zip(claim.limits, standings, strict=True))
            if standing.used + amounts.get(limit.unit.value, 1) > limit.most
        ]
        if full:
            return Decision(full, standings)
        await asyncio.sleep(0)
        return await super().admit(
            replace(claim, limits=[replace(limit, most=1 << 61) for limit in claim.limits])
        )


class RoundingState(LmdbState):
    """Its sums are right but for a nano-dollar."""

    def settle(self, lease, tokens, cost):
        super().settle(lease, tokens, round(cost, -1))


class TornState(LmdbState):
    """Settles in two transactions, between which it may die."""

    def settle(self, lease, tokens, cost):
        key = lease_key(lease)
        value = self._store.write(lambda transaction, _: transaction.pop(key), None)
        if value is None:
            return

        def correct(transaction, _):
            transaction.put(key, value)
            self._counters.settle(transaction, Settlement(lease, tokens, cost))

        self._store.write(correct, None)
