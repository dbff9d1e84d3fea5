"""
A request of the Responses API: what was said before is put in front, and the answer is kept.

The serving itself is the same as for every other request; here stands only what a conversation
that lives at the gateway adds to it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec import MsgspecError, Raw, Struct, json

from trunkline.canon.errors import GatewayError, Malformed
from trunkline.canon.exchange import Exchange, Status
from trunkline.conversations.items import (
    brought,
    head_of,
    joined,
    may_refer,
    sendable,
)
from trunkline.flow.base import Face, Reply
from trunkline.flow.books import Books
from trunkline.flow.keeping import KeepingReply
from trunkline.flow.rooms import Rooms
from trunkline.flow.serve import Serving
from trunkline.flow.telling import bug, log_failure, refuse
from trunkline.storage.records import ResponseRecord

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
            refers = may_refer(exchange.body)
            if not wish.store and wish.previous_id is None and not refers:
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
        await self._serve(wish, own)

    async def _serve(self, wish: Wish, own: Sequence[Raw]) -> None:
        """
        Serve, and keep the answer before its last piece leaves.

        The keeping is a task of its own: a client that leaves does not undo it, and an answer
        does not wait for what Serving still does behind its end.
        """
        rooms, exchange = self._rooms, self._exchange
        tasks: list[asyncio.Task[None]] = []

        def at_end(kept: KeepingReply) -> None:
            # Read now: once released, the last piece is the client's.
            work = self._keep(kept, self._record(kept, wish, own))
            tasks.append(rooms.tasks.spawn(f"settle kept {exchange.id}", work))

        keeping = KeepingReply(self._reply, rooms.token, rooms.max_answer, at_end)
        try:
            await Serving(rooms, exchange, self._face, keeping).run()
            for task in tasks:
                await asyncio.shield(task)
        finally:
            keeping.release(kept=False)

    def _refuse(self, error: GatewayError) -> None:
        exchange, rooms = self._exchange, self._rooms
        log_failure(error, exchange, rooms.log)
        try:
            Books(rooms, exchange, None).close(Status.FAILED, error)
        except GatewayError as closed:  # whoever cannot be billed can still be told
            log_failure(closed, exchange, rooms.log)
        refuse(error, exchange, self._face, rooms.teller(exchange.dialect), self._reply)

    async def _keep(self, kept: KeepingReply, record: ResponseRecord | None) -> None:
        """A store that fails costs the client its next turn, not this one: the answer says so."""
        stored = False
        try:
            if record is not None:
                await self._rooms.conversations.keep(record)
                stored = True
        except GatewayError as error:
            request = self._exchange.id
            self._rooms.log.warning("response not stored", request=request, why=repr(error))
        finally:
            kept.release(kept=stored)

    def _record(self, kept: KeepingReply, wish: Wish, own: Sequence[Raw]) -> ResponseRecord | None:
        """None where the client got no Response object, or none that says what it is."""
        body = kept.response
        head = head_of(body)
        if body is None or head is None or not head.id:
            return None
        principal = self._exchange.principal
        return ResponseRecord(
            tenant=principal.tenant,
            id=head.id,
            key_id=principal.key_id,
            previous_id=wish.previous_id,
            status=head.status,
            created_at=self._rooms.conversations.clock.unix(),
            input=joined(own),
            body=body,
            events=kept.events,
        )


async def recall(rooms: Rooms, exchange: Exchange, previous_id: str | None) -> Sequence[Raw]:
    """
    The items this request brings itself; what was said before stands in front of them from now on.

    Raises GatewayError for a response that is not there.
    """
    conversations = rooms.conversations
    own = brought(exchange.envelope.get("input"), conversations.token)
    tenant = exchange.principal.tenant
    history, resolved = await conversations.recall(tenant, previous_id, own)
    if previous_id is not None or resolved is not own:
        exchange.envelope["input"] = Raw(json.encode(sendable([*history, *resolved])))
        exchange.body = json.encode(exchange.envelope)
        exchange.opened = True
    return resolved


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
