"""Random histories on LMDB: what it decides and what it has counted is what the model says."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.storage.histories import Histories
from tests.storage.lmdb.making import LmdbStage
from tests.storage.lmdb.planted import NaiveState, RoundingState
from trunkline.storage.lmdb.state import LmdbState

SETTINGS = settings(
    max_examples=max(200, settings.default.max_examples), stateful_step_count=30, deadline=None
)


class LmdbHistories(Histories):
    kind = LmdbState

    def set_stage(self):
        self.folder = tempfile.TemporaryDirectory()
        return LmdbStage(Path(self.folder.name), self.kind)

    def teardown(self):
        super().teardown()
        self.folder.cleanup()


class NaiveHistories(LmdbHistories):
    kind = NaiveState


class RoundingHistories(LmdbHistories):
    kind = RoundingState


@pytest.mark.timeout(600)
@pytest.mark.slow
def test_every_history_is_as_the_model_tells_it():
    """Admit, settle, withdraw, crash, restart, clocks set back, power cuts: sums to the nano-dollar."""
    run_state_machine_as_test(LmdbHistories, settings=SETTINGS)

    print(  # noqa: T201 - an honest zero names its N
        f"{LmdbHistories.run} histories, {LmdbHistories.steps} steps, 0 differences"
    )
    assert LmdbHistories.run >= SETTINGS.max_examples


@pytest.mark.slow
@pytest.mark.parametrize("planted", (NaiveHistories, RoundingHistories))
def test_a_planted_bug_is_caught(planted):
    """Histories that no bug could fail would prove nothing."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            planted,
            settings=settings(SETTINGS, phases=[Phase.generate], report_multiple_bugs=False),
        )
