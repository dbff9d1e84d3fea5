"""A key that was revoked is refused by every worker within a second."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.revocations import revoke_under_load
from tests.integration.program import serving

WORKERS = 8
KEYS = 40
CONFIG = '[providers.near]\nkind = "sim"\n'


@pytest.mark.slow
def test_within_a_second(tmp_path: Path) -> None:
    """Forty of them over eight workers, each tried on until long after."""
    with serving(tmp_path, CONFIG, "--workers", str(WORKERS)) as gateway:
        gateway.await_workers(WORKERS)
        keys = [gateway.new_key(name=f"{number}") for number in range(KEYS)]
        outcomes = asyncio.run(revoke_under_load(gateway, keys))

    assert max(outcome.last for outcome in outcomes) < 1.0
    assert all(outcome.accepted and outcome.refused for outcome in outcomes)
