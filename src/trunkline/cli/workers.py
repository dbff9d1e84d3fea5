"""Several processes on one port: started, restarted when one dies, stopped together."""

import signal
import socket
import subprocess
import sys
import threading
from types import FrameType

from trunkline.cli.settings import Settings

# A worker that dies at once is not started again faster than this.
_PAUSE = 1.0
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Supervisor:
    """Keeps `count` workers alive until a signal has told it to stop."""

    def __init__(self, command: list[str], count: int) -> None:
        self._command = command
        self._workers: list[subprocess.Popen[bytes]] = []
        self._count = count
        self._stopping = False
        self._wake = threading.Event()

    def run(self) -> int:
        for number in _FORWARDED:
            signal.signal(number, self._forward)
        while not self._stopping:
            self._workers = [w for w in self._workers if w.poll() is None]
            while len(self._workers) < self._count and not self._stopping:
                self._workers.append(subprocess.Popen(self._command))  # noqa: S603 - this very program
            self._wake.wait(_PAUSE)
        codes = [worker.wait() for worker in self._workers]
        return 1 if any(codes) else 0

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGHUP:
            self._stopping = True
            self._wake.set()
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(number)


def supervise(settings: Settings, count: int) -> int:
    server = settings.read()[0].server
    port = server.port or _free_port(server.host)
    command = [sys.executable, "-m", "trunkline", "serve", "--worker"]
    command += ["--host", server.host, "--port", str(port), "--data", str(settings.data)]
    if settings.file is not None:
        command += ["--config", str(settings.file)]
    print(f"Trunkline serves on http://{server.host}:{port} with {count} workers", flush=True)
    return Supervisor(command, count).run()


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
