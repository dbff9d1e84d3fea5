"""Whether a promise of so many seconds is kept, on a machine that does other things besides."""

from collections.abc import Awaitable, Callable

_TRIES = 5


async def kept(seconds: float, once: Callable[[], Awaitable[float]]) -> bool:
    """One of five tries took less: what breaks its promise is late each time, a busy machine is not."""
    for _ in range(_TRIES):
        if await once() < seconds:
            return True
    return False
