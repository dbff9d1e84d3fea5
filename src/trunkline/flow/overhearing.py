"""A request whose bodies are logged: served as any other, and then handed to whoever keeps them."""

from collections.abc import Awaitable, Callable
from typing import Final

from trunkline.canon.exchange import Principal
from trunkline.flow.base import Head, Reply
from trunkline.flow.copying import CopyingReply
from trunkline.ledger.bodies import BodyLog, Heard, Taking

# A body up to that size is redacted whole, so that of one with images their words are kept.
_WHOLE: Final = 4 << 20


class Overhearing:
    """Of one request."""

    __slots__ = ("_head", "_log", "_principal", "_request_id", "_taking")

    def __init__(
        self, log: BodyLog, taking: Taking, head: Head, principal: Principal, request_id: str
    ) -> None:
        self._log = log
        self._taking = taking
        self._head = head
        self._principal = principal
        self._request_id = request_id

    async def run(
        self, body: bytes, reply: Reply, serve: Callable[[Reply], Awaitable[None]]
    ) -> None:
        """What the client got until it left counts, too."""
        copy = CopyingReply(reply, self._taking.most)
        try:
            await serve(copy)
        finally:
            self._log.put(self._heard(body, copy), self._taking)

    def _heard(self, body: bytes, answer: CopyingReply) -> Heard:
        return Heard(
            request_id=self._request_id,
            tenant=self._principal.tenant,
            key_id=self._principal.key_id,
            received_at=self._head.received_at,
            path=self._head.path.decode("latin-1"),
            request=body if len(body) <= _WHOLE else body[: self._taking.most],
            request_size=len(body),
            answer=answer.pieces,
            answer_size=answer.size,
            status=answer.status,
            streamed=answer.streamed,
            complete=answer.over,
        )
