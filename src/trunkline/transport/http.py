"""Our HTTP/1.1 client: pooled connections, three clocks, no redirects."""

import asyncio
import ssl
from collections.abc import Callable

from trunkline.canon.errors import Disconnected, TimedOut, Unreachable
from trunkline.kernel.clock import Clock
from trunkline.transport.base import Origin, Timeouts, Transport, UpstreamRequest
from trunkline.transport.connection import Connection, PlainConnection, TlsConnection
from trunkline.transport.dial import Resolve, connect, system_addresses
from trunkline.transport.limits import Limits, TransportStatistics
from trunkline.transport.pool import Pool
from trunkline.transport.proxy import Proxies
from trunkline.transport.response import HttpResponse

# As much as uvloop reads at once; the memory counts only once so much has come.
_SCRATCH = 256 << 10


class HttpTransport:
    """
    See Transport. Needs a running loop only once it is used, and then always the same one.

    `tls` gives the context for an https origin. The clocks of all connections are looked at
    together, every `limits.sweep` seconds: a timer for each read would cost more than the read.
    """

    def __init__(
        self,
        clock: Clock,
        tls: Callable[[Origin], ssl.SSLContext],
        proxies: Proxies | None = None,
        limits: Limits | None = None,
        resolve: Resolve = system_addresses,
    ) -> None:
        self._clock = clock
        self._tls = tls
        self._proxies = proxies or Proxies()
        self._limits = limits or Limits()
        self._resolve = resolve
        self._scratch = memoryview(bytearray(_SCRATCH))
        self._pools: dict[Origin, Pool] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False
        self._requests = 0
        self._opened = 0
        self._retried = 0
        self._timed_out = 0

    async def send(self, request: UpstreamRequest, timeouts: Timeouts) -> HttpResponse:
        """See Transport. Unreachable also when the origin has all the connections it may have."""
        pool = self._pools.get(request.origin) or self._add_pool(request.origin)
        head = pool.heads.render(request)
        self._requests += 1
        connection = pool.take()
        while True:
            if connection is None:
                connection = await self._connect(pool, timeouts)
            response = connection.start(request.method, head, request.body, timeouts)
            try:
                await response.waiter
            except asyncio.CancelledError:
                response.close()
                raise
            if response.status:
                return response
            if not response.stale:
                raise response.error or Disconnected("the provider closed the connection")
            # RFC 9112, 9.3.1 (seen 2026-11-21): the upstream closed an idle connection just as
            # we used it, and not a byte came back. A fresh connection is never stale, so this
            # happens once; no idle one is used for it, since that may be closed, too.
            self._retried += 1
            connection = None

    async def aclose(self) -> None:
        """Every answer under way fails with Disconnected; nothing can be sent afterwards."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for pool in self._pools.values():
            pool.abort()
        await asyncio.sleep(0)  # aborted sockets are closed in the loop's next turn

    def statistics(self) -> TransportStatistics:
        pools = self._pools.values()
        return TransportStatistics(
            open=sum(pool.open for pool in pools),
            idle=sum(pool.idle for pool in pools),
            connecting=sum(pool.connecting for pool in pools),
            requests=self._requests,
            opened=self._opened,
            retried=self._retried,
            timed_out=self._timed_out,
        )

    async def _connect(self, pool: Pool, timeouts: Timeouts) -> Connection:
        """A new connection, within the connect clock."""
        origin = pool.route.origin
        self._check_open()
        if pool.full:
            detail = f"{origin.host}:{origin.port}: {self._limits.connections_per_origin} connections are open"
            raise Unreachable(
                "the gateway has no connection to the provider to spare", detail=detail
            )
        connection = self._new_connection(pool)
        pool.connecting += 1
        self._keep_sweeping()
        try:
            context = self._tls(origin) if origin.scheme == "https" else None
            async with asyncio.timeout(timeouts.connect):
                await connect(pool.route, context, connection, self._resolve)
        except TimeoutError:
            self._timed_out += 1
            detail = f"{origin.host}:{origin.port}: connect clock, {timeouts.connect:g} s"
            raise TimedOut(
                "no connection to the provider could be made in time", detail=detail
            ) from None
        finally:
            pool.connecting -= 1
        self._opened += 1
        try:
            self._check_open()  # once more: closing may have happened in between
        except Unreachable:
            connection.abort()
            raise
        return connection

    def _new_connection(self, pool: Pool) -> Connection:
        loop = asyncio.get_running_loop()
        if pool.route.origin.scheme == "https":
            return TlsConnection(pool, self._clock, self._limits, loop, self._scratch)
        return PlainConnection(pool, self._clock, self._limits, loop)

    def _check_open(self) -> None:
        if self._closed:
            raise Unreachable("the gateway is shutting down", detail="transport closed")

    def _add_pool(self, origin: Origin) -> Pool:
        pool = self._pools[origin] = Pool(self._proxies.route(origin), self._limits)
        return pool

    def _keep_sweeping(self) -> None:
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(self._limits.sweep, self._sweep)

    def _sweep(self) -> None:
        """Expire what is over its deadline; forget origins that nobody talks to any more."""
        self._sweeper = None
        now = self._clock.monotonic()
        for pool in list(self._pools.values()):
            for connection in pool.expired(now):
                self._timed_out += connection.expire()
            if pool.unused:
                del self._pools[pool.route.origin]
        if self._pools:
            self._keep_sweeping()

    def __repr__(self) -> str:
        now = self.statistics()
        return f"<HttpTransport {now.open} open, {now.idle} idle>"


def _transport(it: HttpTransport) -> Transport:
    return it
