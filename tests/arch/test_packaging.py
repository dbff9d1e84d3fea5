"""What is installed is what is in the repository: every file, no more."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.arch.test_places import committed


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The package as pip would install it, built from what is under version control."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in committed(repository):
        if path.startswith("src/") or path in ("pyproject.toml", "README.md", "LICENSE"):
            target = folder / "source" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if (repository / path).is_file():
                shutil.copyfile(repository / path, target)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--no-build-isolation",
            "--wheel-dir",
            str(folder),
            str(folder / "source"),
        ],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_file(repository: Path, wheel: zipfile.ZipFile) -> None:
    """Data files ship too; a new kind of file wants a line in [tool.setuptools.package-data]."""
    ours = {
        path.removeprefix("src/")
        for path in committed(repository)
        if path.startswith("src/") and (repository / path).is_file()
    }

    assert ours == {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_the_wheel_names_its_licence_and_command(wheel: zipfile.ZipFile) -> None:
    """The licence travels with the code, and `trunkline` is a command."""
    (licence,) = [name for name in wheel.namelist() if name.endswith("/LICENSE")]
    (commands,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]

    assert b"Apache License" in wheel.read(licence)
    assert b"trunkline = trunkline.cli.main:main" in wheel.read(commands)


def test_the_version_has_its_changes(repository: Path, wheel: zipfile.ZipFile) -> None:
    """The version is told in one place, and the changelog has an entry for it or is preparing one."""
    (metadata,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    version = wheel.read(metadata).decode().partition("\nVersion: ")[2].split()[0]

    assert version in (repository / "CHANGELOG.md").read_text("utf-8")


def test_every_dependency_has_its_reason(repository: Path) -> None:
    """Each run-time dependency is named in a decision record."""
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    records = "".join(p.read_text("utf-8") for p in (repository / "docs/adr").glob("*.md"))
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["local"], *extras["bedrock"]]

    assert [] == [line for line in wanted if line.split("=")[0].rstrip("<>") not in records]
