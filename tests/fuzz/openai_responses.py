"""Invariant: whatever bytes arrive, from a client or an upstream, only a GatewayError escapes.

And where reads cut a stream never changes its events. The first byte chooses what the rest is.
"""

from collections.abc import Callable

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import Disconnected, GatewayError
from trunkline.canon.event import Event, Faulted
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_responses.dialect import OpenAIResponses
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.wire.sse import Splitter

_DIALECT = OpenAIResponses()
_STAMP = Stamp("0123456789", "m", 1)
_ASKED = ChatRequest(model="m", messages=(), origin=_DIALECT.name)
_PLACES = tuple(
    Deployment(id="p/m", provider="p", model="m", dialect=_DIALECT.name, quirks=quirks)
    for quirks in (
        Quirks(),
        Quirks(system_role="developer", reasoning_model=True, max_tool_name=20),
        Quirks(flat_text=True, mid_system=False, replay_reasoning=True, efforts=()),
        Quirks(schema_output=False, efforts=("low",)),
    )
)


def check(data: bytes) -> None:
    """Raises AssertionError, or anything but a GatewayError, where the invariant is broken."""
    if data:
        _TARGETS[data[0] % len(_TARGETS)](data[1:])


def _request(body: bytes) -> None:
    """In and out again; and passed on, whatever there is in it."""
    try:
        _DIALECT.forward(RAW_MAP.decode(body), _PLACES[0], {})
    except NOT_JSON:
        pass  # what is no object never gets so far
    try:
        request = _DIALECT.decode_request(body, {})
        for place in _PLACES:
            again = _DIALECT.encode_request(request, place)
            _DIALECT.decode_request(again.body, {})
    except GatewayError:
        return


def _answer(body: bytes) -> None:
    try:
        answer = _DIALECT.decode_answer(body)
        _DIALECT.decode_answer(_DIALECT.encode_answer(answer, _ASKED, _STAMP))
    except GatewayError:
        return


def _stream(data: bytes) -> None:
    """In one piece, and byte by byte; then out to a client, who reads it in turn."""
    once = _events([data])
    assert once == _events([data[i : i + 1] for i in range(len(data))])
    events = [event for event in once if not isinstance(event, str)]
    assert not violations(events, whole=False)
    _DIALECT.encoder(_ASKED, _STAMP).feed(events)


def _events(pieces: list[bytes]) -> list[Event | str]:
    decoder, events = _DIALECT.decoder(), list[Event]()
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.finish()
    except Disconnected as error:
        return [*_comparable(events), repr(error)]
    return _comparable(events)


def _comparable(events: list[Event]) -> list[Event | str]:
    return [repr(event) if isinstance(event, Faulted) else event for event in events]


def _watch(data: bytes) -> None:
    watcher, splitter = _DIALECT.watcher(wants_usage=False), Splitter()
    try:
        for half in (data[: len(data) // 2], data[len(data) // 2 :]):
            if block := splitter.feed(half):
                watcher.feed(block)
    except GatewayError as error:
        watcher.fault(error, "req_1")


def _error(body: bytes) -> None:
    for status in (200, 302, 400, 401, 403, 404, 413, 429, 500, 529, 999):
        error = _DIALECT.decode_error(status, ((b"retry-after", body[:20]),), body)
        rendered = _DIALECT.render_error(error, "req_1")
        assert 400 <= rendered.status < 600
        assert len(rendered.body) < 10_000


_TARGETS: tuple[Callable[[bytes], None], ...] = (_request, _answer, _stream, _watch, _error)
