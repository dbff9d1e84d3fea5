"""The simulator as a server of its own on a TCP port."""

import asyncio

from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy
from trunkline.providers.sim.connection import Connection
from trunkline.providers.sim.control import Door
from trunkline.providers.sim.engine import Engine
from trunkline.providers.sim.log import Log
from trunkline.providers.sim.replay import Recordings


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
            log=log,
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
