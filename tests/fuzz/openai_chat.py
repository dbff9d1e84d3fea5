"""Invariant: whatever bytes arrive, from a client or an upstream, only a GatewayError escapes.

And where reads cut a stream never changes its events. The first byte chooses what the rest is.
"""

from collections.abc import Callable

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import Event, Faulted
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Stamp
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.wire.sse import Splitter

_DIALECT = OpenAIChat()
_STAMP = Stamp("0123456789", "m", 1)
_ASKED = ChatRequest(model="m", messages=(), origin="openai-chat", include_usage=True)
_PLACES = tuple(
    Deployment(id="p/m", provider="p", model="m", dialect="openai-chat", quirks=quirks)
    for quirks in (
        Quirks(),
        Quirks(system_role="developer", reasoning_field="reasoning", tool_images=True),
        Quirks(reasoning_field="content", tool_id="mistral", flat_text=True, mid_system=False),
        Quirks(schema_output=False, reasoning_model=True, replay_reasoning=True, efforts=()),
    )
)


def check(data: bytes) -> None:
    """Raises AssertionError, or anything but a GatewayError, where the invariant is broken."""
    if data:
        _TARGETS[data[0] % len(_TARGETS)](data[1:])


def _request(body: bytes) -> None:
    try:
        request = _DIALECT.decode_request(body, {})
        for place in _PLACES:
            again = _DIALECT.encode_request(request, place)
            _DIALECT.decode_request(again.body, {})
    except GatewayError:
        return


def _answer(body: bytes) -> None:
    try:
        answer = _DIALECT.decode_answer(body, think_tags=True)
        _DIALECT.decode_answer(_DIALECT.encode_answer(answer, _ASKED, _STAMP))
    except GatewayError:
        return


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
    except GatewayError:
        return


def _error(body: bytes) -> None:
    for status in (200, 302, 400, 401, 403, 404, 413, 429, 500, 529, 999):
        error = _DIALECT.decode_error(status, ((b"retry-after", body[:20]),), body)
        rendered = _DIALECT.render_error(error, "req_1")
        assert 400 <= rendered.status < 600
        assert len(rendered.body) < 10_000


_TARGETS: tuple[Callable[[bytes], None], ...] = (_request, _answer, _stream, _watch, _error)
