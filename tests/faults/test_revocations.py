"""A key that was revoked is refused by every worker within a second."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.revocations import revoke_under_load
from tests.integration.program import serving
from tests.keeping import kept

WORKERS = 4
KEYS = 20
CONFIG = '[providers.near]\nkind = "sim"\n'


@pytest.mark.slow
def test_within_a_second(tmp_path: Path) -> None:
    """Each of twenty is tried on over four workers until long after; make races: a thousand over eight."""
    with serving(tmp_path, CONFIG, "--workers", str(WORKERS)) as gateway:
        gateway.await_workers(WORKERS)

        async def latest() -> float:
            keys = [await asyncio.to_thread(gateway.new_key, name=f"{n}") for n in range(KEYS)]
            outcomes = await revoke_under_load(gateway, keys)
            assert all(outcome.accepted and outcome.refused for outcome in outcomes)
            return max(outcome.last for outcome in outcomes)

        assert asyncio.run(kept(1.0, latest))
