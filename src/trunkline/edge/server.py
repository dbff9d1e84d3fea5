"""The listening socket's life: start, sweep, drain, stop."""

import asyncio
import resource
import signal
import socket
import sys
from collections.abc import Callable

from msgspec import Struct
from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from trunkline.edge.asgi import AsgiApp, FallThrough
from trunkline.edge.connection import Uvicorn
from trunkline.edge.context import EdgeContext, Statistics
from trunkline.edge.limits import Shutdown
from trunkline.edge.protocol import EdgeProtocol
from trunkline.kernel.tasks import OnFailure, Tasks

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# How often a shutdown looks whether all is quiet.
_LOOK = 0.005
_BACKLOG = 4096


class Listen(Struct, frozen=True, kw_only=True):
    """Where to listen: an open socket, or an address; port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: int = 0
    sock: socket.socket | None = None
    reuse_port: bool = False
    """Several processes share the port (SO_REUSEPORT)."""


def _always() -> bool:
    return True


def _never() -> bool:
    return False


class Edge:
    """
    The server.

    `start`, then `run` until a signal (or `stop`) has ended it. The first stop drains: ready
    turns false, then nothing new is accepted, open answers finish; the second cuts short.
    """

    def __init__(
        self,
        context: EdgeContext,
        on_failure: OnFailure,
        application: AsgiApp | None = None,
        ready: Callable[[], bool] = _always,
        shutdown: Shutdown | None = None,
        others: Callable[[], bool] = _never,
    ) -> None:
        """`others`: asked during a drain whether something without a connection is still under way."""
        self._others = others
        self.context = context
        self._application = FallThrough(context, application, ready)
        self._shutdown = shutdown or Shutdown()
        self._tasks = Tasks(on_failure)
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._lifespan: LifespanOn | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._cut = asyncio.Event()
        self._stopped = asyncio.Event()
        self.port = 0

    async def start(self, listen: Listen) -> int:
        """The port. Raises OSError where it cannot listen, RuntimeError where the application will not start."""
        config = _config(self._application)
        self._lifespan = LifespanOn(config)
        await self._lifespan.startup()
        if self._lifespan.should_exit:
            raise RuntimeError("the application did not start")
        self.context.connection_limit = min(self.context.limits.connections, _files() // 2)
        uvicorn = Uvicorn(config, self._state, self._lifespan.state)
        self._server = await _listen(lambda: EdgeProtocol(self.context, uvicorn), listen)
        self.port = self._server.sockets[0].getsockname()[1]
        self._sweep_later()
        return self.port

    async def run(self) -> None:
        """Until stopped, by a signal or by `stop`. Only in the main thread."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.stop)
        try:
            await self._stopped.wait()
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        """First call: drain. Second: cut short what is still open; it may still settle."""
        if self.context.draining:
            self._cut.set()
        else:
            self.context.draining = True
            self._tasks.spawn("edge shutdown", self._drain())

    async def aclose(self) -> None:
        """Stop without waiting for open answers, and return when all is settled."""
        self.stop()
        self._cut.set()
        await self._stopped.wait()

    def sweep(self) -> None:
        """Act on every deadline that has passed. Called each `sweep_seconds`."""
        self.context.tick()
        self._state.default_headers = [(b"date", self.context.date[6:-2])]
        now = self.context.clock.monotonic()
        for connection in tuple(self.context.connections):
            try:
                connection.check(now)
            except Exception as error:  # noqa: BLE001 - the sweep must come round for the others
                self.context.bug(error)
                connection.abort()

    def statistics(self) -> Statistics:
        return self.context.statistics()

    def __repr__(self) -> str:
        return f"<Edge :{self.port} {self.context!r}>"

    def _sweep_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.context.limits.sweep_seconds, self._sweep_later)
        self.sweep()

    async def _drain(self) -> None:
        stages = self._shutdown
        try:
            await self._until(self._cut.is_set, stages.accept_grace)
            if self._server is not None:
                self._server.close()
            for connection in tuple(self.context.connections):
                connection.shutdown()
            await self._until(lambda: self._cut.is_set() or self._over(), stages.drain_timeout)
            for connection in tuple(self.context.connections):
                connection.cut()
            await self._until(self._quiet, stages.farewell)
            for connection in tuple(self.context.connections):
                connection.abort()
            await self._until(self._quiet, stages.farewell)
            if self._lifespan is not None:
                await self._lifespan.shutdown()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._stopped.set()

    def _over(self) -> bool:
        # Both are asked, each time: whoever is, takes nothing new.
        others = self._others()
        return self._quiet() and not others

    def _quiet(self) -> bool:
        return not self.context.connections and not self.context.running

    async def _until(self, reached: Callable[[], bool], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not reached() and (left := deadline - loop.time()) > 0:  # noqa: ASYNC110 - two sets run empty; an event in each would cost every request
            await asyncio.sleep(min(_LOOK, left))


def _files() -> int:
    """How many may be open. Half of them for clients: each may need one to a provider."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


async def _listen(protocol: Callable[[], EdgeProtocol], listen: Listen) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    if listen.sock is not None:
        return await loop.create_server(protocol, sock=listen.sock, backlog=_BACKLOG)
    return await loop.create_server(
        protocol,
        listen.host,
        listen.port,
        backlog=_BACKLOG,
        reuse_address=True,
        reuse_port=listen.reuse_port or None,
    )


def _config(application: FallThrough) -> Config:
    config = Config(
        application,
        interface="asgi3",
        http=EdgeProtocol,
        ws="none",
        lifespan="auto",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        workers=1,
    )
    config.load()
    return config
