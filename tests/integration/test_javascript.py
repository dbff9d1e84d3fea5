"""The official JavaScript SDKs: tests/js run by Node, one file for each."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.conftest import UPSTREAMS
from tests.integration.program import Gateway

OLDEST_NODE = 18


@pytest.fixture(scope="module")
def node(repository: Path) -> str:
    """A Node that is new enough, with the SDKs beside the tests."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on the PATH: the JavaScript SDKs are not tested")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.strip().lstrip("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"node {version.stdout.strip()} is too old: {OLDEST_NODE} is needed")
    if not (repository / "tests/js/node_modules").is_dir():
        pytest.skip("tests/js/node_modules is missing: scripts/install test")
    return found


@pytest.mark.parametrize(
    ("name", "least"),
    (
        ("openai.test.mjs", len(UPSTREAMS) * 5),
        ("anthropic.test.mjs", len(UPSTREAMS) * 5),
        ("responses.test.mjs", len(UPSTREAMS) * 5),
        ("embeddings.test.mjs", 5),
    ),
)
def test_a_javascript_sdk(
    repository: Path, node: str, gateway: Gateway, tmp_path: Path, name: str, least: int
) -> None:
    """Plain, streamed, tool, image, structured and reasoning calls, errors, models and embeddings."""
    ended = subprocess.run(
        [node, "--test", name],
        cwd=repository / "tests/js",
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={
            "HOME": str(tmp_path),
            "GATEWAY_URL": gateway.base,
            "GATEWAY_KEY": gateway.key,
            "GATEWAY_UPSTREAMS": ",".join(UPSTREAMS),
        },
    )

    assert 0 == ended.returncode, f"{ended.stdout}\n{ended.stderr}"
    passed = re.search(r"^\S+ pass (\d+)$", ended.stdout, re.MULTILINE)
    assert passed is not None, ended.stdout
    assert int(passed[1]) > least
    assert re.search(r"^\S+ skipped 0$", ended.stdout, re.MULTILINE)
