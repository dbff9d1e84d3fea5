"""SIGKILL of senders in the middle of a delivery: every event arrives, signed."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.webhooks_killed import Found, killed


def where(request: pytest.FixtureRequest, folder: Path) -> str:
    return (
        request.getfixturevalue("postgres").fresh() if request.param == "postgres" else str(folder)
    )


@pytest.fixture(params=("sqlite", "postgres"))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return where(request, tmp_path)


def run(place: str, events: int, kills: int, manner: str, patience: float) -> Found:
    return asyncio.run(killed(place, events, kills, manner=manner, patience=patience))


@pytest.mark.slow
def test_every_event_arrives_however_often_its_sender_is_killed(place: str) -> None:
    """A receiver that fails three times of ten; duplicates are what a kill may leave behind."""
    found = run(place, 400, 4, "honest", 30.0)

    print(found)  # noqa: T201 - an honest zero names its N
    assert (4, 0, 0) == (found.kills, found.lost, found.forged)
    # What a killed sender had sent and not written down: at most all it had under way.
    assert found.duplicates <= 4 * 32


@pytest.mark.slow
def test_without_kills_nothing_arrives_twice(tmp_path: Path) -> None:
    """Two senders beside each other; one that is slow to answer may get a second try."""
    found = run(str(tmp_path), 400, 0, "honest", 30.0)

    assert (0, 0, 0) == (found.lost, found.duplicates, found.forged)


@pytest.mark.slow
def test_a_sender_that_writes_down_first_is_caught(tmp_path: Path) -> None:
    """The planted bug: what it had under way when it was killed never arrives."""
    found = run(str(tmp_path), 300, 3, "eager", 5.0)

    assert found.lost > 0
