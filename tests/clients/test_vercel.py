"""Vercel's AI SDK: vercel.test.mjs run by Node."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import UPSTREAMS, Line

_HERE = Path(__file__).parent


def test_vercel(line: Line, tmp_path: Path) -> None:
    """Plain, streamed, tool, image, structured and reasoning calls, errors, for each provider."""
    node = shutil.which("node")
    if node is None or not (_HERE / "node_modules").is_dir():
        pytest.skip("no node on the PATH, or no tests/clients/node_modules: make test-clients")

    ended = subprocess.run(
        [node, "--test", "vercel.test.mjs"],
        cwd=_HERE,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={
            "HOME": str(tmp_path),
            "GATEWAY_URL": line.gateway.base,
            "GATEWAY_KEY": line.gateway.key,
            "GATEWAY_UPSTREAMS": ",".join(UPSTREAMS),
        },
    )

    assert 0 == ended.returncode, f"{ended.stdout}\n{ended.stderr}"
    passed = re.search(r"^\S+ pass (\d+)$", ended.stdout, re.MULTILINE)
    assert passed is not None, ended.stdout
    assert int(passed[1]) > len(UPSTREAMS) * 8 * 5
    assert re.search(r"^\S+ skipped 0$", ended.stdout, re.MULTILINE)
