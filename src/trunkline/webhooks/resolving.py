"""Looks names up in threads of its own: a tenant's slow name server must not hold up anybody else."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

from trunkline.transport.dial import Address

# Twice as many as there are attempts: one that is given up leaves its lookup behind for a while.
_MOST = 256

LookUp = Callable[..., Sequence[tuple[Any, ...]]]
"""socket.getaddrinfo."""


class OwnThreads:
    """
    See transport.dial.Resolve.

    The event loop's own lookups share four threads (libuv's, seen 2026-11-21) with those of all
    providers; four names that never answer would stop them. Threads here are daemons: what still
    waits for a name server does not keep the program from ending.
    """

    def __init__(self, look_up: LookUp = socket.getaddrinfo, most: int = _MOST) -> None:
        self._look_up = look_up
        self._most = most
        self._lock = threading.Lock()
        self._busy = 0

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """Raises OSError, and UnicodeError for what is no name."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Sequence[Address]] = loop.create_future()
        with self._lock:
            if self._busy >= self._most:
                raise OSError("too many names are being looked up")
            self._busy += 1

        def work() -> None:
            found: Sequence[Address] = ()
            failure: Exception | None = None
            try:
                rows = self._look_up(host, port, type=socket.SOCK_STREAM)
                found = [(family, where) for family, _, _, _, where in rows]
            except (OSError, UnicodeError) as error:
                failure = error
            finally:
                with self._lock:
                    self._busy -= 1
            try:
                loop.call_soon_threadsafe(_settle, future, found, failure)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more

        threading.Thread(target=work, name="webhook-name", daemon=True).start()
        return await future

    def __repr__(self) -> str:
        return f"<OwnThreads {self._busy} busy>"


def _settle(
    future: "asyncio.Future[Sequence[Address]]",
    found: Sequence[Address],
    failure: Exception | None,
) -> None:
    if future.done():  # given up meanwhile
        return
    if failure is not None:
        future.set_exception(failure)
    else:
        future.set_result(found)
