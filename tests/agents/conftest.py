"""The agents that npm installed, and a gateway for each kind of upstream."""

import platform
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.agents.errand import Errand, Line
from tests.agents.tap import tapped
from tests.integration.program import serving, simulating

_PATHS = {
    "openai-chat": "/v1",
    "openai-responses": "/v1",
    "anthropic-messages": "",
    "gemini": "/v1beta",
}
"""What a base URL of the dialect ends in."""
CONFIG = """
[providers.up]
dialect = "{dialect}"
base_url = "{base}"
api_key = "sk-up"

[models.smart]
targets = ["up/sim-agent"]

[models.fast]
targets = ["up/sim-chat"]
"""


@pytest.fixture(scope="session")
def modules(repository: Path) -> Path:
    """Where npm put the agents."""
    found = repository / "tests/agents/node_modules"
    if not found.is_dir():
        pytest.skip("tests/agents/node_modules is missing: make test-agents")
    return found


@pytest.fixture(scope="session")
def installed(modules: Path) -> Callable[[str], str]:
    """The one file that a pattern finds: the build for this platform, of several the most modest."""

    def find(pattern: str) -> str:
        found = sorted(modules.glob(pattern), key=lambda path: ("baseline" not in str(path), path))
        if not found:
            pytest.skip(f"{pattern} is not there on {platform.machine()}: make test-agents")
        return str(found[0])

    return find


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on the PATH")
    return found


@pytest.fixture(scope="session")
def line(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Line]:
    """Agent, gateway, simulator; the parameter is the dialect between the latter two."""
    dialect = str(request.param)
    folder = tmp_path_factory.mktemp(dialect)
    with simulating(folder / "simulator") as simulator:
        config = CONFIG.format(dialect=dialect, base=simulator + _PATHS[dialect])
        with serving(folder / "gateway", config) as gateway, tapped(gateway.base) as tap:
            yield Line(dialect, gateway, simulator, tap)


@pytest.fixture
def errand(line: Line, tmp_path: Path) -> Errand:
    key = line.gateway.new_key(name="an agent")
    return Errand(line, tmp_path / "project", tmp_path / "home", key)
