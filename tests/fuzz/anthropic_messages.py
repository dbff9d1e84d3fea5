"""Invariant: on any bytes only GatewayError escapes, and events obey the grammar in any chunking."""

from msgspec import Raw, json

from trunkline.canon.answer import Answer
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import GatewayError, Malformed
from trunkline.canon.event import Event
from trunkline.canon.fold import Fold
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest
from trunkline.dialects.anthropic_messages.dialect import AnthropicMessages
from trunkline.dialects.base import Stamp
from trunkline.wire.sse import Splitter

_DIALECT = AnthropicMessages()
_STAMP = Stamp("0", "m", 0)
_TO = Deployment(id="p/m", provider="p", model="m", dialect=_DIALECT.name)
_REQUEST = ChatRequest(model="m", messages=(), origin=_DIALECT.name)


def check(data: bytes) -> None:
    """
    The first byte says what the rest is: R a request, A an answer, E an error, S a stream.

    Anything else is tried as all four.
    """
    kind, rest = data[:1], data[1:]
    checks = {b"R": _request, b"A": _answer, b"E": _error, b"S": _stream}
    for one in [checks[kind]] if kind in checks else list(checks.values()):
        one(rest if kind in checks else data)


def _request(data: bytes) -> None:
    try:
        request = _DIALECT.decode_request(data, {})
    except Malformed:
        return
    for origin in (_DIALECT.name, "openai-chat"):
        try:
            encoded = _DIALECT.encode_request(_from(request, origin), _TO)
        except GatewayError:
            continue
        json.decode(encoded.body)
    _DIALECT.forward(json.decode(data, type=dict[str, Raw]), _TO, {})


def _from(request: ChatRequest, origin: str) -> ChatRequest:
    fields = {name: getattr(request, name) for name in ChatRequest.__struct_fields__}
    return ChatRequest(**{**fields, "origin": origin})


def _answer(data: bytes) -> None:
    for read in (_DIALECT.read_usage, _DIALECT.decode_answer):
        try:
            answer = read(data)
        except GatewayError:
            continue
        if isinstance(answer, Answer):
            json.decode(_DIALECT.encode_answer(answer, _REQUEST, _STAMP))


def _error(data: bytes) -> None:
    for status in (200, 302, 400, 429, 500, 529):
        error = _DIALECT.decode_error(status, ((b"retry-after", data[:9]),), data)
        json.decode(_DIALECT.render_error(error, "req").body)


def _stream(data: bytes) -> None:
    whole, ended = _events(data, len(data) or 1)
    split, split_ended = _events(data, 3)
    assert json.encode(whole) == json.encode(split)
    assert ended == split_ended
    assert [] == violations(whole, whole=ended)
    Fold().feed(whole)
    _DIALECT.encoder(_REQUEST, _STAMP).feed(whole)
    watcher, splitter = _DIALECT.watcher(wants_usage=True), Splitter()
    try:
        watcher.feed(splitter.feed(data))
    except GatewayError:
        assert data.startswith(watcher.before_error)


def _events(data: bytes, width: int) -> tuple[list[Event], bool]:
    """Faults are compared by their type: an exception is no JSON."""
    decoder, found = _DIALECT.decoder(), list[Event]()
    try:
        for at in range(0, len(data), width):
            found += decoder.feed(data[at : at + width])
        found += decoder.finish()
    except GatewayError:
        return _without_faults(found), False
    return _without_faults(found), not any(type(e).__name__ == "Faulted" for e in found)


def _without_faults(events: list[Event]) -> list[Event]:
    return [event for event in events if type(event).__name__ != "Faulted"]
