"""Invariant: whatever bytes Bedrock sends, only a GatewayError escapes, in any chunking the same events.

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
from trunkline.dialects.bedrock_converse.dialect import BedrockConverse
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.wire.awsstream import encode as framed

_DIALECT = BedrockConverse()
_CLIENTS: tuple[ServerDialect, ...] = (OpenAIChat(), AnthropicMessages())
_PLACES = tuple(
    Deployment(id="p/m", provider="p", model=model, dialect=_DIALECT.name, quirks=quirks)
    for model, quirks in (
        ("us.anthropic.claude-opus-4-8", Quirks(cache_marks=True)),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", Quirks(schema_output=False)),
        ("us.amazon.nova-2-lite-v1:0", Quirks(cache_marks=True)),
        ("meta.llama4", Quirks(max_tool_name=12)),
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


def _framed(data: bytes) -> None:
    """Lines of an event's name and its payload, whose checksums are right: what a CRC keeps out."""
    messages = []
    for line in data.split(b"\n"):
        name, _, payload = line.partition(b" ")
        kind = "exception" if name.endswith(b"Exception") else "event"
        headers = {f":{kind}-type": name.decode("latin-1")[:99], ":message-type": kind}
        messages.append(framed(headers, payload))
    _stream(b"".join(messages))


def _error(body: bytes) -> None:
    for status in (200, 302, 400, 403, 404, 408, 424, 429, 500, 503):
        for headers in ((), ((b"x-amzn-errortype", body[:40]), (b"retry-after", body[:9]))):
            error = _DIALECT.decode_error(status, headers, body)
            assert isinstance(error, GatewayError)


_TARGETS: tuple[Callable[[bytes], None], ...] = (_request, _answer, _stream, _framed, _error)
