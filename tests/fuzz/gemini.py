"""Invariant: whatever bytes arrive, from a client or an upstream, only a GatewayError escapes.

And where reads cut a stream never changes its events. The first byte says what the rest is.
"""

from collections.abc import Callable, Mapping

from msgspec import Raw, json
from msgspec.structs import replace

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import Event, Faulted
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Stamp
from trunkline.dialects.gemini.dialect import Gemini
from trunkline.wire.sse import Splitter

_DIALECT = Gemini()
_STAMP = Stamp("0123456789", "m", 1)
_ASKED = ChatRequest(model="m", messages=(), origin="gemini", include_usage=True)
_PLACES = tuple(
    Deployment(id="p/m", provider="p", model="m", dialect="gemini", quirks=quirks)
    for quirks in (
        Quirks(),
        Quirks(thinking_budget=(128, 32_768), tool_images=True, max_tool_name=12),
        Quirks(efforts=("low", "high"), thought_signatures=True, schema_output=False),
    )
)


def check(data: bytes) -> None:
    """Raises AssertionError, or anything but a GatewayError, where the invariant is broken."""
    if data:
        kinds = list(_TARGETS.values())
        _TARGETS.get(data[:1], kinds[data[0] % len(kinds)])(data[1:])


def _request(body: bytes) -> None:
    try:
        request = _DIALECT.decode_request(body, {})
        for place in _PLACES:
            for origin in ("gemini", "openai-chat"):
                asked = replace(request, origin=origin)
                _DIALECT.decode_request(_DIALECT.encode_request(asked, place).body, {})
    except GatewayError:
        return
    finally:
        _forward(body)


def _forward(body: bytes) -> None:
    try:
        envelope = json.decode(body, type=dict[str, Raw])
    except (ValueError, RecursionError):
        return
    json.decode(_DIALECT.forward(envelope, _PLACES[0], {}).body, type=dict[str, Raw])


def _answer(body: bytes) -> None:
    for read in (_DIALECT.read_usage, _DIALECT.decode_answer):
        try:
            read(body)
        except GatewayError:
            continue
    try:
        answer = _DIALECT.decode_answer(body)
    except GatewayError:
        return
    _DIALECT.decode_answer(_DIALECT.encode_answer(answer, _ASKED, _STAMP))


def _stream(data: bytes) -> None:
    """In one piece, and byte by byte; then out to a client."""
    once = _events([data])
    assert once == _events([data[i : i + 1] for i in range(len(data))])
    _DIALECT.encoder(_ASKED, _STAMP).feed([e for e in once if not isinstance(e, str)])


def _events(pieces: list[bytes]) -> list[Event | str]:
    decoder, events = _DIALECT.decoder(), list[Event]()
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.finish()
    except GatewayError as error:
        assert [] == violations(events, whole=False)
        return [*_comparable(events), repr(error)]
    assert [] == violations(events)
    return _comparable(events)


def _comparable(events: list[Event]) -> list[Event | str]:
    return [repr(event) if isinstance(event, Faulted) else event for event in events]


def _watch(data: bytes) -> None:
    watcher, splitter = _DIALECT.watcher(wants_usage=False), Splitter()
    try:
        for half in (data[: len(data) // 2], data[len(data) // 2 :]):
            if block := splitter.feed(half):
                assert block == watcher.feed(block)
    except GatewayError:
        assert watcher.before_error in data


def _error(body: bytes) -> None:
    for status in (200, 302, 400, 401, 403, 404, 413, 429, 500, 529, 999):
        error = _DIALECT.decode_error(status, ((b"retry-after", body[:20]),), body)
        rendered = _DIALECT.render_error(error, "req_1")
        assert 400 <= rendered.status < 600
        assert len(rendered.body) < 20_000


_TARGETS: Mapping[bytes, Callable[[bytes], None]] = {
    b"R": _request,
    b"A": _answer,
    b"S": _stream,
    b"W": _watch,
    b"E": _error,
}
