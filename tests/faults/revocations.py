"""How long a key is still accepted after its revocation was acknowledged, over all workers."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from tests.faults.client import PATIENCE
from tests.integration.program import Gateway
from trunkline.kernel.clock import SystemClock

CONNECTIONS = 32
"""The kernel spreads them over the workers: with so many, none of eight is left out."""
_AFTER = 1.3
"""Seconds for which it is tried on: longer than it may be accepted."""
_CLOCK = SystemClock()


class Outcome(Struct, frozen=True):
    last: float
    """Seconds from the acknowledgement to the last acceptance; negative: none came after it."""
    accepted: int
    refused: int


async def revoke_under_load(gateway: Gateway, keys: Sequence[str]) -> Sequence[Outcome]:
    """All of them, while every connection tries them in turn."""
    port = int(gateway.base.rsplit(":", 1)[1])
    tries = _Tries(keys)
    clients = [asyncio.ensure_future(tries.run(port)) for _ in range(CONNECTIONS)]  # noqa: TID251 - ended below
    async with asyncio.timeout(PATIENCE):
        while min(tries.accepted.values()) < CONNECTIONS:  # noqa: ASYNC110 - nothing else tells
            await asyncio.sleep(0.01)
        revoked = {}
        for key in keys:
            answer = await asyncio.to_thread(gateway.admin, "DELETE", f"/keys/{key.split('_')[1]}")
            assert 200 == answer.status, answer.body
            revoked[key] = _CLOCK.monotonic()
        ends = _CLOCK.monotonic() + _AFTER
        # A worker that never hears of it is seen by the last acceptance; the end waits for the others.
        while _CLOCK.monotonic() < ends or not all(tries.refused.values()):  # noqa: ASYNC110 - what may not happen has no event
            await asyncio.sleep(0.01)
    for client in clients:
        client.cancel()
    await asyncio.wait(clients)
    return [
        Outcome(tries.last[key] - revoked[key], tries.accepted[key], tries.refused[key])
        for key in keys
    ]


class _Tries:
    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self.last = dict.fromkeys(keys, 0.0)
        self.accepted = dict.fromkeys(keys, 0)
        self.refused = dict.fromkeys(keys, 0)

    async def run(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                for key in self._keys:
                    await self._try(reader, writer, key)
                await asyncio.sleep(0.004)
        finally:
            writer.close()

    async def _try(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str
    ) -> None:
        head = f"GET /v1/models/none HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n"
        writer.write(head.encode())
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(lines.split("content-length: ")[1].split("\r\n")[0])
        await reader.readexactly(length)
        # A model that is not there is told to whoever may ask: 404; the others get a 401.
        if lines.startswith("http/1.1 404"):
            # When it arrived, at the latest: it was decided before.
            self.last[key] = _CLOCK.monotonic()
            self.accepted[key] += 1
        else:
            self.refused[key] += 1
