"""The way back of an answer that is stored: its last piece waits until it can be come back to."""

from collections.abc import Callable
from typing import Final

from msgspec import MsgspecError, Raw, json

from trunkline.canon.exchange import Headers
from trunkline.conversations.closing import id_in, last_word
from trunkline.conversations.items import head_of
from trunkline.flow.base import Reply

# The API tells a stored, whole answer apart from others by its status.
_CREATED: Final = 201
_WARNINGS: Final = b"x-trunkline-warnings"
_NOT_KEPT: Final = b"store: this answer could not be stored, so its id leads nowhere"
# OpenAI's ids have 53 characters, ours 29. Some servers count theirs, or throw a die with a million
# sides: the second of the same id would take the place of the first.
_UNIQUE: Final = 24

_FIELDS: Final = json.Decoder(dict[str, Raw])

AtEnd = Callable[["KeepingReply"], object]
"""Told once, when all of an answer is here that succeeded in being one."""


class KeepingReply:
    """
    A Reply. Every piece leaves as it comes but the last, which waits for `release`.

    A response whose id could be another's gets one of ours, in all that leaves here.
    """

    __slots__ = (
        "_at_end",
        "_headers",
        "_last",
        "_most",
        "_pieces",
        "_renamed",
        "_reply",
        "_size",
        "_status",
        "_token",
    )

    def __init__(self, reply: Reply, token: Callable[[], str], most: int, at_end: AtEnd) -> None:
        """`token`: a fresh unguessable id. `most`: bytes of a stream that are kept."""
        self._reply = reply
        self._token = token
        self._most = most
        self._at_end = at_end
        self._pieces: list[bytes] = []
        self._size = 0
        self._renamed: tuple[bytes, bytes] | None = None
        """The response's id in JSON, and what stands there instead; the same where it is kept."""
        self._status = 0
        self._headers: Headers = ()
        self._last: bytes | None = None
        """The piece that waits; None once nothing does."""

    @property
    def response(self) -> bytes | None:
        """The Response object the client is about to have, if it is one and not too large."""
        if self._last is None or self._size > self._most:
            return None
        return self._last if self._status else last_word(b"".join(self._pieces[-2:]))

    @property
    def events(self) -> bytes:
        return b"" if self._status else b"".join(self._pieces)

    def release(self, *, kept: bool = True) -> None:
        """
        Let the last piece go, once.

        `kept`: whether it can be come back to. Where it cannot, a whole answer says so: 200, a
        warning, and `store` is false. A stream has said already that it would be.
        """
        last, self._last = self._last, None
        if last is None:
            return
        if not self._status:
            self._reply.end(last)
        elif kept:
            self._reply.whole(_CREATED, self._headers, last)
        else:
            self._reply.whole(self._status, _warned(self._headers), _unstored(last))

    def _own(self, data: bytes, theirs: str) -> bytes:
        """`theirs`: the response's id, where this piece is the first that tells it."""
        if self._renamed is None:
            if not theirs:
                return data
            ours = theirs if len(theirs) >= _UNIQUE else f"resp_{self._token()}"
            self._renamed = (f'"{theirs}"'.encode(), f'"{ours}"'.encode())
        before, after = self._renamed
        return data if before == after else data.replace(before, after)

    def _take(self, data: bytes) -> bytes:
        """A piece of a stream, as it leaves."""
        data = self._own(data, id_in(data) if self._renamed is None else "")
        self._size += len(data)
        if self._size > self._most:
            self._pieces.clear()
        else:
            self._pieces.append(data)
        return data

    # -- Reply

    @property
    def started(self) -> bool:
        return self._reply.started

    @property
    def draining(self) -> bool:
        return self._reply.draining

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        if status >= 300:
            self._reply.whole(status, headers, body)
            return
        self._status, self._headers, self._last = status, headers, self._own(body, _id_of(body))
        self._at_end(self)

    def start(self, status: int, headers: Headers) -> None:
        self._reply.start(status, headers)

    def write(self, data: bytes) -> None:
        self._reply.write(self._take(data))

    @property
    def crowded(self) -> bool:
        return self._reply.crowded

    async def drain(self) -> None:
        await self._reply.drain()

    def end(self, last: bytes = b"") -> None:
        self._last = self._take(last)
        self._at_end(self)

    def abort(self) -> None:
        self._last = None
        self._reply.abort()


def _id_of(body: bytes) -> str:
    head = head_of(body)
    return "" if head is None else head.id


def _unstored(body: bytes) -> bytes:
    """What is no Response object says nothing of its being stored, and stays as it is."""
    try:
        return json.encode({**_FIELDS.decode(body), "store": False})
    except MsgspecError:
        return body


def _warned(headers: Headers) -> Headers:
    """Behind the warnings there are, in one line."""
    told = [value for name, value in headers if name == _WARNINGS]
    others = [header for header in headers if header[0] != _WARNINGS]
    return (*others, (_WARNINGS, b"; ".join((*told, _NOT_KEPT))))


def _reply(reply: Reply) -> Reply:
    """Interface guard."""
    return KeepingReply(reply, str, 0, bool)
