"""`trunkline sim` starts the simulator and stops when it is told to."""

import subprocess
import sys
import urllib.request

import pytest

from trunkline.cli.main import main


def test_it_serves_where_it_says(tmp_path):
    """The address is printed at once, even into a pipe; SIGTERM is an orderly end."""
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "trunkline", "sim", "--port", "0", "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            base = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"{base}/sim/log", timeout=30) as answer:
                assert 200 == answer.status
            process.terminate()
            assert 0 == process.wait(30)
        finally:
            process.kill()

    assert log.exists()


@pytest.mark.parametrize("port", ("70000", "x"))
def test_a_port_that_is_none(port, capsys):
    """Refused, rather than cut to what fits into sixteen bits."""
    with pytest.raises(SystemExit):
        main(["sim", "--port", port])

    assert "a number from 0 to 65535" in capsys.readouterr().err
