"""Memory is kept for the next body, and what start-up made is not walked again."""

import platform
import subprocess
import sys
from textwrap import dedent

import pytest

_BODIES = dedent(
    """
    import resource
    from trunkline.cli.memory import keep_freed

    assert keep_freed()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        held = [b"x" * 200_000 for _ in range(16)]
        del held
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    """
)
_SETTLED = dedent(
    """
    import gc
    from trunkline.cli.memory import settle

    held = [[] for _ in range(1000)]
    settle()
    print(gc.get_freeze_count() > 1000, len(gc.get_objects()) < 1000)
    """
)


def said(program: str) -> str:
    """By a process of its own: both are for ever."""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "" == ran.stderr
    return ran.stdout


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no other C library has mallopt")
def test_a_bodys_memory_serves_the_next() -> None:
    """Sixteen bodies of 49 pages each are paid for once, not a hundred times (75,000 page faults)."""
    assert int(said(_BODIES)) < 5_000


def test_what_start_up_made_is_frozen() -> None:
    """The collector walks what comes after."""
    assert "True True" == said(_SETTLED).strip()
