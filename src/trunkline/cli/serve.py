"""`trunkline serve`: the gateway, until it is told to stop."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import uvloop

from trunkline.cli import memory, workers
from trunkline.cli.settings import Settings, add_options, of, port_number
from trunkline.cli.welcome import cannot_listen, welcome
from trunkline.config.errors import ConfigError
from trunkline.edge.server import Edge, Listen
from trunkline.wiring.gateway import Gateway
from trunkline.wiring.serving import edge

# Seconds between looks at the configuration file.
_WATCH = 1.0
# As the configuration's server.workers.
_MOST_WORKERS = 256


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "serve",
        help="start the gateway",
        description="Start the gateway. SIGHUP, or a change of the file, reloads the "
        "configuration; SIGTERM drains and stops, a second one stops at once.",
    )
    add_options(parser)
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument(
        "--port", type=port_number, help="port (default 8787; 0 takes any free one)"
    )
    parser.add_argument("--workers", type=_count, metavar="N", help="processes (default 1)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    settings = of(options)
    count = settings.read()[0].server.workers
    if count > 1 and not options.worker:
        return workers.supervise(settings, count)
    memory.keep_freed()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, quiet=options.worker))


async def _serve(settings: Settings, *, quiet: bool) -> int:
    server = settings.read()[0].server
    gateway = settings.gateway()
    try:
        await gateway.start()
        listening = edge(gateway, server)
        shares = Listen(host=server.host, port=server.port, reuse_port=quiet)
        try:
            port = await listening.start(shares)
        except OSError as error:
            await listening.aclose()
            print(cannot_listen(server.host, server.port, error), file=sys.stderr)
            return 1
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, _reload, gateway)
        gateway.tasks.spawn("models: follow", gateway.lists.run())
        if settings.file is not None:
            gateway.tasks.spawn("config: watch", _watch(gateway, Watched(settings.file)))
        memory.settle()
        if quiet:
            workers.when_orphaned(loop, lambda: _orphaned(gateway, listening))
        else:
            await welcome(gateway, server.host, port, settings.data)
        await listening.run()
    finally:
        await gateway.aclose()
    return 0


def _orphaned(gateway: Gateway, listening: Edge) -> None:
    gateway.log.warning("stopping", reason="whoever started this worker is gone")
    listening.stop()


def _reload(gateway: Gateway) -> None:
    gateway.tasks.spawn("config: reload", _try_reload(gateway))


async def _try_reload(gateway: Gateway) -> None:
    try:
        await gateway.reload()
    except ConfigError as error:
        gateway.log.warning("configuration refused; the old one stays", reason=str(error))


async def _watch(gateway: Gateway, watched: "Watched") -> None:
    while True:
        await asyncio.sleep(_WATCH)
        if watched.changed():
            await _try_reload(gateway)


class Watched:
    """A file that people edit."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._loaded = self._seen = _fingerprint(file)

    def changed(self) -> bool:
        """Once per change, when it has lain still since the last look: editors write in pieces."""
        now = _fingerprint(self._file)
        still, self._seen = now == self._seen, now
        if not still or now in (self._loaded, None):
            return False
        self._loaded = now
        return True


def _fingerprint(file: Path) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        stat = file.stat()
        return stat.st_mtime_ns, stat.st_size
    return None


def _count(text: str) -> int:
    """For argparse."""
    if not (text.isdecimal() and 1 <= int(text) <= _MOST_WORKERS):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {_MOST_WORKERS}")
    return int(text)
