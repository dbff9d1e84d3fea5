"""Each recording its own test: found before the tests are, for their names are in the parameters."""

import os
from pathlib import Path

import pytest

from tests.conformance.recordings import recordings
from tests.conformance.suites import verdict
from tests.conformance.table import page

_ROOT = Path(__file__).parent.parent.parent
_SHARED = os.environ.get("TRUNKLINE_SHARED")  # noqa: TID251 - as in tests/conftest.py, which fixtures come too late for


def _shared() -> Path:
    return Path(_SHARED) if _SHARED else _ROOT.parent / "shared"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a `recording` runs with all that its module's CONCERNS lets through."""
    concerns = getattr(metafunc.module, "CONCERNS", None)
    if concerns is None or "recording" not in metafunc.fixturenames:
        return
    shared = _shared()
    if not shared.is_dir():
        reason = f"no shared data at {shared} (set TRUNKLINE_SHARED)"
        absent = pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")
        metafunc.parametrize("recording", (absent,))
        return
    found = [r for r in recordings(shared) if concerns(r)]
    metafunc.parametrize("recording", found, ids=[r.id for r in found])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How every provider fares with either client, unless quiet, where all suites have run."""
    told = terminalreporter.config.get_verbosity() >= 0 and _shared().is_dir()
    if told and verdict.cache_info().currsize >= len(recordings(_shared())):
        terminalreporter.section("conformance")
        terminalreporter.write(page(_shared()).partition("\n|")[2])
