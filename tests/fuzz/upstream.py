"""The invariants of a dialect that only upstreams speak: what goes out is JSON, what comes in is sound.

Only a GatewayError escapes, any chunking gives the same events, and they obey the grammar.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct, json

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import Event, Faulted
from trunkline.canon.exchange import Headers
from trunkline.canon.fold import Fold
from trunkline.canon.grammar import violations
from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages
from trunkline.dialects.base import ClientDialect, ServerDialect
from trunkline.dialects.openai_chat.dialect import OpenAIChat

_CLIENTS: tuple[ServerDialect, ...] = (OpenAIChat(), AnthropicMessages())


class UpstreamTargets(Struct, frozen=True):
    """Each raises AssertionError, or anything but a GatewayError, where an invariant is broken."""

    dialect: ClientDialect
    places: Sequence[Deployment]
    """Whom requests are written for."""

    def request(self, body: bytes) -> None:
        for client in _CLIENTS:
            try:
                request = client.decode_request(body, {})
            except GatewayError:
                continue
            for place in self.places:
                try:
                    encoded = self.dialect.encode_request(request, place)
                except GatewayError:
                    continue
                json.decode(encoded.body)

    def answer(self, body: bytes) -> None:
        try:
            self.dialect.decode_answer(body)
        except GatewayError:
            return

    def stream(self, data: bytes) -> None:
        """In one piece, and byte by byte."""
        once, fault = self._events([data])
        assert (once, fault) == self._events([data[i : i + 1] for i in range(len(data))])
        events = [event for event in once if not isinstance(event, str)]
        assert [] == violations(events, whole=not fault and len(events) == len(once))
        Fold().feed(events)

    def error(self, body: bytes, statuses: Sequence[int], headers: Headers) -> None:
        for status in statuses:
            assert isinstance(self.dialect.decode_error(status, headers, body), GatewayError)

    def _events(self, pieces: list[bytes]) -> tuple[list[Event | str], str]:
        """Faults as text, for exceptions do not compare; and what was raised."""
        decoder, events = self.dialect.decoder(), list[Event]()
        fault = ""
        try:
            for piece in pieces:
                events += decoder.feed(piece)
            events += decoder.finish()
        except GatewayError as error:
            fault = repr(error)
        return [repr(e) if isinstance(e, Faulted) else e for e in events], fault


def chosen(ways: Sequence[Callable[[bytes], None]], data: bytes) -> None:
    """The first byte chooses what the rest is."""
    if data:
        ways[data[0] % len(ways)](data[1:])
