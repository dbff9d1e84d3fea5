"""The machine's clocks, behind the seam."""

from trunkline.kernel.clock import SystemClock


def test_clocks_run_forward():
    """Durations are never negative, and the wall clock is in this century."""
    clock = SystemClock()
    before = clock.monotonic()

    assert clock.monotonic() >= before
    assert 1_700_000_000 < clock.unix() < 4_102_444_800
