"""Random histories on a real server: what it decides and what it has counted is what the model says."""

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.storage.histories import _ANY, _COST, _SOME, _TOKENS, LIMITS, Histories
from tests.storage.valkey.making import ValkeyStage
from tests.storage.valkey.planted import NaiveState
from trunkline.canon.limit import Unit
from trunkline.storage.state import Standing
from trunkline.storage.valkey.session import Pace
from trunkline.testing.fakes import ManualClock

SETTINGS = settings(
    max_examples=settings.default.max_examples // 3, stateful_step_count=30, deadline=None
)
_AHEAD = 86_400.0
# The machine stops the loop between two steps: what is under way then must not seem slow.
_CALM = Pace(settling=0.0, quiet=0.0, pulse=3600.0, timeout=30.0)
_RATES = [at for at, limit in enumerate(LIMITS) if limit.unit is not Unit.COST]
_TOTAL = next(limit for limit in LIMITS if limit.unit is Unit.COST and not limit.window)


class StandingStage(ValkeyStage):
    """The server's clock is a day ahead, and so stands still until it is moved: beside the model's."""

    def __init__(self, server):
        server.flush()
        with server.client() as client:
            self.clock = ManualClock(float(client.time()[0]) + _AHEAD)
        super().__init__(server, _CALM)
        self.set()

    def set(self):
        with self.server.client() as client:
            client.hset("{trunkline}:meta", "clock", round(self.clock.unix() * 1_000_000))

    async def advance(self, seconds):
        self.clock.advance(seconds)
        self.set()

    async def lose(self):
        await super().lose()
        self.set()

    def restart(self):
        raise NotImplementedError("a server that was restarted begins a new epoch")

    def close(self):
        pass


class ValkeyHistories(Histories):
    server = None
    wrap = staticmethod(lambda state: state)

    def set_stage(self):
        return StandingStage(self.server)

    def wait(self, awaitable):
        """What was settled is settled: here nobody looks before that."""

        async def after():
            for state, _ in self.workers:
                await state.arrived()
                await state._session.look()
            return await awaitable

        return self.loop.run_until_complete(after())

    @initialize(count=st.integers(1, 3))
    def begin(self, count):
        super().begin(count, restored=True)

    def arrive(self):
        super().arrive()
        real, model = self.workers[-1]
        self.workers[-1] = self.wrap(real), model

    def set_clock(self):
        """No rule here: a worker's own clock decides nothing."""

    def restart(self):
        """No rule here, but in test_session: what lives says what it holds, as the model cannot."""

    @rule(which=_ANY, claims=st.lists(st.tuples(_SOME, _TOKENS, _COST), min_size=1, max_size=6))
    def admit(self, which, claims):
        """At the same time, by one worker: of several nobody knows who comes first."""
        super().admit([(which, *asked) for asked in claims])

    @rule(which=_ANY)
    def crash(self, which):
        """It says nothing any more, nor does its heart beat in the background."""
        if len(self.workers) > 1:
            real, _ = self.workers.pop(which % len(self.workers))
            self.loop.run_until_complete(real._session.tasks.aclose())
            self.loop.run_until_complete(real._session.link.close())

    @rule(spent=st.integers(0, 1_200_000_001))
    def lose(self, spent):
        """All is gone; counters are restored from the ledger, while requests come in already."""
        while self.workers:
            self.wait(self.workers[-1][0].aclose())
            self.workers.pop()
        self.wait(self.stage.lose())
        self.counts.lose()
        self.held.clear()
        self.arrive()
        self.arrive()
        self.admit(0, [(_RATES, 7, 7)])
        self.book = dict.fromkeys(self.book, 0) | {_TOTAL.counter: spent}
        restored = {_TOTAL.counter: Standing(spent, 0)}
        for which in range(2):  # the second is too late
            self.both(which, lambda state: state.restore(restored))


@pytest.mark.timeout(600)
@pytest.mark.slow
def test_every_history_is_as_the_model_tells_it(server):
    """Admit, settle, withdraw, crash, leave, losses, time: sums to the nano-dollar."""

    class Here(ValkeyHistories):
        pass

    Here.server = server
    run_state_machine_as_test(Here, settings=SETTINGS)

    print(f"{Here.run} histories, {Here.steps} steps, 0 differences")  # noqa: T201 - an honest zero names its N
    assert Here.run >= SETTINGS.max_examples


@pytest.mark.slow
def test_a_planted_bug_is_caught(server):
    """Histories that no bug could fail would prove nothing."""

    class Here(ValkeyHistories):
        wrap = staticmethod(NaiveState)

    Here.server = server
    # What the naive one decides hangs on who is faster: Hypothesis may meet another end of the same
    # history before it can tell of the first.
    with pytest.raises((AssertionError, Flaky)):
        run_state_machine_as_test(
            Here, settings=settings(SETTINGS, phases=[Phase.generate], report_multiple_bugs=False)
        )
