"""Workers killed at any moment: no lock stays held, no count is half written, none is lost."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.storage.lmdb.victims import Audit, audit
from trunkline.storage.state import Standing

KILLS = 100
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def killed(folder: Path, kills: int, manner: str) -> Audit:
    subprocess.run(
        [sys.executable, "-m", "tests.storage.lmdb.victims", str(folder), str(kills), "1", manner],
        env={"PYTHONPATH": ":".join(sys.path)},
        check=True,
        timeout=500,
    )
    return asyncio.run(audit(folder))


def test_no_kill_miscounts_or_blocks(tmp_path: Path) -> None:
    """
    Counters equal what logs and leases say; and the logs alone, once the dead are settled.

    make soak-limits kills a thousand.
    """
    found = killed(tmp_path, KILLS, "honest")

    print(  # noqa: T201 - an honest zero names its N
        f"{KILLS} kills, {found.wanted} requests, {found.left} left by the dead"
    )
    assert found.wanted > KILLS
    assert found.expected == found.counted
    requests, cost, concurrent = found.after
    assert Standing(found.expected[0], 0) == requests
    assert Standing(found.settled, 0) == cost
    assert Standing(0, 0) == concurrent


def test_a_settlement_in_two_steps_is_caught(tmp_path: Path) -> None:
    """The planted bug: whoever dies between two transactions leaves them apart."""
    found = killed(tmp_path, KILLS, "torn")

    assert found.expected != found.counted
