"""What is fuzzed: each way into each dialect, with what must hold of whatever comes in."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from random import Random  # noqa: TID251 - chooses where reads cut, from the seed of whoever runs it

from msgspec import Raw, Struct, json

from trunkline.canon.deployment import Deployment, Quirks
from trunkline.canon.errors import GatewayError
from trunkline.canon.event import Burst, Event, Faulted
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import ClientDialect, Dialect, ServerDialect, Stamp
from trunkline.dialects.counting import CountingDialect
from trunkline.dialects.embedding_base import EmbeddingClient, EmbeddingServer
from trunkline.dialects.raws import NOT_JSON
from trunkline.dialects.registry import (
    COUNTING,
    DIALECTS,
    EMBEDDING_SERVERS,
    EMBEDDINGS,
    TEXT_ONLY,
    UPSTREAM_ONLY,
)
from trunkline.wire.awsstream import encode as framed
from trunkline.wire.sse import Splitter

Check = Callable[[bytes, Random], None]
"""Raises anything but a GatewayError where something is wrong."""

_WHOLE: Sequence[Dialect] = (*DIALECTS.values(), *TEXT_ONLY.values())
SERVERS: Sequence[ServerDialect] = tuple(DIALECTS.values())
UPSTREAMS: Sequence[ClientDialect] = (*DIALECTS.values(), *UPSTREAM_ONLY.values())
_STAMP = Stamp("0123456789", "m", 1)
_READ_USAGE = {one.name: one.read_usage for one in _WHOLE}
_ASKED = {one.name: ChatRequest(model="m", messages=(), origin=one.name) for one in SERVERS}
_QUIRKS = (
    Quirks(),
    Quirks(schema_output=False, tool_images=True, max_tool_name=12, efforts=("low",)),
    Quirks(thought_signatures=True, replay_reasoning=True, cache_marks=True, mid_system=False),
)
_STATUSES = (200, 204, 302, 400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 498, 500, 503, 529)
_CUTS = (1, 1, 2, 2, 3, 4, 8, 16, 100)
_ENVELOPE = json.Decoder(dict[str, Raw])
_EVENT_STREAM = b"application/vnd.amazon.eventstream"


class Target(Struct, frozen=True):
    dialect: str
    way: str
    """request, answer, decoder, framed, watcher, error, count or counted."""
    seeds: tuple[str, ...]
    """The kinds of seed it begins with, see tests/fuzz/seeds.py."""
    check: Check

    @property
    def name(self) -> str:
        return f"{self.dialect}/{self.way}"


def targets() -> Iterator[Target]:
    """All of them, dialect by dialect."""
    for server in _WHOLE:
        yield Target(server.name, "request", ("request",), _request(server))
        yield from _of_upstream(server)
        yield Target(server.name, "watcher", ("stream",), _watcher(server))
    for upstream in UPSTREAM_ONLY.values():
        yield from _of_upstream(upstream)
    for counting in COUNTING.values():
        yield Target(counting.name, "count", ("request",), _count(counting))
        yield Target(counting.name, "counted", ("answer",), _counted(counting))
    for asked in EMBEDDING_SERVERS.values():
        yield Target(asked.name, "request", ("request",), _embed(asked))
    for embeds in EMBEDDINGS.values():
        yield Target(embeds.name, "answer", ("answer",), _embedded(embeds))
        yield Target(embeds.name, "error", ("error",), _error(embeds))


def _of_upstream(dialect: ClientDialect) -> Iterator[Target]:
    yield Target(dialect.name, "answer", ("answer",), _answer(dialect))
    yield Target(dialect.name, "decoder", ("stream",), _decoder(dialect))
    if dialect.stream_type == _EVENT_STREAM:
        yield Target(dialect.name, "framed", ("framed",), _framed(dialect))
    yield Target(dialect.name, "error", ("error", "answer"), _error(dialect))


def _request(server: Dialect) -> Check:
    """In, out to an upstream of any kind, and passed through."""

    def check(data: bytes, dice: Random) -> None:
        upstream, quirks = dice.choice(UPSTREAMS), dice.choice(_QUIRKS)
        place = Deployment(id="p/m", provider="p", model="m", dialect=upstream.name, quirks=quirks)
        try:
            upstream.encode_request(server.decode_request(data, {}), place)
        except GatewayError:
            pass
        try:
            envelope = _ENVELOPE.decode(data)
        except NOT_JSON:
            return  # which the endpoint refuses before
        try:
            server.forward(envelope, place, {})
        except GatewayError:
            pass

    return check


def _answer(dialect: ClientDialect) -> Check:
    """In, and out to a client of any kind."""

    def check(data: bytes, dice: Random) -> None:
        server = dice.choice(SERVERS)
        try:
            answer = dialect.decode_answer(data, think_tags=dice.random() < 0.5)
            server.encode_answer(answer, _ASKED[server.name], _STAMP)
        except GatewayError:
            pass
        try:
            _READ_USAGE.get(dialect.name, _no_usage)(data)
        except GatewayError:
            pass

    return check


def _no_usage(data: bytes) -> None:
    """Of upstreams alone: nothing of theirs is passed through."""


def _decoder(dialect: ClientDialect) -> Check:
    """The same events wherever reads cut, as the grammar has them; and out to a client."""

    def check(data: bytes, dice: Random) -> None:
        tags = dice.random() < 0.5
        events, fault = _read(dialect, (data,), tags=tags)
        again, fault_again = _read(dialect, pieces(data, dice), tags=tags)
        assert fault == fault_again, "where reads cut changes the fault"
        assert _comparable(events) == _comparable(again), "where reads cut changes the events"
        ended = not fault and not any(isinstance(event, Faulted) for event in events)
        assert [] == violations(events, whole=ended)
        server = dice.choice(SERVERS)
        encoder = server.encoder(_ASKED[server.name], _STAMP)
        try:
            for event in events:
                encoder.feed([event])
        except GatewayError:
            pass

    return check


def _framed(dialect: ClientDialect) -> Check:
    """Lines of a name and a payload, in frames whose checksums are right: no dice hit those."""
    inner = _decoder(dialect)

    def check(data: bytes, dice: Random) -> None:
        messages = []
        for line in data.split(b"\n"):
            name, _, payload = line.partition(b" ")
            kind = "exception" if name.endswith(b"Exception") else "event"
            headers = {f":{kind}-type": name.decode("latin-1")[:99], ":message-type": kind}
            messages.append(framed(headers, payload))
        inner(b"".join(messages), dice)

    return check


def _watcher(dialect: Dialect) -> Check:
    """What passes is what came, but for usage that nobody asked for."""

    def check(data: bytes, dice: Random) -> None:
        wanted = dice.random() < 0.5
        watcher, splitter = dialect.watcher(wants_usage=wanted), Splitter()
        for piece in pieces(data, dice):
            whole = splitter.feed(piece)
            if not whole:
                continue
            try:
                passed = watcher.feed(whole)
            except GatewayError as error:
                assert whole.startswith(watcher.before_error) or not wanted
                watcher.fault(error, "req_1")
                return
            assert passed == whole or not wanted

    return check


def _error(dialect: ClientDialect | EmbeddingClient) -> Check:
    """Whatever an upstream says of its failure, the client is told in words of its own dialect."""

    def check(data: bytes, dice: Random) -> None:
        headers = ((b"retry-after", data[:20]), (b"x-amzn-errortype", data[-40:]))
        error = dialect.decode_error(dice.choice(_STATUSES), headers, data)
        told = dice.choice(SERVERS).render_error(error, "req_1")
        assert 400 <= told.status < 600
        assert len(told.body) < 2 * len(data) + 20_000

    return check


def _count(dialect: CountingDialect) -> Check:
    def check(data: bytes, dice: Random) -> None:
        try:
            dialect.decode_count_request(data, {})
        except GatewayError:
            pass

    return check


def _counted(dialect: CountingDialect) -> Check:
    def check(data: bytes, dice: Random) -> None:
        try:
            dialect.encode_count(dialect.decode_count(data))
        except GatewayError:
            pass

    return check


def _embed(server: EmbeddingServer) -> Check:
    def check(data: bytes, dice: Random) -> None:
        try:
            envelope = _ENVELOPE.decode(data)
        except NOT_JSON:
            return  # which the endpoint refuses before
        try:
            server.decode_request(envelope)
        except GatewayError:
            pass

    return check


def _embedded(client: EmbeddingClient) -> Check:
    def check(data: bytes, dice: Random) -> None:
        try:
            client.decode_answer(data, dice.randrange(1, 4))
        except GatewayError:
            pass

    return check


def pieces(data: bytes, dice: Random) -> Sequence[bytes]:
    """As reads may cut it: mostly in a few places, now and then nearly everywhere."""
    size, count = len(data), dice.choice(_CUTS)
    cuts = sorted({int(dice.random() * size) for _ in range(count)} | {0, size})
    return [data[start:end] for start, end in pairwise(cuts)]


def _read(dialect: ClientDialect, reads: Sequence[bytes], *, tags: bool) -> tuple[list[Event], str]:
    """Events, and what was raised."""
    decoder = dialect.decoder(think_tags=tags)
    events: list[Event] = []
    try:
        for read in reads:
            events += decoder.feed(read)
        events += decoder.finish()
    except GatewayError as error:
        return events, repr(error)
    return events, ""


def _comparable(events: Burst) -> Sequence[object]:
    """Exceptions do not compare, and a number that is none is not itself: as text, then."""
    return [repr(event) if isinstance(event, Faulted) else event for event in events]
