"""The connections to one origin: which lie idle, how many there may be."""

from trunkline.transport.connection import Connection
from trunkline.transport.head import Heads
from trunkline.transport.limits import Limits
from trunkline.transport.proxy import Route


class Pool:
    """The youngest idle connection is taken first, so that what a burst opened can grow old and close."""

    __slots__ = ("_idle", "_limits", "_open", "connecting", "heads", "route")

    def __init__(self, route: Route, limits: Limits) -> None:
        self.route = route
        self.heads = Heads(route)
        self.connecting = 0
        self._limits = limits
        self._open: set[Connection] = set()
        self._idle: list[Connection] = []

    def take(self) -> Connection | None:
        return self._idle.pop() if self._idle else None

    @property
    def full(self) -> bool:
        return len(self._open) + self.connecting >= self._limits.connections_per_origin

    @property
    def unused(self) -> bool:
        return not self._open and not self.connecting

    @property
    def open(self) -> int:
        return len(self._open)

    @property
    def idle(self) -> int:
        return len(self._idle)

    def expired(self, now: float) -> list[Connection]:
        return [connection for connection in self._open if connection.deadline <= now]

    def abort(self) -> None:
        for connection in list(self._open):
            connection.abort()

    # What a connection tells (connection.Home).

    def adopt(self, connection: Connection) -> None:
        self._open.add(connection)

    def keep(self, connection: Connection) -> bool:
        if len(self._idle) >= self._limits.idle_per_origin:
            return False
        self._idle.append(connection)
        return True

    def forget(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def __repr__(self) -> str:
        return f"<Pool {len(self._open)} open, {len(self._idle)} idle>"
