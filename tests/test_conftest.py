"""In CI nothing is skipped: a test that skips itself has failed there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = '''
"""Skips in every way there is."""
import pytest

def test_passes(): ...

def test_skips_inside():
    pytest.skip("inside")

@pytest.mark.skip(reason="marked")
def test_is_marked(): ...

@pytest.mark.xfail(strict=True)
def test_is_expected_to_fail():
    assert False

def test_wants_shared_data(shared): ...
'''
WHOLE_FILE = (
    '"""Skips itself."""\nimport pytest\n\npytest.skip("whole file", allow_module_level=True)\n'
)


def run(repository: Path, folder: Path, text: str, ci: str) -> str:
    """The last line of a run of these tests, with our conftest."""
    shutil.copyfile(repository / "tests/conftest.py", folder / "conftest.py")
    (folder / "test_skips.py").write_text(text)
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "TRUNKLINE_SHARED")}  # noqa: TID251 - a test of what the environment does
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            str(repository / "pyproject.toml"),
            "--rootdir",
            str(folder),
            str(folder),
        ],
        cwd=folder,
        env={**environment, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "ci", "counts"),
    (
        (SKIPS, "", "1 passed, 3 skipped, 1 xfailed"),
        (SKIPS, "true", "1 failed, 1 passed, 1 xfailed, 2 errors"),
        (WHOLE_FILE, "", "1 skipped"),
        (WHOLE_FILE, "true", "1 error"),
    ),
    ids=("skips", "skips-in-ci", "file", "file-in-ci"),
)
def test_a_skip_fails_in_ci_only(
    repository: Path, tmp_path: Path, text: str, ci: str, counts: str
) -> None:
    """A skip is a skip at a desk and a failure in CI; an expected failure is neither."""
    (tmp_path / "folder").mkdir()

    last = run(repository, tmp_path / "folder", text, ci)

    assert counts == last.split(" in ")[0], last
