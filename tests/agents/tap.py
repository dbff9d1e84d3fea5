"""Between an agent and the gateway: passes every byte on, and writes down what was asked."""

import asyncio
import re
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools
import msgspec

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_ID = re.compile(rb"x-trunkline-request-id: (\w+)", re.IGNORECASE)
_CHUNK = 1 << 16


@dataclass
class Asked:
    """A request as the agent sent it."""

    method: str = ""
    target: str = ""
    """Path and query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names."""
    body: bytes = b""
    status: int = 0
    """Of the answer; 0 while there is none."""
    request_id: str = ""
    """By which the ledger knows it; empty where nothing is booked."""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def field(self, name: str) -> object:
        """A field of the body; None where it has none of that name, or is no JSON."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, object]).get(name)
        except msgspec.MsgspecError:
            return None


class _Reader:
    """What httptools calls back; one for each connection."""

    def __init__(self, book: list[Asked]) -> None:
        self._book = book
        self._mine: list[Asked] = []
        self._headers: dict[str, str] = {}
        self._target = b""
        self._body: list[bytes] = []
        self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        self._headers, self._target, self._body = {}, b"", []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        asked = Asked(
            self.parser.get_method().decode(),
            self._target.decode(),
            self._headers,
            b"".join(self._body),
        )
        self._book.append(asked)
        self._mine.append(asked)

    def answered(self, data: bytes) -> None:
        """An answer's head opens a read of its own: no agent sends before it was answered."""
        if (found := _STATUS.match(data)) and (open_ := [a for a in self._mine if not a.status]):
            open_[0].status = int(found[1])
            named = _ID.search(data)
            open_[0].request_id = named[1].decode() if named else ""


class Tap:
    """A port in front of `upstream`, the base URL of a gateway."""

    def __init__(self, upstream: str) -> None:
        self.book: list[Asked] = []
        """In order of arrival, each whole."""
        self.base = ""
        self._port = int(upstream.rpartition(":")[2])
        self._pumps: set[asyncio.Task[None]] = set()

    async def serve(self, ready: threading.Event, done: asyncio.Event) -> None:
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0, limit=_CHUNK)
        self.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await done.wait()
        server.close()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        book = _Reader(self.book)
        back, forth = await asyncio.open_connection("127.0.0.1", self._port, limit=_CHUNK)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pump(reader, forth, book.parser.feed_data))
                both.create_task(_pump(back, writer, book.answered))
        except* (ConnectionError, httptools.HttpParserError):
            pass
        finally:
            self._pumps.discard(task)
            for end in (forth, writer):
                with suppress(ConnectionError):
                    end.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: object) -> None:
    """Until one side is done; the other side is told."""
    while data := await reader.read(_CHUNK):
        note(data)
        writer.write(data)
        await writer.drain()
    writer.close()


@contextmanager
def tapped(upstream: str) -> Generator[Tap]:
    """A tap in a thread of its own."""
    tap, ready = Tap(upstream), threading.Event()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(tap.serve(ready, done)))
    thread.start()
    try:
        assert ready.wait(10)
        yield tap
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
