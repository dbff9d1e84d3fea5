"""The locks pin everything with hashes, name no index, and agree with pyproject.toml."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("run", "local", "bedrock", "test", "clients", "weights")

_PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
_ADDRESS = re.compile(
    r"://|--(index|extra-index|find-links|trusted-host)|\bfile:|^\s*-[ief]\b|@ ", re.MULTILINE
)


def read(repository: Path, name: str) -> str:
    return (repository / f"requirements/{name}.lock").read_text("utf-8")


def pins(lock: str) -> Mapping[str, str]:
    """Names and versions."""
    return {canonicalize_name(name): version for name, version in _PIN.findall(lock)}


def faults(lock: str) -> list[str]:
    """Addresses, and pins without a hash."""
    found = [line.strip() for line in lock.splitlines() if _ADDRESS.search(line)]
    for entry in re.split(r"\n(?=\S)", lock):
        name = _PIN.match(entry)
        if name and "--hash=sha256:" not in entry:
            found.append(f"{name[1]}: no hash")
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_no_address(repository: Path, name: str) -> None:
    """Every pin carries its hashes; where packages come from is the installing machine's business."""
    lock = read(repository, name)

    assert [] == faults(lock)
    assert pins(lock)


@pytest.mark.parametrize(
    "line",
    (
        "--index-url https://packages.example/simple",
        "--find-links ./wheels",
        "a @ https://packages.example/a.whl --hash=sha256:00",
        "-e .",
        "a==1.0",
        "a==1.0 \\\n    # via b",
    ),
)
def test_a_fault_is_seen(line: str) -> None:
    """An index, a direct address, an editable, and a pin without hash are all seen."""
    sound = "b==2.0 \\\n    --hash=sha256:00\n    # via c\n"

    assert ([], 1) == (faults(sound), len(faults(sound + line)))


def test_the_locks_are_current(repository: Path) -> None:
    """Every dependency in pyproject.toml is in its lock, at a version it asks for."""
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "run": project["dependencies"],
        "local": [*project["dependencies"], *extras["local"]],
        "bedrock": [*project["dependencies"], *extras["bedrock"]],
        "test": [*project["dependencies"], *(line for lines in extras.values() for line in lines)],
    }
    stale = []
    for name, lines in wanted.items():
        locked = pins(read(repository, name))
        for requirement in map(Requirement, lines):
            version = locked.get(canonicalize_name(requirement.name))
            if version is None or not requirement.specifier.contains(version):
                stale.append(f"{name}: {requirement} but {version}")

    assert [] == stale, "make lock"


def test_the_locks_agree(repository: Path) -> None:
    """What is tested is what runs: the smaller locks hold nothing that test.lock does not."""
    tested = pins(read(repository, "test")).items()

    assert [[], [], []] == [
        sorted(pins(read(repository, name)).items() - tested)
        for name in ("run", "local", "bedrock")
    ]


def test_the_server_is_pinned_exactly(repository: Path) -> None:
    """The hot path subclasses a class of uvicorn's that is not its public interface."""
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]

    (uvicorn,) = [line for line in project["dependencies"] if line.startswith("uvicorn")]
    assert uvicorn == f"uvicorn=={pins(read(repository, 'run'))['uvicorn']}"


@pytest.mark.parametrize("folder", ("tests/js", "tests/agents", "tests/clients"))
def test_a_javascript_lock_has_no_address(repository: Path, folder: str) -> None:
    """npm's lock carries integrity hashes and no registry."""
    lock = (repository / folder / "package-lock.json").read_text("utf-8")

    assert (False, False, True) == ("://" in lock, '"resolved"' in lock, '"integrity"' in lock)
