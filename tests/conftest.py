"""What holds for every test: no dice, and in CI nothing is skipped."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.storage import postgres_server

ROOT = Path(__file__).parent.parent

# The same examples on every run: a red build can be repeated, a green one means something.
# TRUNKLINE_HYPOTHESIS=explore looks for new ones (make explore).
hypothesis.settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,  # a busy machine is no bug
    database=None,
    max_examples=60,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "explore", deadline=None, max_examples=5000, print_blob=True, parent=hypothesis.settings()
)
_ENVIRONMENT = os.environ  # noqa: TID251 - the one place where tests read the environment
hypothesis.settings.load_profile(_ENVIRONMENT.get("TRUNKLINE_HYPOTHESIS", "fixed"))

NOTHING_IS_SKIPPED = _ENVIRONMENT.get("CI", "") not in ("", "0", "false")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the working tree."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded exchanges; tests that need it are skipped where it is absent."""
    folder = Path(_ENVIRONMENT.get("TRUNKLINE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set TRUNKLINE_SHARED)")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.PostgresServer]:
    """A PostgreSQL for all tests that only want databases of their own; it is never stopped."""
    yield from postgres_server.shared()


def _no_skip(why: str) -> str:
    return f"skipped, and in CI nothing may be skipped: {why}"


def _reason(longrepr: object) -> str:
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test has failed; an expected failure (xfail) has not."""
    report = yield
    if NOTHING_IS_SKIPPED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = _no_skip(_reason(report.longrepr))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself."""
    report = yield
    if NOTHING_IS_SKIPPED and report.skipped:
        report.outcome = "failed"
        report.longrepr = _no_skip(_reason(report.longrepr))
    return report
