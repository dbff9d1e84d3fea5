"""The import contracts of pyproject.toml hold, and each of them sees a breach planted for it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.arch.tree import plant

LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


def lint(folder: Path, configuration: Path) -> subprocess.CompletedProcess[str]:
    """Runs every contract over the `trunkline` package in `folder`."""
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo", "--config", str(configuration)],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def rooms(repository: Path) -> list[str]:
    """The names of all layers, from the contract itself."""
    contracts = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    layers = contracts["tool"]["importlinter"]["contracts"][0]["layers"]
    return [name.strip(" ()") for layer in layers for name in layer.split("|")]


@pytest.fixture
def house(repository: Path, tmp_path: Path) -> Path:
    """A package with every room of ours, all empty."""
    plant(tmp_path, {"trunkline/__init__.py": ""})
    for room in rooms(repository):
        single = room == "__main__"
        plant(tmp_path, {f"trunkline/{room}{'' if single else '/__init__'}.py": ""})
    plant(
        tmp_path,
        {
            "trunkline/kernel/registry.py": "",
            "trunkline/dialects/registry.py": "import trunkline.kernel.registry\n",
            "trunkline/wiring/gateway.py": "import trunkline.dialects.registry\n",
        },
    )
    return tmp_path


def test_our_imports_keep_every_contract(repository: Path) -> None:
    """The package as it stands breaks no contract."""
    run = lint(repository / "src", repository / "pyproject.toml")

    assert 0 == run.returncode, run.stdout + run.stderr


def test_an_empty_house_keeps_every_contract(repository: Path, house: Path) -> None:
    """The planted package is sound before a breach is planted: the breach alone is what is seen."""
    run = lint(house, repository / "pyproject.toml")

    assert 0 == run.returncode, run.stdout + run.stderr


BREACHES = (
    ("kernel/up.py", "import trunkline.canon", "Data flows one way"),
    ("flow/up.py", "import trunkline.faces", "Data flows one way"),
    ("routing/aside.py", "import trunkline.providers", "Data flows one way"),
    ("dialects/down.py", "import trunkline.tenancy", "Data flows one way"),
    ("flow/dice.py", "import trunkline.dialects.registry", "Only the composition root"),
    ("cli/door.py", "import trunkline.dialects.registry", "Only the composition root"),
    ("wire/net.py", "import socket", "Translation does no I/O"),
    ("canon/when.py", "import time", "Translation does no I/O"),
    ("dialects/loop.py", "import asyncio", "Translation does no I/O"),
    ("kernel/json.py", "import msgspec", "The kernel knows nothing"),
    ("providers/sdk.py", "import openai", "No SDK, no HTTP client"),
    ("testing/test.py", "import pytest", "No SDK, no HTTP client"),
)


@pytest.mark.parametrize(("path", "line", "contract"), BREACHES)
def test_a_breach_is_seen(
    repository: Path, house: Path, path: str, line: str, contract: str
) -> None:
    """Each contract fails, by name, for an import it forbids."""
    plant(house, {f"trunkline/{path}": line + "\n"})

    run = lint(house, repository / "pyproject.toml")

    assert 0 != run.returncode
    assert [contract in run.stdout] == [
        text.startswith(contract) for text in run.stdout.splitlines() if "BROKEN" in text
    ], run.stdout + run.stderr


def test_a_room_without_a_layer_is_seen(repository: Path, house: Path) -> None:
    """A new room must be given its place in the layers first."""
    plant(house, {"trunkline/attic/__init__.py": ""})

    run = lint(house, repository / "pyproject.toml")

    assert 0 != run.returncode
    assert "trunkline.attic" in run.stdout


def test_a_cycle_of_siblings_is_seen(repository: Path, house: Path) -> None:
    """Two files of one room that import each other are seen."""
    plant(
        house,
        {
            "trunkline/flow/one.py": "import trunkline.flow.two\n",
            "trunkline/flow/two.py": "import trunkline.flow.one\n",
        },
    )

    run = lint(house, repository / "pyproject.toml")

    assert 0 != run.returncode
    assert "cycles between siblings, at any depth BROKEN" in run.stdout
