"""One world for a whole file of tests: they share its ledger, and no names."""

from collections.abc import Iterator

import pytest

from tests.faults.gateway import World, world


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The gateway before two simulators."""
    with world(tmp_path_factory.mktemp("data")) as made:
        yield made
