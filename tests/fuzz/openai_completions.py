"""Invariant: whatever bytes arrive, from a client or an upstream, only a GatewayError escapes.

And where reads cut a stream never changes its events. The first byte chooses what the rest is.
"""

from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import Event, Faulted
from trunkline.canon.grammar import violations
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_completions.dialect import OpenAICompletions
from trunkline.wire.sse import Splitter

_DIALECT = OpenAICompletions()
_STAMP = Stamp("0123456789", "m", 1)
_ASKED = _DIALECT.decode_request(
    b'{"model":"m","prompt":"Say","echo":true,"logprobs":2,"stream_options":{"include_usage":true}}',
    {},
)
_PLACE = Deployment(id="p/m", provider="p", model="m", dialect="openai-completions")


def check(data: bytes) -> None:
    """Raises AssertionError, or anything but a GatewayError, where the invariant is broken."""
    if data:
        _TARGETS[data[0] % len(_TARGETS)](data[1:])


def _request(body: bytes) -> None:
    try:
        request = _DIALECT.decode_request(body, {})
        _DIALECT.decode_request(_DIALECT.encode_request(request, _PLACE).body, {})
    except GatewayError:
        return


def _answer(body: bytes) -> None:
    try:
        answer = _DIALECT.decode_answer(body)
        _DIALECT.read_usage(body)
        _DIALECT.decode_answer(_DIALECT.encode_answer(answer, _ASKED, _STAMP))
    except GatewayError:
        return


def _stream(data: bytes) -> None:
    """In one piece, and byte by byte; then out to a client."""
    once = _events([data])
    assert _told(once) == _told(_events([data[i : i + 1] for i in range(len(data))]))
    assert [] == violations(once, whole=False)
    _DIALECT.encoder(_ASKED, _STAMP).feed(once)


def _events(pieces: list[bytes]) -> list[Event]:
    decoder, events = _DIALECT.decoder(), list[Event]()
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.finish()
    except GatewayError:
        return events
    return events


def _told(events: list[Event]) -> list[Event | str]:
    return [repr(event) if isinstance(event, Faulted) else event for event in events]


def _watch(data: bytes) -> None:
    watcher, splitter = _DIALECT.watcher(wants_usage=False), Splitter()
    try:
        for half in (data[: len(data) // 2], data[len(data) // 2 :]):
            if block := splitter.feed(half):
                watcher.feed(block)
    except GatewayError:
        return


def _error(body: bytes) -> None:
    for status in (200, 400, 429, 500):
        error = _DIALECT.decode_error(status, (), body)
        _DIALECT.render_error(error, "req_1")


_TARGETS = (_request, _answer, _stream, _watch, _error)
