"""A Redis or Valkey server of the test's own: on a free port, with or without a disk."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import redis

_PROGRAMS = ("valkey-server", "redis-server")


def program() -> str | None:
    """Whichever is installed."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ValkeyServer:
    """Started at once, and as often as one likes."""

    def __init__(self, folder: Path, *, persistent: bool = False, password: str = "") -> None:
        executable = program()
        if executable is None:
            raise FileNotFoundError("neither valkey-server nor redis-server is installed")
        self._folder = folder
        self.port = free_port()
        self._command = [executable, "--port", str(self.port), "--bind", "127.0.0.1"]
        self._command += ["--dir", str(folder), "--loglevel", "warning", "--save", ""]
        self._command += ["--appendonly", "yes" if persistent else "no"]
        self._command += ["--appendfsync", "always"] if persistent else []
        self._command += ["--requirepass", password] if password else []
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://{f':{self._password}@' if self._password else ''}127.0.0.1:{self.port}/0"

    def client(self) -> Any:
        return redis.Redis(port=self.port, password=self._password or None)

    def start(self) -> None:
        """Returns once it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        while True:
            try:
                with self.client() as client:
                    client.ping()
                return
            except redis.ConnectionError:
                if self._process.poll() is not None:
                    raise OSError((self._folder / "log").read_text()) from None

    def kill(self) -> None:
        """As a crash: no goodbye, nothing saved."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def freeze(self) -> None:
        """It accepts connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def close(self) -> None:
        self.kill()
