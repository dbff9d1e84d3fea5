"""Several processes on one port: kept alive, told together, stopped together."""

import asyncio
import signal
import socket
from argparse import Namespace

import pytest

from tests.tenancy.sealed import Dice, Process
from trunkline.cli.settings import Settings
from trunkline.cli.workers import Supervisor, free_port, supervise
from trunkline.config.errors import ConfigError
from trunkline.storage.keks import KEK_FILE

# A worker that tells its supervisor what the test wants told, once it can hear the answer.
LOOP = "while :; do sleep 0.01; done"


def shell(script):
    return ["sh", "-c", script]


def test_a_dead_worker_is_replaced(tmp_path):
    """Until a signal says stop; that the dead ones failed before does not matter then."""
    file = tmp_path / "starts"
    script = f"echo x >> {file}; [ $(wc -l < {file}) -ge 4 ] || exit 1; trap 'exit 0' TERM; "
    code = Supervisor(shell(f"{script} kill -TERM $PPID; {LOOP}"), 1, pause=0.01).run()

    assert (0, 4) == (code, len(file.read_text().split()))


def test_every_worker_runs(tmp_path):
    """As many as were asked for, at the same time."""
    script = f"trap 'exit 0' TERM; echo > {tmp_path}/$$; [ $(ls {tmp_path} | wc -l) -lt 3 ] || kill -TERM $PPID; {LOOP}"

    Supervisor(shell(script), 3).run()
    assert 3 == len(list(tmp_path.iterdir()))


def test_a_reload_reaches_the_workers_and_stops_nobody(tmp_path):
    """SIGHUP is passed on; only what follows it ends the run."""
    file = tmp_path / "told"
    script = (
        f"trap 'echo hup >> {file}; kill -INT $PPID' HUP; trap 'echo int >> {file}; exit 0' INT"
    )

    assert 0 == Supervisor(shell(f"{script}; kill -HUP $PPID; {LOOP}"), 1).run()
    assert ["hup", "int"] == file.read_text().split()


def test_a_worker_that_a_reload_kills_is_replaced(tmp_path):
    """The run goes on after a SIGHUP."""
    file = tmp_path / "starts"
    script = f"echo x >> {file}; trap 'exit 0' HUP TERM; "
    script += f"[ $(wc -l < {file}) -ge 2 ] && kill -TERM $PPID || kill -HUP $PPID; {LOOP}"

    assert 0 == Supervisor(shell(script), 1, pause=0.01).run()
    assert 2 == len(file.read_text().split())


def test_the_second_signal_is_passed_on_too(tmp_path):
    """The first lets open answers finish, the second cuts them short."""
    script = "trap 'trap \"exit 0\" TERM; kill -TERM $PPID' TERM"

    assert 0 == Supervisor(shell(f"{script}; kill -TERM $PPID; {LOOP}"), 1).run()


def test_a_worker_that_ends_badly_is_told(tmp_path):
    """By the exit code, for whoever watches this process."""
    script = f"trap 'exit 3' TERM; kill -TERM $PPID; {LOOP}"

    assert 1 == Supervisor(shell(script), 1).run()


def test_a_worker_that_was_still_starting_has_not_failed():
    """Without a handler the forwarded signal itself ends it, which is what it was sent for."""
    assert 0 == Supervisor(shell(f"kill -TERM $PPID; {LOOP}"), 1).run()


def test_handlers_are_put_back():
    """Whoever called goes on with the signals as they were."""
    before = signal.getsignal(signal.SIGTERM)
    Supervisor(shell(f"trap 'exit 0' TERM; kill -TERM $PPID; {LOOP}"), 1).run()

    assert before == signal.getsignal(signal.SIGTERM)
    assert -1 == signal.set_wakeup_fd(-1)


@pytest.mark.parametrize("host", ("127.0.0.1", "localhost"))
def test_a_free_port(host):
    """Any for 0; the one asked for otherwise."""
    found = free_port(host, 0)

    assert found == free_port(host, found)


def test_a_port_that_is_taken_is_told_once(tmp_path, capsys):
    """Before any worker is started: they would fail one after the other, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        options = Namespace(config=None, data=tmp_path, host="127.0.0.1", port=port, workers=2)

        assert 1 == supervise(Settings(options, {}), 2)

    told = capsys.readouterr()
    assert "" == told.out
    assert f"cannot listen on http://127.0.0.1:{port}" in told.err


def test_what_keeps_all_workers_from_starting_is_told_once(tmp_path, capsys):
    """Nothing is said to be served, and no worker is started to fail for ever."""

    async def seal() -> None:
        async with Process(tmp_path, Dice()) as it:
            await it.create()

    asyncio.run(seal())
    (tmp_path / KEK_FILE).unlink()
    options = Namespace(config=None, data=tmp_path, host="127.0.0.1", port=0, workers=2)

    with pytest.raises(ConfigError, match="1 credentials of tenants are sealed"):
        supervise(Settings(options, {}), 2)
    assert "" == capsys.readouterr().out
