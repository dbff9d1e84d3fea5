"""
The hot path: HTTP/1.1 requests parsed by llhttp and served without ASGI in between.

A subclass of uvicorn's httptools protocol (pinned: it leans on its insides). POSTs to an
endpoint are handled here; everything else goes to uvicorn, which gives it to the ASGI
application. Every request passes the same guards first.
"""

from collections.abc import Mapping

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from trunkline.canon.errors import Busy, GatewayError, Malformed
from trunkline.edge import guards
from trunkline.edge.asgi import PROBES
from trunkline.edge.connection import Connection, Uvicorn
from trunkline.edge.context import EdgeContext
from trunkline.edge.guards import Refusal
from trunkline.edge.reply import HotReply
from trunkline.edge.turns import AsgiTurn
from trunkline.flow.base import Endpoint, Head

# Chunk sizes, extensions and trailers may take that much, plus this for each byte of body: a
# chunk of one byte has five around it. More is CVE-2024-22019 (node's unbounded extensions).
_CHUNK_SLACK = 64 << 10
_CHUNK_FACTOR = 8


class _Stop(Exception):
    """Ends llhttp's run through the bytes at hand; all has been said."""


class EdgeProtocol(Connection):
    """The half of the protocol that reads: llhttp's callbacks, in the order they come."""

    __slots__ = (
        "_chunked",
        "_expects",
        "_framing_read",
        "_head_read",
        "_host",
        "_http10",
        "_keep",
        "_read_size",
        "_upgrading",
    )

    def __init__(self, context: EdgeContext, uvicorn: Uvicorn) -> None:
        super().__init__(context, uvicorn)
        self._read_size = 0
        self._head_read = 0
        """Bytes of the head that earlier reads brought."""
        self._framing_read = 0
        """The same of a chunked body, its framing included."""
        self._http10 = False
        self._keep = True
        self._chunked = False
        self._expects = False
        self._upgrading = False
        self._host = b"\0"
        """The last one found good, as a client does not change it; at first, what none can send."""

    def data_received(self, data: bytes) -> None:
        self._read_size = size = len(data)
        if self.deaf:
            return
        try:
            if self.in_head:
                self._count_head(size)
            elif self._chunked and self.in_body:
                self._count_framing(size)
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except (httptools.HttpParserError, _Stop) as error:
            if not self.deaf:
                self._unparsed(error)

    def _unparsed(self, error: Exception) -> None:
        """Not HTTP, or a bug of ours inside a callback, which httptools wraps."""
        if isinstance(error, httptools.HttpParserCallbackError) and error.__context__ is not None:
            self.refuse(Refusal("bug", self.context.bug(error.__context__)))
        else:
            self.refuse(Refusal("framing", Malformed("the request is not valid HTTP/1.1")))

    def _count_head(self, size: int) -> None:
        """
        A header of any length reaches us only once it is whole, so bytes are counted as they
        come. What pads them is not seen by check_head: twice the cap is room for that.
        """
        self._head_read += size
        if self._head_read > 2 * self.limits.head_bytes:
            self._stop(guards.head_too_large("too many bytes of headers"))

    def _count_framing(self, size: int) -> None:
        self._framing_read += size
        if self._framing_read > _CHUNK_SLACK + (1 + _CHUNK_FACTOR) * self.body_read + size:
            why = "the chunked body has too much around its data"
            self._stop(Refusal("framing", Malformed(why)))

    def _stop(self, refusal: Refusal) -> None:
        self.refuse(refusal)
        raise _Stop

    # -- llhttp's callbacks ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.deaf:
            raise _Stop
        if self.active is not None:
            self.flow.pause_reading()
            if len(self.waiting) >= self.limits.pipelined:
                self.url = b""
                why = "too many requests were sent ahead of their answers"
                self._stop(Refusal("pipeline", Malformed(why)))
        self.turns += 1
        self.in_head = True
        self.url = b""
        self.headers = []
        self._head_read = 0

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > self.limits.url_bytes:
            self._stop(guards.url_too_long(self.limits))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_head:  # else a trailer: nobody asked for any
            # llhttp leaves white space behind a value, which is not part of it (RFC 9110 5.5)
            self.headers.append((name.lower(), value.rstrip()))

    def on_headers_complete(self) -> None:
        self.in_head = False
        self.in_body = True
        self.body_read = 0
        try:
            self._admit()
        except Refusal as refusal:
            self._stop(refusal)

    def on_body(self, body: bytes) -> None:
        self.body_read += len(body)
        if self.body_read > self.limits.body_bytes:
            self._stop(guards.body_too_large(self.limits))
        if self.reading is not None:
            self.reading.feed(body)

    def on_message_complete(self) -> None:
        if self._upgrading:
            return
        self.in_body = False
        reading, self.reading = self.reading, None
        if not self._keep:
            self.deaf = True
        if reading is not None:
            reading.complete()

    # -- what a request is -----------------------------------------------------------------

    def _admit(self) -> None:
        """Raises Refusal."""
        pairs, parser, context = self.headers, self.parser, self.context
        headers: Mapping[bytes, bytes] = dict(reversed(pairs))
        if len(headers) != len(pairs):
            headers = guards.collapse(pairs)
        if self._is_plain(headers):
            self._http10 = self._chunked = self._expects = False
        else:
            self._check(headers)
        self._keep = not self._http10 and parser.should_keep_alive()
        length = headers.get(b"content-length")
        if length is not None and int(length) > self.limits.body_bytes:
            raise guards.body_too_large(self.limits)
        if b"upgrade" in headers and parser.should_upgrade():
            self._upgrading = True
            return
        path, query = self.url, b""
        if b"?" in path:
            path, _, query = path.partition(b"?")
            guards.check_query(query)
        if context.crowded and path not in PROBES:
            why = "the gateway holds as many connections as it may"
            raise Refusal("busy", Busy(why, retry_after=1.0))
        method = parser.get_method()
        routes = context.routes.get(path)
        if routes is None:
            guards.check_path(path, context.slash_under)
            routes = context.matched(path)
        endpoint = None if routes is None else routes.get(method)
        if endpoint is None:
            self._fall_through()
            return
        clock = context.clock
        at, now = clock.unix(), clock.monotonic()
        self._begin(endpoint, Head(method, path, query, headers, self.peer, at, now))

    def _is_plain(self, headers: Mapping[bytes, bytes]) -> bool:
        """True for nearly all requests: nothing to check that was not checked before."""
        limits = self.limits
        return (
            headers.get(b"host") == self._host
            and b"expect" not in headers
            and b"transfer-encoding" not in headers
            and b"content-encoding" not in headers
            and self._head_read + self._read_size <= limits.head_bytes
            and len(self.headers) <= limits.header_count
            and self.parser.get_http_version() == "1.1"
        )

    def _check(self, headers: Mapping[bytes, bytes]) -> None:
        """Everything, in the order in which a reader would stumble."""
        version = self.parser.get_http_version()
        guards.check_version(version)
        guards.check_head(self.url, self.headers, self.limits)
        self._http10 = version == "1.0"
        guards.check_host(headers.get(b"host"))
        self._host = headers[b"host"]
        self._chunked = b"transfer-encoding" in headers
        self._framing_read = 0
        if self._chunked:
            guards.check_framing(headers, http10=self._http10)
        guards.check_encoding(headers.get(b"content-encoding", b""))
        self._expects = b"expect" in headers and not self._http10
        if self._expects:
            guards.check_expect(headers[b"expect"])

    def _begin(self, endpoint: Endpoint, head: Head) -> None:
        """Ask the endpoint before a byte of the body is kept."""
        try:
            call = endpoint.begin(head)
        except GatewayError as error:
            self._turn_away(Refusal(error.code, error), endpoint, head)
            return
        except Exception as error:  # noqa: BLE001 - one request's bug must not touch another
            self._turn_away(Refusal("bug", self.context.bug(error)), endpoint, head)
            return
        self.context.hot += 1
        reply = HotReply(self, call, endpoint, keep=self._keep, chunked=not self._http10)
        self.reading = reply
        if self.active is None:
            self.active = reply
        else:
            self.enqueue(reply)
        if self._expects:
            reply.expect_continue()

    def _turn_away(self, refusal: Refusal, endpoint: Endpoint, head: Head) -> None:
        """
        Reading past a short body is cheaper for both than a new connection. But a client that
        expects "100 Continue" may now send its body or not: no telling where the next begins.
        """
        size = int(head.headers.get(b"content-length", b"0"))
        short = not self._chunked and size <= self.limits.discard_bytes
        if short and self._keep and not self._expects and not self.context.draining:
            self.turn_away(refusal, endpoint)
        else:
            raise refusal

    def _fall_through(self) -> None:
        """Let uvicorn make its ASGI scope and cycle as if nobody had been in between."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers.extend(headers)
        self.expect_100_continue = self._expects
        self.cycle = None  # type: ignore[assignment] # as in uvicorn
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Uvicorn would start it at once; here it waits for its turn like any other."""
        self.context.fallen_through += 1
        turn = AsgiTurn(self, cycle, app)
        self.reading = turn
        self.enqueue(turn)

    def _ignore_upgrade(self, rest: bytes) -> None:
        """
        Read the request again without its wish to upgrade, which a server may ignore (RFC 9110
        section 7.8).

        Java's HttpClient asks for h2c with each plain-text request; llhttp, once it has seen
        that, takes the body for the other protocol's bytes, and the request would be lost.
        """
        self._upgrading = False
        method = self.parser.get_method()
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.in_body = False
        self.turns -= 1
        head = guards.without_upgrade(method, self.url, self.headers, keep=self._keep)
        self.data_received(head + rest)
