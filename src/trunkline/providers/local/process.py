"""An engine in a process of its own: started by whoever needs it first, started again when it died."""

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from trunkline.canon.errors import Unreachable
from trunkline.transport.base import Origin

# Loading 135M parameters takes half a second; a GGUF of many GB from a slow disk, minutes.
_START_LIMIT = 300.0


class EngineProcess:
    """One child process of `trunkline.providers.local.engine`."""

    def __init__(self, arguments: Sequence[str], key: str, log: Path | None) -> None:
        """`key`: what its server shall ask for. `log`: where its complaints go."""
        self._arguments = arguments
        self._key = key
        self._log = log
        self.process: asyncio.subprocess.Process | None = None
        self.origin: Origin | None = None
        self._starting = asyncio.Lock()

    @property
    def is_ready(self) -> bool:
        return self.origin is not None and self.is_alive

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def ready(self) -> None:
        """Raises Unreachable where it does not start."""
        async with self._starting:
            if not self.is_ready:
                await self._start()

    async def aclose(self) -> None:
        process, self.process, self.origin = self.process, None, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _start(self) -> None:
        self.origin = None
        with _opened(self._log) as chatter:
            process = self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "trunkline.providers.local.engine",
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=chatter,
            )
        assert process.stdin is not None  # noqa: S101 - PIPE was asked for
        assert process.stdout is not None  # noqa: S101 - as above
        try:
            async with asyncio.timeout(_START_LIMIT):
                process.stdin.write(self._key.encode() + b"\n")
                await process.stdin.drain()
                address = (await process.stdout.readline()).decode().strip()
        except (OSError, TimeoutError) as error:
            await self.aclose()
            raise self._failed(repr(error)) from None
        except asyncio.CancelledError:
            # Its client left. Nobody would find this process again: the next start makes another.
            await self.aclose()
            raise
        if not address:
            await process.wait()
            raise self._failed(f"engine exited with {process.returncode}")
        parts = urlsplit(address)
        self.origin = Origin(parts.scheme, parts.hostname or "127.0.0.1", parts.port or 80)

    def _failed(self, detail: str) -> Unreachable:
        """The folder's path is told to our log alone."""
        message = "the local model did not start; is the file a GGUF that llama.cpp can load?"
        if self._log is None:
            return Unreachable(message, detail=detail)
        return Unreachable(
            f"{message} `{self._log.name}` in the gateway's data folder says more",
            detail=f"{detail}; see {self._log}",
        )

    def __repr__(self) -> str:
        return "running" if self.is_alive else "not started"


@contextmanager
def _opened(log: Path | None) -> Iterator[int]:
    """
    Where a child's standard error goes: the log, emptied, for its owner alone.

    For appending, so that the engine may empty it later on and nobody's lines leave a hole.
    """
    if log is None:
        yield asyncio.subprocess.DEVNULL
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    descriptor = os.open(log, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
