"""
Connections to the server, and its scripts on them: sent by digest, and whole where it forgot them.

A connection that failed is never mended behind the caller's back: a server that is reached anew
may be another one, or have begun anew, and somebody must look before anything is counted there.
"""

import asyncio
import hashlib
import importlib
import importlib.util
import math
from collections.abc import Mapping
from typing import Any

from trunkline import __version__
from trunkline.storage.valkey import scripts

_PACKAGE = "redis"
_SCHEMES = {"valkey": "redis", "valkeys": "rediss"}
_PREFIX = "{trunkline}"
"""In braces: all keys are in one slot of a cluster, where a script must have them."""
_OLDEST = (7, 0)
_SWEEP = 500
_DIGESTS = {
    text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    for text in (scripts.ADMIT, scripts.WRITE, scripts.BEAT, scripts.LOOK, scripts.RESTORE)
}


class Away(Exception):
    """The server did not answer, or not as it should; the message is for our log."""


class Unfit(Exception):
    """The server must not be used; the message says why and what to do."""


def installed() -> bool:
    """Whether the extra is."""
    return importlib.util.find_spec(_PACKAGE) is not None


def shown(url: str) -> str:
    """The address without user, password and options."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


class Wire:
    """One connection, one command at a time."""

    def __init__(self, pool: Any, errors: type[Exception], timeout: float) -> None:
        self._pool = pool
        self._errors = errors
        self._timeout = timeout
        self._connection: Any = None
        self._turn = asyncio.Lock()

    async def connect(self) -> None:
        """Raises Away."""
        await self.close()
        connection = self._pool.make_connection()
        try:
            async with asyncio.timeout(self._timeout):
                await connection.connect()
        except (OSError, TimeoutError, self._errors) as error:
            await connection.disconnect(nowait=True)
            raise Away(_said(error)) from None
        self._connection = connection

    @property
    def connected(self) -> bool:
        return self._connection is not None

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def run(self, script: str, *arguments: bytes | str | int, patience: float = 1.0) -> bytes:
        """What the script returns. Raises Away."""
        command = ("EVALSHA", _DIGESTS[script], 1, _PREFIX, *arguments)
        answer: bytes
        try:
            answer = await self.call(*command, patience=patience)
            return answer
        except Away as error:
            if not str(error).startswith(("NOSCRIPT", "No matching script")):
                raise
        answer = await self.call("EVAL", script, 1, _PREFIX, *arguments, patience=patience)
        return answer

    async def call(self, *command: bytes | str | int, patience: float = 1.0) -> Any:
        """
        Raises Away; one that was not answered leaves the connection closed.

        `patience`: how many timeouts it may take.
        """
        async with self._turn:
            connection = self._connection
            if connection is None:
                raise Away("not connected")
            answered = False
            try:
                async with asyncio.timeout(self._timeout * patience):
                    await connection.send_command(*command, check_health=False)
                    answer = await connection.read_response(timeout=math.inf)
                answered = True
            except (OSError, TimeoutError, self._errors) as error:
                answered = isinstance(error, self._refusal)
                raise Away(_said(error)) from None
            finally:
                if not answered:
                    await self.close()
        return answer

    @property
    def _refusal(self) -> type[Exception]:
        """What the server answered, though not what was asked for."""
        refusal: type[Exception] = importlib.import_module(f"{_PACKAGE}.exceptions").ResponseError
        return refusal


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__


class Link:
    """Two connections: nothing that is written beside the requests makes them wait."""

    def __init__(self, url: str, timeout: float) -> None:
        """`timeout`: seconds for each command. Raises Unfit: not an address, or no client."""
        if not installed():
            raise Unfit(
                "counters in Valkey or Redis need the package redis: pip install 'trunkline[cluster]'"
            )
        scheme, _, rest = url.partition("://")
        self.shown = shown(url)
        library = importlib.import_module(f"{_PACKAGE}.asyncio")
        try:
            pool = library.ConnectionPool.from_url(
                f"{_SCHEMES.get(scheme, scheme)}://{rest}",
                protocol=2,
                socket_timeout=None,  # each command has one clock, here
                socket_connect_timeout=timeout,
                driver_info=library.connection.DriverInfo("trunkline", __version__),
            )
        except ValueError:
            raise Unfit(f"not the address of a Valkey or Redis server: {self.shown}") from None
        self.asking = Wire(pool, library.RedisError, timeout)
        self.writing = Wire(pool, library.RedisError, timeout)
        self.run_id = ""
        """The server process we are connected to."""

    async def connect(self) -> str:
        """Both, anew. Returns a warning, or nothing. Raises Away, and Unfit for a server too old."""
        await self.asking.connect()
        await self.writing.connect()
        server = await self._info("server")
        version = server.get("valkey_version") or server["redis_version"]
        if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
            raise Unfit(f"{self.shown} is of version {version}: Redis 7.0 or Valkey 7.2 is needed")
        self.run_id = server["run_id"]
        policy = (await self._info("memory")).get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            return (
                f"{self.shown} has maxmemory-policy {policy}: counters that it evicts are limits that"
                " nobody keeps; set it to noeviction"
            )
        return ""

    @property
    def connected(self) -> bool:
        return self.asking.connected and self.writing.connected

    async def _info(self, section: str) -> Mapping[str, str]:
        text: bytes = await self.writing.call("INFO", section)
        lines = (line.partition(":") for line in text.decode().splitlines())
        return {name: value for name, colon, value in lines if colon}

    async def sweep(self, epoch: str) -> None:
        """Drop what earlier epochs left behind. Raises Away."""
        cursor = b"0"
        while True:
            cursor, keys = await self.writing.call(
                "SCAN", cursor, "MATCH", f"{_PREFIX}:*", "COUNT", _SWEEP
            )
            own = (f"{_PREFIX}:meta".encode(), f"{_PREFIX}:{epoch}:".encode())
            if old := [key for key in keys if not key.startswith(own)]:
                await self.writing.call("UNLINK", *old)
            if cursor == b"0":
                return

    async def close(self) -> None:
        await self.asking.close()
        await self.writing.close()

    def __repr__(self) -> str:
        return f"<Link {self.shown}>"
