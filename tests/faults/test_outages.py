"""A database, a disk or a counters' server goes away under load, or workers are killed: money stays exact."""

from pathlib import Path

import pytest

from tests.faults import outage_bugs as bugs
from tests.faults.disks import mountable
from tests.faults.gateway_killed import killed
from tests.faults.outage_bugs import planted
from tests.faults.outage_cases import disk_full, postgres_away, sqlite_locked, valkey_away
from tests.storage.postgres_server import programs, running
from tests.storage.valkey_server import program

pytestmark = pytest.mark.slow

AWAY = 3.0
"""Seconds: PATIENCE, what it takes to notice, and a second of being refused."""
KILLS = 6

needs_valkey = pytest.mark.skipif(program() is None, reason="no Valkey or Redis is installed")


@pytest.fixture
def own_disk(tmp_path: Path) -> Path:
    """A folder beneath which a file system may be mounted."""
    if not mountable(tmp_path):
        pytest.skip("no file system may be mounted here")
    return tmp_path / "gateway"


@pytest.mark.skipif(programs() is None, reason="no PostgreSQL is installed")
def test_postgresql_is_stopped_and_started(tmp_path: Path) -> None:
    """Budgets fail closed, all others never notice, nothing is lost, all are served again at once."""
    with running() as server:
        found = postgres_away(tmp_path, server, AWAY)

    assert [] == found.faults


def test_sqlite_is_locked_by_another_process(tmp_path: Path) -> None:
    """The same."""
    assert [] == sqlite_locked(tmp_path, AWAY).faults


def test_the_disk_is_full(own_disk: Path) -> None:
    """Everybody gets a 503, no worker dies, what was acknowledged is kept, and it goes on by itself."""
    assert [] == disk_full(own_disk, AWAY).faults


@needs_valkey
@pytest.mark.parametrize("way, seconds", (("flush", 0.5), ("kill", 2.0), ("freeze", 2.0)))
def test_the_counters_server_goes_away(tmp_path: Path, way: str, seconds: float) -> None:
    """Flushed, killed and begun anew empty, frozen: never more than may be, and all is known again."""
    assert [] == valkey_away(tmp_path, way, seconds).faults


@pytest.mark.parametrize("kind", ("sqlite", "postgres"))
def test_workers_are_killed(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    """Nothing acknowledged is lost, and the counters are what the ledger says, to the nano-dollar."""
    database = "" if kind == "sqlite" else request.getfixturevalue("postgres").fresh()

    assert [] == killed(tmp_path, KILLS, database=database).faults


@pytest.mark.parametrize(
    "bug", (bugs.DROPS_WHAT_WAITS, bugs.SERVES_ON_HOPE), ids=("lossy", "hopeful")
)
def test_a_lossy_or_hopeful_gateway_is_caught(tmp_path: Path, bug: str) -> None:
    """Planted: so the tests of databases can fail."""
    assert [] != sqlite_locked(tmp_path, AWAY, planted(tmp_path, bug)).faults


def test_a_gateway_that_holds_nothing_is_caught(own_disk: Path, tmp_path: Path) -> None:
    """Planted: so the test of full disks can fail."""
    assert [] != disk_full(own_disk, 1.0, planted(tmp_path, bugs.HOLDS_NOTHING)).faults


@needs_valkey
def test_a_gateway_that_restores_nothing_is_caught(tmp_path: Path) -> None:
    """Planted: so the tests of a server that forgets can fail."""
    found = valkey_away(tmp_path, "flush", 0.5, planted(tmp_path, bugs.BEGINS_ANEW))

    assert [] != found.faults


def test_a_gateway_that_forgets_the_dead_is_caught(tmp_path: Path) -> None:
    """Planted: so the tests of kills can fail."""
    found = killed(tmp_path, KILLS, environ=planted(tmp_path, bugs.FORGETS_THE_DEAD))

    assert [] != found.faults
