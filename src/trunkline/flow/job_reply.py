"""Where the answer of a background response goes: under the id the client was given, to any reader."""

from typing import Final

from msgspec import MsgspecError, Raw, json
from msgspec.structs import replace

from trunkline.canon.answer import Answer
from trunkline.canon.errors import Garbled
from trunkline.canon.exchange import Exchange, Headers
from trunkline.canon.usage import Usage
from trunkline.conversations.closing import id_in, last_word
from trunkline.conversations.events import (
    behind_opening,
    breaking,
    cancelling,
    failing,
    opening,
)
from trunkline.conversations.items import head_of
from trunkline.conversations.jobs import Running, amended
from trunkline.conversations.partial import said_so_far
from trunkline.dialects.base import ServerDialect, Stamp
from trunkline.dialects.raws import NULL
from trunkline.flow.base import Reply
from trunkline.storage.records import ResponseRecord

_FAILURE: Final = "The response could not be made."
_BROKEN: Final = "This response is not made here any more; read its events again from the start."
# OpenAI's API reference, the Response object's error.code (seen 2026-11-21); the others are about
# images.
_CODES: Final = frozenset({"server_error", "rate_limit_exceeded", "invalid_prompt"})


class JobReply:
    """A Reply without a client."""

    crowded = False
    draining = False

    def __init__(self, record: ResponseRecord, running: Running, most: int) -> None:
        """`most`: bytes of an answer. No client leaves here when an upstream never ends."""
        self._record = record
        self._left = most
        self._running = running
        self._theirs = ""
        self._number = 2
        """Of the next event, behind the opening."""
        self._response: bytes | None = None
        """The Response object, once it is whole."""
        self.refusal = b""
        """The body of an error that came instead of an answer."""
        self.started = False
        running.add(opening(record.body))

    def finished(self) -> ResponseRecord:
        """What there is to keep, now that no more will come: an answer, or the failure."""
        head, body = head_of(self._response), self._response
        status = "failed" if head is None else head.status
        if head is None or body is None:
            body = amended(
                self._record.body, {"status": "failed", "error": told_failure(self.refusal)}
            )
            self._running.add(failing(body, self._number))
        events = self._running.events
        return replace(self._record, status=status, body=body, events=events, job=b"")

    def cancelled(self, usage: Raw) -> ResponseRecord:
        """
        What there is to keep of one that is wanted no more, as its readers are told at the end.

        `usage`: as `spent` gives it. One that was whole before it could be stopped is whole.
        """
        if self._response is not None:
            return self.finished()
        said = said_so_far(self._running.events)
        changes = {"status": "cancelled", "output": said, "usage": usage}
        body = amended(self._record.body, changes)
        self._running.add(cancelling(body, self._number))
        events = self._running.events
        return replace(self._record, status="cancelled", body=body, events=events, job=b"")

    def abandoned(self) -> None:
        """Another worker makes it: what its readers have is no beginning of that answer."""
        if self._response is None:
            self._running.add(breaking(_BROKEN, self._number))

    # -- Reply

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.refusal = body

    def start(self, status: int, headers: Headers) -> None:
        self.started = True

    def write(self, data: bytes) -> None:
        """Raises Garbled, once, where an answer is too large to keep."""
        self._theirs = self._theirs or id_in(data)
        data, self._number = behind_opening(data, self._number, self._theirs, self._record.id)
        before, self._left = self._left, self._left - len(data)
        if before >= 0 > self._left:
            raise Garbled("the provider's answer is too large")
        if data:
            self._running.add(data)
            self._response = last_word(data) or self._response

    async def drain(self) -> None:
        return

    def end(self, last: bytes = b"") -> None:
        if last:
            self.write(last)

    def abort(self) -> None:
        return


def told_failure(refusal: bytes) -> dict[str, str]:
    """A Response object's error, from the body of a refusal if it says anything."""
    try:
        error = json.decode(refusal, type=dict[str, Raw]).get("error") if refusal else None
        said = json.decode(error, type=dict[str, Raw]) if error else {}
        message = json.decode(said["message"], type=str) if "message" in said else ""
        code = json.decode(said["code"], type=str | None) if "code" in said else None
    except MsgspecError:
        return {"code": "server_error", "message": _FAILURE}
    known = code if code in _CODES else "server_error"
    return {"code": known or "server_error", "message": message or _FAILURE}


def spent(exchange: Exchange, server: ServerDialect) -> Raw:
    """What is billed, as a Response object tells it; null for nothing. Raises GatewayError."""
    usage = sum((attempt.usage for attempt in exchange.billed), Usage())
    if not usage.total:
        return NULL
    stamp = Stamp("", exchange.model, 0)
    request = exchange.request or server.decode_request(exchange.body, exchange.headers)
    told = server.encode_answer(Answer(usage=usage), request, stamp)
    return json.decode(told, type=dict[str, Raw]).get("usage", NULL)


def _reply(reply: JobReply) -> Reply:
    """Interface guard."""
    return reply
