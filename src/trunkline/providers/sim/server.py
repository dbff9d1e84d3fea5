"""The simulator as a server of its own on a TCP port, and as a program: `trunkline sim`."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from trunkline.kernel.clock import Clock, SystemClock
from trunkline.kernel.ids import Entropy
from trunkline.providers.sim.connection import Connection
from trunkline.providers.sim.control import Door
from trunkline.providers.sim.engine import Engine
from trunkline.providers.sim.log import Log
from trunkline.providers.sim.models import MODELS
from trunkline.providers.sim.replay import Recordings, load


class SimServer:
    """
    The stand-alone simulator on a TCP port.

    Clocks of its steps are the event loop's; `clock` stamps the log and the answers.
    """

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        *,
        log: Log | None = None,
        recordings: Recordings | None = None,
        require_key: bool = True,
        defaults: str = "",
    ) -> None:
        self.engine = Engine(
            clock,
            entropy,
            log=log if log is not None else Log(),
            recordings=recordings,
            require_key=require_key,
            defaults=defaults,
        )
        self.connections: set[Connection] = set()
        self._clock = clock
        self._server: asyncio.Server | None = None

    @property
    def log(self) -> Log:
        return self.engine.log

    @property
    def door(self) -> Door:
        """What happens to new connections; assign to change it."""
        return self.engine.door

    @door.setter
    def door(self, door: Door) -> None:
        self.engine.door = door

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port, which the system chooses for 0. Raises OSError when taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self.engine, self._clock, self.connections), host, port, backlog=4096
        )
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def aclose(self) -> None:
        """Stop listening (later connections are refused) and abort what is open."""
        if self._server is not None:
            self._server.close()
            for connection in list(self.connections):
                connection.abort()
            await self._server.wait_closed()
            self._server = None

    def __repr__(self) -> str:
        return f"<SimServer {len(self.connections)} connections, {self.engine!r}>"


async def serve_forever(
    host: str,
    port: int,
    replay: Path | None,
    log: Path | None,
    *,
    say: Callable[[str], object] | None = None,
    clock: Clock | None = None,
    entropy: Entropy = os.urandom,
) -> None:
    """
    Serve until SIGINT or SIGTERM.

    `replay` is a folder of recordings, `log` a file that each finished request's row is appended
    to as a line of JSON, `say` prints a line. Raises OSError when the port is taken or a path is
    not to be had.
    """
    recordings = load(replay) if replay is not None else Recordings()
    with ExitStack() as stack:
        sink = None
        if log is not None:
            sink = stack.enter_context(log.open("ab", buffering=0)).write
        server = SimServer(
            clock or SystemClock(), entropy, log=Log(sink=sink), recordings=recordings
        )
        bound = await server.start(host, port)
        try:
            (say or _out)(greeting(host, bound, len(recordings)))
            await _told_to_stop()
        finally:
            await server.aclose()


def _out(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _told_to_stop() -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def greeting(host: str, port: int, recordings: int) -> str:
    """What a person needs for a first answer."""
    address = f"[{host}]" if ":" in host else host
    base = f"http://{address}:{port}"
    lines = (
        f"simulator     {base}",
        f"OpenAI        base_url={base}/v1  api_key=sk-sim",
        f"Anthropic     base_url={base}  api_key=sk-sim",
        f"models        {' '.join(MODELS)}",
        "options       sim-chat@ttft=200,rate=50,tokens=300   sim-chat@fault=u5:after=3",
        f"recordings    {recordings}",
        f"log           {base}/sim/log",
        "",
        f"curl {base}/v1/chat/completions -H 'authorization: Bearer sk-sim' \\",
        "  -H 'content-type: application/json' \\",
        """  -d '{"model":"sim-chat","messages":[{"role":"user","content":"Hello"}]}'""",
    )
    return "\n".join(lines)
