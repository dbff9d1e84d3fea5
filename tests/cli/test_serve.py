"""`trunkline serve`: listens, reloads, stops; the file is watched with patience."""

import asyncio
import os
import re
import signal
import socket
from argparse import Namespace

import pytest
import uvloop

from trunkline.cli.main import main
from trunkline.cli.serve import Watched, _serve
from trunkline.cli.settings import Settings

CONFIG = "[providers.sim]\n"


@pytest.fixture
def settings(tmp_path):
    """Of a configuration with the simulator alone, on a free port."""
    file = tmp_path / "t.toml"
    file.write_text(CONFIG)
    options = Namespace(config=file, data=tmp_path / "data", host="127.0.0.1", port=0, workers=None)
    return Settings(options, {})


def run(test):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(test, 60))


async def until(true):
    while not (found := true()):  # noqa: ASYNC110 - what is waited for is printed, not signalled
        await asyncio.sleep(0.001)
    return found


def test_from_the_start_to_an_orderly_end(settings, capsys):
    """It answers where it says, keeps the good configuration over a bad one, and stops on SIGTERM."""
    printed, logged = [], []

    def said(pattern, kept, stream):
        kept.append(getattr(capsys.readouterr(), stream))
        return re.search(pattern, "".join(kept))

    async def test():
        task = asyncio.get_running_loop().create_task(_serve(settings, quiet=False))
        port = int((await until(lambda: said(r"serves on http://127\S+:(\d+)", printed, "out")))[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()

        settings.file.write_text("[server]\nbad = 1\n")
        os.kill(os.getpid(), signal.SIGHUP)
        refused = await until(lambda: said("configuration refused.*", logged, "err"))
        assert "server.bad: unknown key" in refused[0]

        settings.file.write_text(CONFIG)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: said("configuration loaded", logged, "err"))
        os.kill(os.getpid(), signal.SIGTERM)
        return await task

    assert 0 == run(test())


def test_a_place_that_is_taken(settings, capsys, caplog):
    """One line that says where, why and what to do; nothing else is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings._options.port = other.getsockname()[1]

        assert 1 == run(_serve(settings, quiet=False))

    told = capsys.readouterr()
    assert "" == told.out
    assert 1 == told.err.count("\n")
    assert "cannot listen on http://127.0.0.1" in told.err
    assert [] == caplog.records
    assert "--port" in told.err


def test_a_file_is_read_once_it_lies_still(tmp_path):
    """Not while an editor is still writing, once per change, and never when it has gone."""
    file = tmp_path / "t.toml"
    file.write_text("a")
    watched = Watched(file)
    looks = []
    for text in ("a", "ab", "abc", "abc", "abc", None, None, "abc", "new", "new"):
        if text is None:
            file.unlink(missing_ok=True)
        elif not file.exists() or file.read_text() != text:
            file.write_text(text)
        looks.append(watched.changed())

    # At the fourth look it has stopped growing; the eighth finds a new file, the tenth still so.
    assert [False, False, False, True, False, False, False, False, False, True] == looks


@pytest.mark.parametrize(
    ("option", "value", "says"),
    (
        ("--port", "x", "a number from 0 to 65535, not 'x'"),
        ("--workers", "0", "a number from 1 to 256"),
        ("--workers", "many", "a number from 1 to 256"),
    ),
)
def test_numbers_are_checked(option, value, says, capsys):
    """With what would be right, before anything is started."""
    with pytest.raises(SystemExit) as left:
        main(["serve", option, value])

    assert 2 == left.value.code
    assert says in capsys.readouterr().err
