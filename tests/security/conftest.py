"""Where a gateway's records are: in its data folder, or in a PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.homes import Home


@pytest.fixture(params=("sqlite", "postgres"))
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """Empty."""
    if request.param == "sqlite":
        yield Home(tmp_path)
    else:
        server = request.getfixturevalue("postgres")
        url = server.fresh()
        yield Home(tmp_path, url)
        server.drop(url)
