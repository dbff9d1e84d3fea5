"""Several processes on one port: started, restarted when one dies, stopped together."""

import asyncio
import os
import select
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from trunkline.cli.settings import Settings
from trunkline.cli.welcome import cannot_listen, welcome

# A worker that dies at once is not started again faster than this.
_PAUSE = 1.0
# How soon the last worker's end is seen while stopping.
_LOOK = 0.05
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# A worker that was still starting has no handler yet: the signal ends it, as it should.
_WELL = (0, -signal.SIGTERM, -signal.SIGINT)


class Supervisor:
    """Keeps `count` workers alive until a signal has told it to stop."""

    def __init__(self, command: list[str], count: int, pause: float = _PAUSE) -> None:
        """`pause`: seconds between looks at who is still there."""
        self._command = command
        self._pause = pause
        self._workers: list[subprocess.Popen[bytes]] = []
        self._count = count
        self._stopping = False

    def run(self) -> int:
        """1 when a worker ended badly after the signal. Only in the main thread."""
        with _signals() as told, _leash() as leash:
            while not self._stopping:
                self._replenish(leash)
                self._forward(told, self._pause)
            while any(worker.poll() is None for worker in self._workers):
                self._forward(told, _LOOK)
        return 1 if any(worker.returncode not in _WELL for worker in self._workers) else 0

    def _replenish(self, leash: int) -> None:
        self._workers = [w for w in self._workers if w.poll() is None]
        while len(self._workers) < self._count:
            self._workers.append(subprocess.Popen(self._command, stdin=leash))  # noqa: S603 - this very program

    def _forward(self, told: socket.socket, seconds: float) -> None:
        """What arrives within that time goes to every worker: between two starts, never within one."""
        if not select.select([told], [], [], seconds)[0]:
            return
        for number in told.recv(64):
            if number in _FORWARDED:
                self._stopping = self._stopping or number != signal.SIGHUP
                for worker in self._workers:
                    worker.send_signal(number)


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """
    The signals to forward, a byte each.

    A handler that did the work itself could run while a worker is being started and miss it.
    """
    told, tell = socket.socketpair()
    tell.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in _FORWARDED}
    waker = signal.set_wakeup_fd(tell.fileno())
    try:
        yield told
    finally:
        signal.set_wakeup_fd(waker)
        for number, handler in before.items():
            signal.signal(number, handler)
        told.close()
        tell.close()


@contextmanager
def _leash() -> Iterator[int]:
    """
    What workers have for their standard input: it ends when this process does, however that dies.

    Without it a worker outlives a supervisor that was killed, and shares its port with whatever is
    started there next.
    """
    leash, held = os.pipe()
    try:
        yield leash
    finally:
        os.close(leash)
        os.close(held)


def when_orphaned(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Of a worker: `stop` once its supervisor is gone. Nothing where it has none."""
    stdin = sys.__stdin__
    if stdin is None or not stat.S_ISFIFO(os.fstat(stdin.fileno()).st_mode):
        return

    def ended() -> None:  # nobody ever writes there
        loop.remove_reader(stdin.fileno())
        stop()

    loop.add_reader(stdin.fileno(), ended)


def supervise(settings: Settings, count: int) -> int:
    server = settings.read()[0].server
    try:
        port = free_port(server.host, server.port)
    except OSError as error:
        print(cannot_listen(server.host, server.port, error), file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "trunkline", "serve", "--worker"]
    command += ["--host", server.host, "--port", str(port), "--data", str(settings.data)]
    if settings.file is not None:
        command += ["--config", str(settings.file)]
    asyncio.run(_greet(settings, port, count))
    return Supervisor(command, count).run()


async def _greet(settings: Settings, port: int, count: int) -> None:
    """
    By a gateway that serves nothing: before the workers start, which would each do it.

    What keeps every worker from starting is raised here once, not by each of them for ever.
    """
    gateway = settings.gateway()
    try:
        await gateway.reception.open()
        host = settings.read()[0].server.host
        await welcome(gateway, host, port, settings.data, workers=count)
    finally:
        await gateway.aclose()


def free_port(host: str, port: int) -> int:
    """The port, for 0 any free one, that workers may share. Raises OSError where it is taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
