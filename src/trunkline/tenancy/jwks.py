"""The keys that issuers publish: had from them, kept while they are down, had again in time."""

import asyncio
from collections.abc import Callable, Collection

from msgspec import Struct

from trunkline.canon.errors import GatewayError, IssuerUnavailable
from trunkline.kernel.clock import Clock
from trunkline.tenancy.signing import KeySet, key_set
from trunkline.tenancy.where import KeysAddress
from trunkline.transport.base import Timeouts, Transport, UpstreamRequest

# Seconds between two looks, so that a key that was withdrawn is forgotten: as panva/jose's
# createRemoteJWKSet (cacheMaxAge of 10 min), only sooner; and after one that failed.
_INTERVAL = 300.0
_SOON = 15.0
# For a token that names a key nobody knows, an issuer is asked no oftener than that, whoever
# sends such tokens; jose's cooldownDuration is 30 s.
_LEAST_PAUSE = 10.0
_TIMEOUTS = Timeouts(connect=3.0, headers=3.0, idle=3.0)
_PATIENCE = 5.0
# Some thousand bytes hold a handful of keys.
_MOST_BYTES = 256 << 10
_HEADERS = ((b"accept", b"application/jwk-set+json, application/json"),)


class JwksStatistics(Struct, frozen=True):
    issuers: int
    """That publish their keys."""
    keys: int
    failing: int


class _Source:
    __slots__ = ("address", "asked", "failing", "keys", "looking", "looks")

    def __init__(self, address: KeysAddress) -> None:
        self.address = address
        self.keys: KeySet | None = None
        self.asked = float("-inf")
        """Monotonic seconds."""
        self.looks = 0
        self.looking = asyncio.Lock()
        self.failing = False


class Jwks:
    """One per process; what was had from an address survives a reload of the configuration."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        on_problem: Callable[[str], None],
        interval: float = _INTERVAL,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._on_problem = on_problem
        self._interval = interval
        self._sources: dict[KeysAddress, _Source] = {}
        self._hurry = asyncio.Event()
        self.changes = 0
        """How often some issuer had other keys than before."""
        self.waiting = 0
        """Bytes of the requests that wait in `look_again`."""

    def follow(self, addresses: Collection[KeysAddress]) -> None:
        known = self._sources
        self._sources = {place: known.get(place) or _Source(place) for place in addresses}
        self._hurry.set()

    def keys(self, address: KeysAddress) -> KeySet | None:
        """None where they were never had."""
        source = self._sources.get(address)
        return None if source is None else source.keys

    def missed(self) -> None:
        """A key was asked for that is not known; whoever cannot wait for a look has one begun."""
        self._hurry.set()

    async def look_again(self, address: KeysAddress, size: int = 0) -> None:
        """
        What its issuer published before this call is known after it, as far as it may be asked.

        However many wait, it is asked once; `size`: bytes that wait meanwhile. Raises
        IssuerUnavailable where it never answered.
        """
        source = self._sources.get(address)
        if source is None:  # a reload took it away
            return
        looks = source.looks
        self.waiting += size
        try:
            async with source.looking:
                if source.looks == looks and self._may_ask(source):
                    await self._look(source)
        finally:
            self.waiting -= size
        if source.keys is None:
            raise IssuerUnavailable(
                "This token's issuer could not be asked for its keys; try again in a moment.",
                retry_after=_LEAST_PAUSE,
            )

    async def run(self) -> None:
        """For ever."""
        while True:
            self._hurry.clear()
            await self.refresh()
            failing = any(source.failing for source in self._sources.values())
            try:
                async with asyncio.timeout(_SOON if failing else self._interval):
                    await self._hurry.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(0 if self._unknown() else _LEAST_PAUSE)

    async def refresh(self) -> None:
        """Ask every issuer, at the same time, that may be asked again."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources.values():
                group.create_task(self._refresh(source))

    def statistics(self) -> JwksStatistics:
        sources = self._sources.values()
        return JwksStatistics(
            issuers=len(sources),
            keys=sum(len(source.keys or ()) for source in sources),
            failing=sum(source.failing for source in sources),
        )

    async def _refresh(self, source: _Source) -> None:
        async with source.looking:
            if self._may_ask(source):
                await self._look(source)

    def _unknown(self) -> bool:
        """Whether there is an issuer that was never asked."""
        return any(not source.looks for source in self._sources.values())

    def _may_ask(self, source: _Source) -> bool:
        return self._clock.monotonic() - source.asked >= _LEAST_PAUSE

    async def _look(self, source: _Source) -> None:
        source.asked = self._clock.monotonic()
        source.looks += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                keys = key_set(await self._document(source.address))
        except (GatewayError, ValueError, TimeoutError, OSError) as error:
            if not source.failing:
                host = source.address.origin.host
                self._on_problem(f"the keys of {host} cannot be had at the moment: {_why(error)}")
            source.failing = True
            return
        source.failing = False
        if source.keys != keys:
            source.keys = keys
            self.changes += 1

    async def _document(self, address: KeysAddress) -> bytes:
        request = UpstreamRequest(address.origin, b"GET", address.path, _HEADERS, b"")
        response = await self._transport.send(request, _TIMEOUTS)
        try:
            # A redirect, too, is an answer that is none: it could lead anywhere.
            if response.status != 200:
                raise ValueError(f"it answered with status {response.status}")
            return await response.body(_MOST_BYTES)
        finally:
            response.close()

    def __repr__(self) -> str:
        return f"<Jwks of {len(self._sources)} issuers>"


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    return error.message if isinstance(error, GatewayError) else str(error)
