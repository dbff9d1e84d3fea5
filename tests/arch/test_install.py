"""The commands of a fresh checkout: described, sound, and quick the second time."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = ("scripts/install", "scripts/lock", "scripts/test", ".ci/run")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_sound_bash(repository: Path, script: str) -> None:
    """It parses, and can be executed."""
    run = subprocess.run(["bash", "-n", script], cwd=repository, capture_output=True, check=False)

    assert (0, b"") == (run.returncode, run.stderr)
    assert (repository / script).stat().st_mode & 0o111


def test_ci_runs_what_everybody_runs(repository: Path) -> None:
    """CI calls `make test` and nothing else."""
    lines = (repository / ".ci/run").read_text("utf-8").splitlines()
    commands = [x for x in lines if x and not x.startswith(("#", "set ", "cd "))]

    assert ["exec make test"] == commands


def test_every_target_is_described(repository: Path) -> None:
    """`make help` lists each target there is."""
    makefile = (repository / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    described = set(re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE))
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets == described == set(phony.split())


def test_a_second_install_does_nothing(repository: Path) -> None:
    """With nothing changed, an install says nothing and installs nothing."""
    if not (repository / ".venv/stamps/checks").is_file():
        pytest.skip("this checkout was not installed by scripts/install")

    run = subprocess.run(
        ["scripts/install", "test"], cwd=repository, capture_output=True, text=True, check=False
    )

    said = [line for line in run.stderr.splitlines() if "no Node >= 18" not in line]
    assert (0, "", []) == (run.returncode, run.stdout, said)


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """The installer alone, with an empty .venv that it believes to be whole."""
    shutil.copytree(repository / "scripts", tmp_path / "scripts")
    shutil.copytree(repository / "requirements", tmp_path / "requirements")
    shutil.copyfile(repository / "pyproject.toml", tmp_path / "pyproject.toml")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/stamps").mkdir()
    return tmp_path


def fake_python(checkout: Path, behaviour: str) -> None:
    """A `python` that writes down what pip was asked to install, then behaves as told."""
    python = checkout / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\necho "$*" >> asked\ncase "$*" in {behaviour} esac\n')
    python.chmod(0o755)


def install(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["scripts/install", "run"],
        cwd=checkout,
        env={"PATH": f"{checkout}/.venv/bin:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_an_engine_the_gateway_still_runs(checkout: Path) -> None:
    """Where the embedded model has no wheel, one line says so, once, and the install succeeds."""
    no_wheel = 'echo "ERROR: No matching distribution found for it" >&2; exit 1'
    fake_python(checkout, f"*local.lock*) {no_wheel};; *) exit 0;;")

    runs = [install(checkout), install(checkout)]

    assert [(0, 1), (0, 0)] == [
        (run.returncode, run.stderr.count("provider `local` is off")) for run in runs
    ]


def test_a_broken_download_is_tried_again(checkout: Path) -> None:
    """A network that fails is retried, then at the next start; it never stops the gateway."""
    fake_python(checkout, "*local.lock*) echo timed out >&2; exit 1;; *) exit 0;;")
    # The installer's pauses are for real networks.
    (checkout / ".venv/bin/sleep").write_text("#!/bin/sh\n")
    (checkout / ".venv/bin/sleep").chmod(0o755)

    run = install(checkout)

    asked = (checkout / "asked").read_text().count("local.lock")
    assert (0, 3) == (run.returncode, asked)
    assert not (checkout / ".venv/stamps/local").exists()


def test_an_install_is_not_repeated_until_a_lock_changes(checkout: Path) -> None:
    """The second call asks pip for nothing; after a change of the lock it asks again."""
    fake_python(checkout, "*) exit 0;;")
    asked = checkout / "asked"

    counts = []
    for _ in range(2):
        install(checkout)
        counts.append(len(asked.read_text().splitlines()))
    with (checkout / "requirements/run.lock").open("a") as lock:
        lock.write("# changed\n")
    install(checkout)
    counts.append(len(asked.read_text().splitlines()))

    assert [3, 3, 5] == counts


def test_every_install_checks_hashes(checkout: Path) -> None:
    """pip is never asked for a package without its hash; our own needs no index."""
    fake_python(checkout, "*) exit 0;;")

    install(checkout)

    asked = (checkout / "asked").read_text().splitlines()
    assert [] == [x for x in asked if "--require-hashes" not in x and "--no-index" not in x]


def test_the_checks_run_on_a_supported_python() -> None:
    """pyproject.toml's promise and the interpreter that checks it agree."""
    assert sys.version_info >= (3, 11)
