"""
Random histories of a State beside the model, step by step: the same decisions, the same sums.

A third book is kept beside both, as a ledger would: what was settled, and what is under way.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from trunkline.canon.limit import Limit, Unit
from trunkline.storage.state import Claim, Standing, State
from trunkline.testing.fakes import ManualClock
from trunkline.testing.memory_state import MemoryCounts, MemoryState
from trunkline.testing.state_stage import Stage

_SECOND = 1_000_000


class Theatre(Stage, Protocol):
    """A stage whose clock can be set, and whose machine can be started again."""

    clock: ManualClock

    def restart(self) -> None:
        """All workers are gone at once, and what they counted is still there."""

    def close(self) -> None: ...


def _limit(counter: str, unit: Unit, most: int, window: int) -> Limit:
    return Limit(
        counter=counter, unit=unit, most=most, window=window * _SECOND, field="f", scope="key"
    )


LIMITS = (
    _limit("key/a/requests/60", Unit.REQUESTS, 5, 60),
    _limit("key/a/requests/86400", Unit.REQUESTS, 40, 86_400),
    _limit("key/a/tokens/60", Unit.TOKENS, 1000, 60),
    _limit("key/a/concurrent/0", Unit.CONCURRENT, 3, 0),
    _limit("key/a/cost/86400", Unit.COST, 2_000_000_003, 86_400),
    _limit("key/a/cost/0", Unit.COST, 5_000_000_007, 0),
    _limit("key/b/cost/0", Unit.COST, 1 << 61, 0),
    _limit("tenant/\u00e9" + "x" * 600, Unit.TOKENS, 1 << 61, 300),
    _limit("key/a/model/b/requests/60", Unit.REQUESTS, 4, 60),
    _limit("session/5e55/budget_usd", Unit.COST, 3_000_000_001, 300),
)
TOTALS = tuple(limit for limit in LIMITS if limit.unit is Unit.COST and not limit.window)

# Whole sixty-fourths, so that no clock has to round.
_MOVES = (0.015625, 0.5, 1.0, 4.984375, 5.0, 5.015625, 30.0, 59.984375, 60.0, 300.0, 86_400.0)
_TOKENS = st.sampled_from((0, 1, 7, 400, 999, 1000, 1001))
_COST = st.one_of(st.sampled_from((0, 1)), st.integers(0, 1_200_000_001))
_SOME = st.lists(st.integers(0, len(LIMITS) - 1), unique=True, max_size=len(LIMITS))
_ANY = st.integers(0, 1000)
"""Picks one of however many there are."""


class Histories(RuleBasedStateMachine):
    """A subclass says on which stage."""

    run = 0
    steps = 0

    def set_stage(self) -> Theatre:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        type(self).run += 1
        self.loop = asyncio.new_event_loop()
        self.stage = self.set_stage()
        self.counts = MemoryCounts(self.stage.clock, self.stage.ttl)
        self.workers: list[tuple[State, MemoryState]] = []
        self.held: dict[str, Claim] = {}
        """Under way: whoever holds them may be dead."""
        self.over: list[str] = []
        self.book = dict.fromkeys((limit.counter for limit in TOTALS), 0)
        """Nano-dollars: settled of each total, or restored."""
        self.number = 0

    def wait(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def worker(self, which: int) -> tuple[State, MemoryState]:
        return self.workers[which % len(self.workers)]

    def both(self, which: int, do: Any) -> None:
        """The same call of both gives the same."""
        real, model = self.worker(which)
        expected = self.wait(do(model))
        actual = self.wait(do(real))
        assert expected == actual

    @initialize(count=st.integers(1, 3), restored=st.booleans())
    def begin(self, count: int, restored: bool) -> None:
        for _ in range(count):
            self.arrive()
        if restored:
            self.both(0, lambda state: state.restore({}))

    def arrive(self) -> None:
        self.number += 1
        holder = f"worker-{self.number}"
        self.workers.append((self.wait(self.stage.open(holder)), MemoryState(self.counts, holder)))

    @precondition(lambda self: len(self.workers) < 4)
    @rule()
    def start_worker(self) -> None:
        self.arrive()

    def claim(self, some: Sequence[int], tokens: int, cost: int) -> Claim:
        self.number += 1
        return Claim(f"req-{self.number}", [LIMITS[at] for at in some], tokens, cost)

    @rule(claims=st.lists(st.tuples(_ANY, _SOME, _TOKENS, _COST), min_size=1, max_size=6))
    def admit(self, claims: Sequence[tuple[int, Sequence[int], int, int]]) -> None:
        """At the same time: a State that looks away between reading and writing is caught here."""
        made = [(self.worker(which), self.claim(*asked)) for which, *asked in claims]

        async def together(side: int) -> Sequence[Any]:
            return await asyncio.gather(*(who[side].admit(claim) for who, claim in made))

        expected, actual = self.wait(together(1)), self.wait(together(0))
        assert _told(expected) == _told(actual)
        for (_, claim), decision in zip(made, expected, strict=True):
            if not decision.refused:
                self.held[claim.lease] = claim

    @precondition(lambda self: self.held)
    @rule(which=_ANY, one=_ANY)
    def admit_again(self, which: int, one: int) -> None:
        """A lease that is held is nobody else's."""
        for state in self.worker(which):
            try:
                self.wait(state.admit(self.pick(one)))
            except ValueError:
                continue
            raise AssertionError("a lease that is held was claimed again")

    def pick(self, one: int) -> Claim:
        return list(self.held.values())[one % len(self.held)]

    @precondition(lambda self: self.held)
    @rule(which=_ANY, one=_ANY, tokens=_TOKENS, cost=_COST)
    def settle(self, which: int, one: int, tokens: int, cost: int) -> None:
        """By anybody."""
        claim = self.end(one)
        for state in self.worker(which):
            state.settle(claim.lease, tokens, cost)
        for limit in claim.limits:
            if limit.counter in self.book:
                self.book[limit.counter] += cost

    @precondition(lambda self: self.held)
    @rule(which=_ANY, one=_ANY)
    def withdraw(self, which: int, one: int) -> None:
        claim = self.end(one)
        for state in self.worker(which):
            state.withdraw(claim.lease)

    def end(self, one: int) -> Claim:
        claim = self.pick(one)
        del self.held[claim.lease]
        self.over.append(claim.lease)
        return claim

    @precondition(lambda self: self.over)
    @rule(which=_ANY, one=_ANY, settled=st.booleans())
    def end_again(self, which: int, one: int, settled: bool) -> None:
        """A second end is none."""
        lease = self.over[one % len(self.over)]
        for state in self.worker(which):
            if settled:
                state.settle(lease, 77, 77)
            else:
                state.withdraw(lease)

    @rule(seconds=st.sampled_from(_MOVES))
    def advance(self, seconds: float) -> None:
        self.wait(self.stage.advance(seconds))

    @rule(seconds=st.sampled_from((-86_400.0, -61.0, -0.5, 0.5, 61.0, 3600.0)))
    def set_clock(self, seconds: float) -> None:
        self.stage.clock.step(seconds)

    @rule(which=_ANY)
    def beat(self, which: int) -> None:
        self.both(which, lambda state: state.beat())

    @precondition(lambda self: len(self.workers) > 1)
    @rule(which=_ANY)
    def crash(self, which: int) -> None:
        """It says nothing any more, and does nothing."""
        self.workers.pop(which % len(self.workers))

    @precondition(lambda self: len(self.workers) > 1)
    @rule(which=_ANY)
    def leave(self, which: int) -> None:
        self.both(which, lambda state: state.aclose())
        self.workers.pop(which % len(self.workers))

    @rule()
    def restart(self) -> None:
        """Every worker is killed, and others start: nothing was lost but who they were."""
        self.workers.clear()
        self.stage.restart()
        self.counts.beats.clear()
        self.arrive()

    @rule(
        spent=st.lists(_COST, min_size=len(TOTALS), max_size=len(TOTALS)),
        left=st.sampled_from(_MOVES),
    )
    def lose(self, spent: Sequence[int], left: float) -> None:
        """The power goes; counters are restored from the ledger, while requests come in already."""
        for state, _ in self.workers:
            self.wait(state.aclose())
        self.workers.clear()
        self.wait(self.stage.lose())
        self.counts.lose()
        self.held.clear()
        self.arrive()
        self.arrive()
        self.admit([(0, range(len(LIMITS)), 7, 7)])
        closes = round((self.stage.clock.unix() + left) * _SECOND)
        restored = {
            limit.counter: Standing(amount, 0) for limit, amount in zip(TOTALS, spent, strict=True)
        }
        self.book.update({name: standing.used for name, standing in restored.items()})
        restored[LIMITS[2].counter] = Standing(100, closes, 10)
        restored[LIMITS[4].counter] = Standing(spent[0], closes - 60 * _SECOND)
        for which in range(2):  # the second is too late
            self.both(which, lambda state: state.restore(restored))

    @invariant()
    def stand_alike(self) -> None:
        type(self).steps += 1
        if not self.workers:
            return
        self.both(0, lambda state: state.look(LIMITS))
        real, model = self.workers[-1]
        assert model.lost == real.lost
        standings = self.wait(real.look(TOTALS))
        for limit, standing in zip(TOTALS, standings, strict=True):
            way = sum(c.cost for c in self.held.values() if limit in c.limits)
            assert (self.book[limit.counter] + way, way) == (standing.used, standing.reserved)

    def teardown(self) -> None:
        for state, _ in self.workers:
            self.wait(state.aclose())
        self.stage.close()
        self.loop.close()


def _told(decisions: Sequence[Any]) -> Sequence[tuple[list[int], list[Standing]]]:
    return [(list(one.refused), list(one.standings)) for one in decisions]
