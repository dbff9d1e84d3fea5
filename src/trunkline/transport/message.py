"""Bytes to one answer after another: HTTP/1.1 as upstreams may speak it to us, with our caps. Sans-IO."""

import re
from typing import NoReturn

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from trunkline.canon.errors import Garbled
from trunkline.canon.exchange import Headers
from trunkline.transport.limits import Limits

HEAD, BODY, DONE = range(3)
"""How far an answer has come."""

_FRAMING = frozenset((b"transfer-encoding", b"content-encoding", b"keep-alive"))
_KEEP_ALIVE_TIMEOUT = re.compile(rb"timeout\s*=\s*(\d{1,6})", re.IGNORECASE)
# RFC 9110, 15.3.5 and 15.4.5 (seen 2026-11-21): never a body, whatever the headers say.
_BODILESS = frozenset((204, 304))
_SWITCHING_PROTOCOLS = 101
_FIRST_FINAL_STATUS = 200


class AnswerParser:
    """
    One per connection, used for all its answers. `begin`, then `feed` until `stage` is DONE.

    After a fault, or when a finished answer is not `reusable`, the connection must go.
    """

    __slots__ = (
        "_bodiless",
        "_chunked",
        "_framing_bytes",
        "_head_bytes",
        "_header_bytes",
        "_header_count",
        "_keep_alive",
        "_parser",
        "_parts",
        "_raw",
        "fault",
        "headers",
        "length",
        "on_body",
        "patience",
        "reusable",
        "stage",
        "status",
    )

    def __init__(self, limits: Limits) -> None:
        self._header_count = limits.header_count
        self._header_bytes = limits.header_bytes
        self._keep_alive = limits.keep_alive
        self._parts: list[bytes] = []
        # The parser looks its callbacks up once: a list's own append costs no Python frame per chunk.
        self.on_body = self._parts.append
        self.patience = limits.keep_alive
        """Seconds the upstream keeps an idle connection, as far as it said."""
        self._parser = HttpResponseParser(self)
        self._raw: list[tuple[bytes, bytes]] = []
        self.begin(b"")

    def begin(self, method: bytes) -> None:
        """The next bytes answer a request with this method."""
        self.stage = HEAD
        self.status = 0
        """0 until a final head has come and was accepted."""
        self.headers: Headers = ()
        self.length = -1
        """The content-length, -1 where there was none."""
        self.reusable = False
        self.fault: Garbled | None = None
        self._bodiless = method == b"HEAD"
        self._chunked = False
        self._head_bytes = 0
        self._framing_bytes = 0

    def feed(self, data: bytes | memoryview) -> bytes:
        """The body's bytes in `data`. Then look at `stage`, `status` and `fault`; never raises."""
        stage = self.stage
        if stage == HEAD:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._stopped(error)
        parts = self._parts
        if parts:
            body = parts[0] if len(parts) == 1 else b"".join(parts)
            parts.clear()
            self._framing_bytes = 0
            return body
        if self.stage == HEAD:
            # Whitespace and interim heads count here, too, so twice the cap is lenient enough.
            if self._head_bytes > 2 * self._header_bytes:
                self.fault = self.fault or _too_large("head without an end")
        elif stage == BODY:
            self._framing_bytes += len(data)
            if self._framing_bytes > self._header_bytes:
                self.fault = self.fault or _too_large("trailers or chunk extensions")
        return b""

    def ends_here(self) -> bool:
        """The connection was closed properly: was that the end of the answer?"""
        return self.stage == BODY and self.length < 0 and not self._chunked and self.fault is None

    def detach(self) -> None:
        """Break the ring of parser and callbacks, which only the garbage collector would free."""
        del self._parser

    # What httptools calls back. An exception here ends its run and comes out of feed_data.

    def on_message_begin(self) -> None:
        if self.stage == DONE:
            raise HttpParserError("bytes after the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.stage != HEAD:
            return  # a trailer
        raw = self._raw
        raw.append((name.lower(), value))
        if len(raw) > self._header_count:
            self._refuse(_too_large(f"over {self._header_count} headers"))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        headers = tuple(self._raw)
        self._raw.clear()
        if status < _FIRST_FINAL_STATUS:
            if status == _SWITCHING_PROTOCOLS:
                self._refuse(_not_http("101 to a request that asked for no other protocol"))
            return
        limit = self._header_bytes
        if (
            self._head_bytes > limit
            and sum(len(name) + len(value) for name, value in headers) > limit
        ):
            self._refuse(_too_large(f"over {limit} bytes of headers"))
        for name, value in headers:
            if name == b"content-length":
                self.length = int(value)
            elif name in _FRAMING:
                self._frame(name, value)
        self.headers = headers
        self.status = status
        self.stage = BODY
        if self._bodiless or (status in _BODILESS and (self._chunked or self.length > 0)):
            self.stage = DONE
            raise HttpParserError("a body is announced that never comes")

    def on_message_complete(self) -> None:
        if self.stage == BODY:
            self.stage = DONE
            self.reusable = self._parser.should_keep_alive()

    def _frame(self, name: bytes, value: bytes) -> None:
        """A header that says how the body travels, or how long the connection stays."""
        if name == b"transfer-encoding":
            if value.lower() != b"chunked":
                self._refuse(_not_http("a transfer-encoding other than chunked"))
            self._chunked = True
        elif name == b"content-encoding":
            # We asked for identity; decoding would also need a guard against bombs.
            if value.lower() not in (b"identity", b""):
                self._refuse(_not_http("a content-encoding though identity was asked for"))
        elif found := _KEEP_ALIVE_TIMEOUT.search(value):
            # A second early: what is under way when the upstream closes is lost.
            self.patience = min(self._keep_alive, int(found[1]) - 1.0)

    def _refuse(self, fault: Garbled) -> NoReturn:
        self.fault = fault
        raise fault

    def _stopped(self, error: Exception) -> None:
        """The parser gave up: harmless behind a finished answer, but nothing more can be read."""
        self.reusable = False
        if self.stage != DONE and self.fault is None:
            # llhttp's reasons are fixed texts: they quote nothing of the answer.
            self.fault = _not_http(
                str(error) if isinstance(error, HttpParserError) else "protocol upgrade"
            )


def _too_large(what: str) -> Garbled:
    return Garbled("the provider's answer has more headers than this gateway accepts", detail=what)


def _not_http(what: str) -> Garbled:
    return Garbled("the provider did not answer in the HTTP this gateway speaks", detail=what)
