"""
A request of the Responses API: what was said before is put in front, and the answer is kept.

The serving itself is the same as for every other request; here stands only what a conversation
that lives at the gateway adds to it.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import MsgspecError, Raw, Struct, json

from trunkline.canon.errors import GatewayError, Malformed
from trunkline.canon.exchange import Exchange, Headers
from trunkline.conversations.closing import last_word
from trunkline.conversations.items import brought, id_of_response, joined, status_of
from trunkline.flow.base import Face, Reply
from trunkline.flow.rooms import Rooms
from trunkline.flow.serve import Serving
from trunkline.flow.telling import bug, log_failure, refuse
from trunkline.storage.records import ResponseRecord

# The API tells a stored, whole answer apart from others by its status.
_CREATED: Final = 201
_NULL: Final = b"null"


class Wish(Struct, frozen=True):
    """What a request says of the keeping, with the API's defaults."""

    store: bool = True
    background: bool = False
    previous_id: str | None = None


class Remembered:
    """One exchange of this kind; made per request."""

    __slots__ = ("_exchange", "_face", "_reply", "_rooms")

    def __init__(self, rooms: Rooms, exchange: Exchange, face: Face, reply: Reply) -> None:
        self._rooms = rooms
        self._exchange = exchange
        self._face = face
        self._reply = reply

    async def run(self) -> None:
        exchange = self._exchange
        try:
            wish = read_wish(exchange)
            if not wish.store and wish.previous_id is None:
                own: Sequence[Raw] = ()
            else:
                own = await recall(self._rooms, exchange, wish.previous_id)
            if wish.background:
                await self._rooms.background.begin(exchange, self._face, self._reply, own)
                return
        except GatewayError as error:
            self._refuse(error)
            return
        except Exception as error:  # noqa: BLE001 - a bug of ours must not cost the client an answer
            self._refuse(bug(error))
            return
        if not wish.store:
            await Serving(self._rooms, exchange, self._face, self._reply).run()
            return
        keeping = KeepingReply(self._reply)
        await Serving(self._rooms, exchange, self._face, keeping).run()
        await self._keep(keeping, wish, own)
        keeping.release()

    def _refuse(self, error: GatewayError) -> None:
        exchange, rooms = self._exchange, self._rooms
        log_failure(error, exchange, rooms.log)
        refuse(error, exchange, self._face, rooms.teller(exchange.dialect), self._reply)

    async def _keep(self, kept: "KeepingReply", wish: Wish, own: Sequence[Raw]) -> None:
        """A store that fails costs the client its next turn, not this one."""
        body = kept.response
        if body is None:
            return
        exchange, conversations = self._exchange, self._rooms.conversations
        try:
            await conversations.keep(
                ResponseRecord(
                    tenant=exchange.principal.tenant,
                    id=id_of_response(body),
                    key_id=exchange.principal.key_id,
                    previous_id=wish.previous_id,
                    status=status_of(body),
                    created_at=conversations.clock.unix(),
                    input=joined(own),
                    body=body,
                    events=kept.events,
                )
            )
        except (GatewayError, MsgspecError) as error:
            self._rooms.log.warning("response not stored", request=exchange.id, why=repr(error))


class KeepingReply:
    """The way back to the client, but that the last piece waits until the answer is stored."""

    __slots__ = ("_headers", "_last", "_pieces", "_reply", "_status")

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._pieces: list[bytes] = []
        self._status = 0
        self._headers: Headers = ()
        self._last: bytes | None = None
        """The piece that waits; None once nothing does."""

    @property
    def response(self) -> bytes | None:
        """The Response object the client is about to have, if it is one."""
        if self._last is None:
            return None
        return self._last if self._status else last_word(b"".join(self._pieces[-2:]))

    @property
    def events(self) -> bytes:
        return b"" if self._status else b"".join(self._pieces)

    def release(self) -> None:
        """Let the last piece go."""
        last, self._last = self._last, None
        if last is None:
            return
        if self._status:
            self._reply.whole(self._status, self._headers, last)
        else:
            self._reply.end(last)

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
        else:
            self._status, self._headers, self._last = _CREATED, headers, body

    def start(self, status: int, headers: Headers) -> None:
        self._reply.start(status, headers)

    def write(self, data: bytes) -> None:
        self._pieces.append(data)
        self._reply.write(data)

    @property
    def crowded(self) -> bool:
        return self._reply.crowded

    async def drain(self) -> None:
        await self._reply.drain()

    def end(self, last: bytes = b"") -> None:
        self._pieces.append(last)
        self._last = last

    def abort(self) -> None:
        self._last = None
        self._reply.abort()


async def recall(rooms: Rooms, exchange: Exchange, previous_id: str | None) -> Sequence[Raw]:
    """
    The items this request brings itself; what was said before stands in front of them from now on.

    Raises GatewayError for a response that is not there.
    """
    conversations = rooms.conversations
    own = brought(exchange.envelope.get("input"), conversations.token)
    items = await conversations.recall(exchange.principal.tenant, previous_id, own)
    if previous_id is not None or items is not own:
        exchange.envelope["input"] = Raw(json.encode(items))
        exchange.body = json.encode(exchange.envelope)
        exchange.opened = True
    return own


def read_wish(exchange: Exchange) -> Wish:
    """Raises Malformed."""
    fields = exchange.envelope
    wish = Wish(
        store=_flag(fields.get("store"), "store", default=True),
        background=_flag(fields.get("background"), "background", default=False),
        previous_id=_previous(fields.get("previous_response_id")),
    )
    if wish.background and not wish.store:
        raise Malformed("'background' needs 'store' to be true", param="background")
    if bytes(fields.get("conversation", _NULL)) != _NULL:
        raise Malformed(
            "'conversation' is not served here; go on from a response by 'previous_response_id'",
            param="conversation",
        )
    return wish


def _flag(raw: Raw | None, name: str, *, default: bool) -> bool:
    if raw is None or bytes(raw) == _NULL:
        return default
    if bytes(raw) not in (b"true", b"false"):
        raise Malformed(f"'{name}' must be true or false", param=name)
    return bytes(raw) == b"true"


def _previous(raw: Raw | None) -> str | None:
    if raw is None or bytes(raw) == _NULL:
        return None
    try:
        return json.decode(raw, type=str)
    except (MsgspecError, UnicodeDecodeError):
        raise Malformed(
            "'previous_response_id' must be a string", param="previous_response_id"
        ) from None


def _reply(reply: Reply) -> Reply:
    """Interface guard."""
    return KeepingReply(reply)
