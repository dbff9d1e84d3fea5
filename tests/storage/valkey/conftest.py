"""A server for the tests of a file, emptied before each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.valkey_server import ValkeyServer, program


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    if program() is None:
        pytest.skip("neither valkey-server nor redis-server is installed (scripts/install test)")
    server = ValkeyServer(tmp_path_factory.mktemp("valkey"))
    yield server
    server.close()


@pytest.fixture
def server(_server: ValkeyServer) -> ValkeyServer:
    _server.flush()
    return _server


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[ValkeyServer]:
    """One that the test may kill."""
    if program() is None:
        pytest.skip("neither valkey-server nor redis-server is installed (scripts/install test)")
    server = ValkeyServer(tmp_path)
    yield server
    server.close()
