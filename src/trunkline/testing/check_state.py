"""
The conformance suite of shared counters: whatever passes it can stand behind storage/state.py.

As in suites.py, it returns a list of what is wrong, in words; an empty list is a pass.
"""

import asyncio
from collections.abc import Awaitable, Callable

from trunkline.canon.limit import Unit
from trunkline.storage.state import Decision, Standing
from trunkline.testing.state_stage import MINUTE, Scene, Stage

_MICROS = 1_000_000
_LONG = "session/" + "\u00e9" * 600
"""Longer than any key may be in LMDB (511 bytes)."""


Check = Callable[[Scene], Awaitable[None]]


async def check_state(stage: Stage) -> list[str]:
    """Every check, on one set of counters; the last of them loses it."""
    scene = Scene(stage)
    first = await scene.state()
    scene.expect("lost at the first start", [True], [first.lost])
    await first.restore({})
    scene.expect("lost once restored", [False], [first.lost])
    await scene.close()
    for check in CHECKS:
        try:
            await check(scene)
        except Exception as error:  # noqa: BLE001 - finding these is the point
            scene.wrong.append(f"{check.__name__.strip('_')} raises {error!r}")
        await scene.close()
    return scene.wrong


def _told(decision: Decision) -> tuple[list[int], list[int]]:
    return list(decision.refused), [standing.used for standing in decision.standings]


async def _counts_exactly(scene: Scene) -> None:
    state, limit = await scene.state(), scene.limit(Unit.REQUESTS, 3)
    decisions = [await state.admit(scene.claim(limit)) for _ in range(5)]
    expected = [([], [1]), ([], [2]), ([], [3]), ([0], [3]), ([0], [3])]
    scene.expect("five requests of at most three", expected, [_told(d) for d in decisions])
    scene.expect("reserved of requests", [0], await scene.reserved(state, limit))
    measured = scene.limit(Unit.COST, 100)
    decisions = [await state.admit(scene.claim(measured, cost=cost)) for cost in (60, 41, 40, 0, 1)]
    expected = [([], [60]), ([0], [60]), ([], [100]), ([], [100]), ([0], [100])]
    scene.expect("60, 41, 40, 0, 1 of at most 100", expected, [_told(d) for d in decisions])


async def _all_or_nothing(scene: Scene) -> None:
    state = await scene.state()
    requests, tokens = scene.limit(Unit.REQUESTS, 9), scene.limit(Unit.TOKENS, 10)
    cost, at_once = scene.limit(Unit.COST, 10, 0), scene.limit(Unit.CONCURRENT, 1, 0)
    limits = (requests, tokens, cost, at_once)
    await state.admit(scene.claim(*limits, tokens=4, cost=5))
    decision = await state.admit(scene.claim(*limits, tokens=5, cost=6))
    scene.expect("one refused in two of four", ([2, 3], [1, 4, 5, 1]), _told(decision))
    scene.expect("what a refused one leaves", [1, 4, 5, 1], await scene.used(state, *limits))
    scene.expect("what is reserved", [0, 4, 5, 1], await scene.reserved(state, *limits))


async def _windows(scene: Scene) -> None:
    state, limit = await scene.state(), scene.limit(Unit.REQUESTS, 2)
    (before,) = await state.look([limit])
    scene.expect("a window that nobody opened", Standing(0, 0), before)
    opened = (await state.admit(scene.claim(limit))).standings[0].closes
    await scene.stage.advance(MINUTE * 0.8)
    later = (await state.admit(scene.claim(limit))).standings[0].closes
    scene.expect("an open window's end, once set", opened, later)
    refused = await state.admit(scene.claim(limit))
    scene.expect("a third within the window", [0], list(refused.refused))
    await scene.stage.advance(MINUTE * 0.3)
    (closed,) = await state.look([limit])
    scene.expect("a window that has closed", Standing(0, 0), closed)
    again = await state.admit(scene.claim(limit))
    scene.expect("the first of the next window", ([], [1]), _told(again))
    if not again.standings[0].closes > opened:
        scene.wrong.append("the next window closes no later than the one before")


async def _a_refusal_opens_nothing(scene: Scene) -> None:
    state, limit = await scene.state(), scene.limit(Unit.TOKENS, 10)
    decision = await state.admit(scene.claim(limit, tokens=11))
    scene.expect("one that is too large at once", [0], list(decision.refused))
    scene.expect("the window it did not open", [Standing(0, 0)], list(await state.look([limit])))


async def _settles(scene: Scene) -> None:
    state = await scene.state()
    requests, tokens = scene.limit(Unit.REQUESTS, 9), scene.limit(Unit.TOKENS, 100)
    cost, at_once = scene.limit(Unit.COST, 100, 0), scene.limit(Unit.CONCURRENT, 2, 0)
    limits = (requests, tokens, cost, at_once)
    one, two = (scene.claim(*limits, tokens=50, cost=40) for _ in range(2))
    await state.admit(one)
    await state.admit(two)
    state.settle(one.lease, 20, 70)
    scene.expect("used once one is settled", [2, 70, 110, 1], await scene.used(state, *limits))
    scene.expect("reserved by the other", [0, 50, 40, 1], await scene.reserved(state, *limits))
    state.settle(one.lease, 20, 70)
    state.withdraw(one.lease)
    state.settle(scene.name("unknown"), 5, 5)
    scene.expect("settled twice", [2, 70, 110, 1], await scene.used(state, *limits))
    state.settle(two.lease, 0, 0)
    scene.expect("both settled", [2, 20, 70, 0], await scene.used(state, *limits))
    scene.expect("nothing reserved", [0, 0, 0, 0], await scene.reserved(state, *limits))


async def _withdraws(scene: Scene) -> None:
    state = await scene.state()
    limits = (
        scene.limit(Unit.REQUESTS, 9),
        scene.limit(Unit.TOKENS, 100),
        scene.limit(Unit.CONCURRENT, 2, 0),
    )
    claim = scene.claim(*limits, tokens=50)
    await state.admit(claim)
    state.withdraw(claim.lease)
    scene.expect("a withdrawn one", [0, 0, 0], await scene.used(state, *limits))
    state.settle(claim.lease, 7, 7)
    scene.expect("a withdrawn one, settled", [0, 0, 0], await scene.used(state, *limits))
    scene.expect("what it reserves", [0, 0, 0], await scene.reserved(state, *limits))
    again = await state.admit(claim)
    scene.expect("its lease, free again", ([], [1, 50, 1]), _told(again))


async def _late_settlement(scene: Scene) -> None:
    """An amount belongs to the window it was charged in, and not to the next."""
    state = await scene.state()
    minute, total = scene.limit(Unit.COST, 100), scene.limit(Unit.COST, 1000, 0)
    requests = scene.limit(Unit.REQUESTS, 9)
    limits = (minute, total, requests)
    old, withdrawn = (scene.claim(*limits, cost=30) for _ in range(2))
    await state.admit(old)
    await state.admit(withdrawn)
    await scene.stage.advance(MINUTE * 1.1)
    scene.expect("used after its window", [0, 60, 0], await scene.used(state, *limits))
    await state.admit(scene.claim(*limits, cost=10))
    state.settle(old.lease, 0, 50)
    state.withdraw(withdrawn.lease)
    scene.expect("settled in the next window", [10, 60, 1], await scene.used(state, *limits))
    scene.expect("reserved there", [10, 10, 0], await scene.reserved(state, *limits))


async def _a_lease_is_one(scene: Scene) -> None:
    state, other, limit = await scene.state(), await scene.state(), scene.limit(Unit.REQUESTS, 9)
    claim = scene.claim(limit)
    await state.admit(claim)
    for whose in (state, other):
        try:
            await whose.admit(claim)
            scene.wrong.append("a lease that is held can be claimed again")
        except ValueError:
            pass
    scene.expect("a lease claimed twice", [1], await scene.used(state, limit))


async def _a_total_never_closes(scene: Scene) -> None:
    state, total = await scene.state(), scene.limit(Unit.COST, 100, 0)
    claim = scene.claim(total, cost=60)
    decision = await state.admit(claim)
    scene.expect("when a total closes", 0, decision.standings[0].closes)
    state.settle(claim.lease, 0, 60)
    await scene.stage.arrived()
    await scene.stage.advance(400 * 86_400.0)
    await state.beat()
    refused = await state.admit(scene.claim(total, cost=50))
    scene.expect("a total, a year later", ([0], [60]), _told(refused))


async def _shared(scene: Scene) -> None:
    """Two workers, many requests at the same time, one limit of each kind."""
    states = [await scene.state(), await scene.state()]
    for unit in Unit:
        limit = scene.limit(unit, 20, 0 if unit is Unit.CONCURRENT else MINUTE)
        claims = [scene.claim(limit, tokens=1, cost=1) for _ in range(60)]
        decisions = await asyncio.gather(
            *(states[at % 2].admit(claim) for at, claim in enumerate(claims))
        )
        admitted = [c for c, d in zip(claims, decisions, strict=True) if not d.refused]
        scene.expect(f"admitted of 60 under 20 {unit.value}", 20, len(admitted))
        scene.expect(f"used of 20 {unit.value}", [20], await scene.used(states[0], limit))
        states[1].settle(admitted[0].lease, 0, 0)
        left = [20] if unit is Unit.REQUESTS else [19]
        scene.expect("what another worker settled", left, await scene.used(states[0], limit))


async def _a_holder_dies(scene: Scene) -> None:
    dead, alive = await scene.state(), await scene.state()
    at_once, cost = scene.limit(Unit.CONCURRENT, 2, 0), scene.limit(Unit.COST, 100, 0)
    limits = (at_once, cost)
    orphan, own = (scene.claim(*limits, cost=30) for _ in range(2))
    await dead.admit(orphan)
    await alive.admit(own)
    await scene.stage.advance(scene.stage.ttl * 0.7)
    scene.expect("abandoned by nobody", [], list(await alive.beat()))
    await scene.stage.advance(scene.stage.ttl * 0.7)
    found = await alive.beat()
    scene.expect("abandoned by the dead", [orphan.lease], [one.lease for one in found])
    scene.expect("what it still uses", [1, 60], await scene.used(alive, *limits))
    scene.expect("found again", [orphan.lease], [one.lease for one in await alive.beat()])
    scene.expect("given back once", [1, 60], await scene.used(alive, *limits))
    alive.settle(orphan.lease, 0, 10)
    scene.expect("settled by another", [1, 40], await scene.used(alive, *limits))
    dead.settle(orphan.lease, 0, 99)
    scene.expect("settled by the dead", [1, 40], await scene.used(alive, *limits))
    scene.expect("nothing to settle", [], list(await alive.beat()))
    await dead.beat()
    await dead.admit(scene.claim(*limits, cost=1))
    scene.expect("a holder that is back", [], list(await alive.beat()))


async def _a_holder_leaves(scene: Scene) -> None:
    leaving, staying = await scene.state(), await scene.state()
    limits = (scene.limit(Unit.CONCURRENT, 1, 0), scene.limit(Unit.TOKENS, 100))
    claim = scene.claim(*limits, tokens=10)
    await leaving.admit(claim)
    await leaving.aclose()
    found = await staying.beat()
    scene.expect("left behind", [claim.lease], [one.lease for one in found])
    scene.expect("what it still uses", [0, 10], await scene.used(staying, *limits))
    staying.settle(claim.lease, 3, 0)
    scene.expect("settled by who stayed", [0, 3], await scene.used(staying, *limits))


async def _odd_names(scene: Scene) -> None:
    state = await scene.state()
    limits = [
        scene.limit(Unit.REQUESTS, 1, counter=name)
        for name in (_LONG + "a", _LONG + "b", "a b\n\0c", "{x}", "\u00e9\U0001f600")
    ]
    for limit in limits:
        scene.expect(
            f"{limit.counter[-9:]!r}", [], list((await state.admit(scene.claim(limit))).refused)
        )
    scene.expect("each of these names", [1] * 5, await scene.used(state, *limits))
    none = await state.admit(scene.claim())
    scene.expect("a claim on no limit", ([], []), _told(none))


async def _many_limits(scene: Scene) -> None:
    state = await scene.state()
    limits = [scene.limit(unit, 5) for unit in Unit for _ in range(8)]
    decisions = [await state.admit(scene.claim(*limits, tokens=1, cost=1)) for _ in range(6)]
    scene.expect(
        "32 limits at once", [[]] * 5 + [list(range(32))], [list(d.refused) for d in decisions]
    )


async def _lost_and_restored(scene: Scene) -> None:
    # Not COST, which a backend may refuse until it is restored.
    total, minute = scene.limit(Unit.TOKENS, 1000, 0), scene.limit(Unit.TOKENS, 1000)
    past = scene.limit(Unit.TOKENS, 1000)
    await scene.stage.lose()
    one, two = await scene.state(), await scene.state()
    scene.expect("lost", (True, True), (one.lost, two.lost))
    claim = scene.claim(total, minute, past, tokens=10)
    decision = await one.admit(claim)
    closes = decision.standings[1].closes
    counts = {
        total.counter: Standing(500, 0),
        minute.counter: Standing(70, closes - round(MINUTE / 2 * _MICROS), 20),
        past.counter: Standing(99, closes - round(MINUTE * 2 * _MICROS)),
    }
    await one.restore(counts)
    await two.beat()  # now it knows, where it did not at once
    scene.expect("lost, once restored", (False, False), (one.lost, two.lost))
    await two.restore(counts)
    limits = (total, minute, past)
    scene.expect("restored once", [510, 80, 10], await scene.used(two, *limits))
    scene.expect("reserved and restored", [10, 30, 10], await scene.reserved(two, *limits))
    one.settle(claim.lease, 15, 0)
    scene.expect("settled since", [515, 85, 15], await scene.used(two, *limits))
    await scene.stage.advance(MINUTE * 0.7)
    scene.expect("the ledger's window closes", [515, 0, 15], await scene.used(two, *limits))


CHECKS: tuple[Check, ...] = (
    _counts_exactly,
    _all_or_nothing,
    _windows,
    _a_refusal_opens_nothing,
    _settles,
    _withdraws,
    _late_settlement,
    _a_lease_is_one,
    _shared,
    _a_holder_dies,
    _a_holder_leaves,
    _odd_names,
    _many_limits,
    _a_total_never_closes,
    _lost_and_restored,
)
