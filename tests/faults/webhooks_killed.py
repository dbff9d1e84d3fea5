"""Events through a receiver that fails, from senders that are killed: what arrives, and how often."""

import asyncio
import os
import random  # noqa: TID251 - seeded: the same moments in every run
import signal
import socket
import sys
from collections import Counter
from dataclasses import dataclass, field

from standardwebhooks.webhooks import Webhook

from tests.faults.webhook_sender import opened, room
from trunkline.kernel.clock import SystemClock
from trunkline.kernel.ids import ulid
from trunkline.kernel.tasks import Tasks
from trunkline.storage.sql.database import Database, Session
from trunkline.storage.sql.outbox import put
from trunkline.webhooks.service import NewEndpoint

SENDERS = 2
ENDPOINTS = 4
_BATCH = 500


@dataclass
class Receiver:
    """Takes seven requests of ten; to the others it is down, resets, or is slow."""

    dice: random.Random
    secrets: dict[str, Webhook] = field(default_factory=dict)
    """By path."""
    taken: Counter[str] = field(default_factory=Counter)
    """How often each event was answered with 2xx."""
    requests: int = 0
    forged: int = 0
    """Requests whose signature does not verify."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (s.partition(": ") for s in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests += 1
        try:
            self.secrets[first.split()[1]].verify(body, headers)
        except Exception:  # noqa: BLE001 - whatever the library says, it is not ours
            self.forged += 1
        lot = self.dice.random()
        if lot < 0.001:
            await reader.read()  # until the sender has had enough
            return False
        if lot < 0.05:
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.transport.abort()
            return False
        if lot < 0.3:
            writer.write(b"HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops")
        else:
            self.taken[headers["webhook-id"]] += 1
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        return True


@dataclass(frozen=True)
class Found:
    events: int
    kills: int
    lost: int
    duplicates: int
    forged: int
    requests: int

    def __str__(self) -> str:
        return (
            f"{self.events} events, {self.kills} kills, {self.requests} attempts: {self.lost} lost"
            f" (below {3 / self.events:.1e} at 95 %), {self.duplicates} delivered again,"
            f" {self.forged} signatures that do not verify"
        )


async def killed(
    where: str, events: int, kills: int, *, manner: str = "honest", patience: float = 60.0
) -> Found:
    """`where`: see webhook_sender. `patience`: seconds without progress after which it is over."""
    dice = random.Random(events)
    receiver = Receiver(dice)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    async with opened(where) as database:
        ids = await _fill(database, events, server.sockets[0].getsockname()[1], receiver)
    senders = [await _start(where, manner) for _ in range(SENDERS)]
    left = kills
    try:
        moments = sorted(dice.uniform(0, 0.95) * events for _ in range(kills))
        seen, quiet = 0, 0.0
        while len(receiver.taken) < events and quiet < patience:
            await asyncio.sleep(0.005)
            quiet = 0.0 if len(receiver.taken) > seen else quiet + 0.005
            seen = len(receiver.taken)
            if left and seen >= moments[kills - left]:
                left -= 1
                which = dice.randrange(SENDERS)
                await _kill(senders[which])
                senders[which] = await _start(where, manner)
    finally:
        for sender in senders:
            await _kill(sender)
        server.close()
    return Found(
        events,
        kills - left,
        sum(event not in receiver.taken for event in ids),
        receiver.taken.total() - len(receiver.taken),
        receiver.forged,
        receiver.requests,
    )


async def _fill(database: Database, events: int, port: int, receiver: Receiver) -> list[str]:
    """Endpoints, and events for them in turn, in the outbox."""
    clock = SystemClock()
    service = room(database, Tasks(lambda name, error: None)).service
    for number in range(ENDPOINTS):
        new = NewEndpoint(
            tenant=f"t{number}",
            face="native",
            url=f"http://127.0.0.1:{port}/{number}",
            events=("*",),
        )
        receiver.secrets[f"/{number}"] = Webhook((await service.create(new)).secret)
    ids = [f"evt_{ulid(clock.unix(), os.urandom)}" for _ in range(events)]
    for begin in range(0, events, _BATCH):

        def work(session: Session, begin: int = begin) -> None:
            for number, event in enumerate(ids[begin : begin + _BATCH]):
                put(
                    session,
                    tenant=f"t{number % ENDPOINTS}",
                    type="processing.completed",
                    data=b'{"id":"proc_1"}',
                    now_us=int(clock.unix() * 1_000_000),
                    event_id=event,
                )

        await database.write(work)
    return ids


async def _start(where: str, manner: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.webhook_sender",
        where,
        manner,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )


async def _kill(sender: asyncio.subprocess.Process) -> None:
    sender.send_signal(signal.SIGKILL)
    await sender.wait()
