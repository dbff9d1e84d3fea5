"""Background responses: what it takes to make one, and the events of those being made here."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from msgspec import MsgspecError, Raw, Struct, json

from trunkline.canon.exchange import Principal
from trunkline.conversations.closing import behind

_MAP: Final = json.Decoder(dict[str, Raw])


class _Manner(Struct):
    background: bool | None = None


_MANNER: Final = json.Decoder(_Manner)


class Job(Struct, frozen=True, kw_only=True):
    """A request, as whoever makes its answer needs it; it outlives the process."""

    face: str
    dialect: str
    principal: Principal
    model: str
    body: bytes
    stream: bool
    """Whether the client asked to read the events."""
    session: str = ""
    """Which it belongs to: as in Exchange."""


def write_job(job: Job) -> bytes:
    return json.encode(job)


def read_job(data: bytes) -> Job:
    return json.decode(data, type=Job)


def amended(body: bytes, changes: Mapping[str, object]) -> bytes:
    """A Response object with some fields said otherwise."""
    return json.encode({**_MAP.decode(body), **changes})


def is_background(body: bytes) -> bool:
    """Whether a Response object says that it was made so."""
    try:
        return bool(_MANNER.decode(body).background)
    except MsgspecError:
        return False


class Running:
    """The events of a response that is being made in this process, for any number of readers."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._news = asyncio.Event()
        self.over = False

    @property
    def events(self) -> bytes:
        return b"".join(self._pieces)

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._wake()

    def close(self) -> None:
        """No more will come, whatever there is."""
        self.over = True
        self._wake()

    async def follow(self, number: int) -> AsyncIterator[bytes]:
        """Events with a sequence number greater than `number`, as they come."""
        at = 0
        while True:
            news, pieces = self._news, self._pieces[at:]
            at += len(pieces)
            told = b"".join(pieces)
            if found := told if number < 0 else behind(told, number):
                yield found
            if at == len(self._pieces):
                if self.over:
                    return
                await news.wait()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
