"""Invariant: whatever bytes Cohere sends, only a GatewayError escapes, in any chunking the same events.

And whatever a client asks, the body is JSON. The first byte chooses what the rest is.
"""

from collections.abc import Callable

from msgspec import json

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import Event, Faulted
from trunkline.canon.fold import Fold
from trunkline.canon.grammar import violations
from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages
from trunkline.dialects.base import ServerDialect
from trunkline.dialects.cohere_chat.dialect import CohereChat
from trunkline.dialects.openai_chat.dialect import OpenAIChat

_DIALECT = CohereChat()
_CLIENTS: tuple[ServerDialect, ...] = (OpenAIChat(), AnthropicMessages())
_PLACES = tuple(
    Deployment(id="p/m", provider="p", model="m", dialect=_DIALECT.name, quirks=quirks)
    for quirks in (
        Quirks(mid_system=False, max_temperature=1.0),
        Quirks(efforts=(), schema_output=False, max_tool_name=12, max_stop=1),
    )
)


def check(data: bytes) -> None:
    """Raises AssertionError, or anything but a GatewayError, where the invariant is broken."""
    if data:
        _TARGETS[data[0] % len(_TARGETS)](data[1:])


def _request(body: bytes) -> None:
    for client in _CLIENTS:
        try:
            request = client.decode_request(body, {})
        except GatewayError:
            continue
        for place in _PLACES:
            try:
                encoded = _DIALECT.encode_request(request, place)
            except GatewayError:
                continue
            json.decode(encoded.body)


def _answer(body: bytes) -> None:
    try:
        _DIALECT.decode_answer(body)
    except GatewayError:
        return


def _stream(data: bytes) -> None:
    """In one piece, and byte by byte."""
    once, fault = _events([data])
    assert (once, fault) == _events([data[i : i + 1] for i in range(len(data))])
    events = [event for event in once if not isinstance(event, str)]
    assert [] == violations(events, whole=not fault and len(events) == len(once))
    Fold().feed(events)


def _events(pieces: list[bytes]) -> tuple[list[Event | str], str]:
    """Faults as text, for exceptions do not compare; and what was raised."""
    decoder, events = _DIALECT.decoder(), list[Event]()
    fault = ""
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.finish()
    except GatewayError as error:
        fault = repr(error)
    return [repr(e) if isinstance(e, Faulted) else e for e in events], fault


def _lines(data: bytes) -> None:
    """An event in each line, whose framing is right."""
    _stream(b"".join(b"data: %b\n\n" % line for line in data.split(b"\n")))


def _error(body: bytes) -> None:
    for status in (200, 302, 400, 401, 404, 422, 429, 498, 500, 503):
        error = _DIALECT.decode_error(status, ((b"retry-after", body[:9]),), body)
        assert isinstance(error, GatewayError)


_TARGETS: tuple[Callable[[bytes], None], ...] = (_request, _answer, _stream, _lines, _error)
