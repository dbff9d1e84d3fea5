"""Answers as bytes: one status line, the headers, the framing."""

from email.utils import formatdate
from http import HTTPStatus
from math import ceil

import msgspec

from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.dialects.base import WireError

_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}
_STATUS_LINES = {
    code: b"HTTP/1.1 %d %b\r\n" % (code, _PHRASES.get(code, "").encode())
    for code in range(200, 600)
}

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
LAST_CHUNK = b"0\r\n\r\n"

# As numbers: bytes.count is twice as fast with them.
_LF, _CR = b"\n\r"

_colon = b": ".join
_lines = b"\r\n".join


def date_line(unix: float) -> bytes:
    return b"date: %b\r\n" % formatdate(unix, usegmt=True).encode()


def head(status: int, date: bytes, headers: Headers, framing: bytes) -> bytes:
    """
    Up to and with the blank line. `date` and `framing` are whole lines.

    ValueError for a header that would break out of its line: whoever let it come so far has a
    bug, and the client must not pay for it.
    """
    return b"".join((_STATUS_LINES[status], date, _block(headers), framing, b"\r\n"))


def whole(status: int, date: bytes, headers: Headers, body: bytes, *, keep: bool) -> bytes:
    """An answer from its first byte to its last. ValueError as `head`."""
    return b"%b%b%b%b%d\r\n\r\n%b" % (
        _STATUS_LINES[status],
        date,
        _block(headers),
        b"content-length: " if keep else b"connection: close\r\ncontent-length: ",
        len(body),
        body,
    )


def _block(headers: Headers) -> bytes:
    if not headers:
        return b""
    block = _lines(map(_colon, headers))
    breaks = len(headers) - 1
    if block.count(_LF) != breaks or block.count(_CR) != breaks:
        raise ValueError("a header value holds a line break")
    return block + b"\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class _Fault(msgspec.Struct):
    message: str
    type: str
    code: str
    param: None = None
    """Whichever of the request's fields is wrong: OpenAI's clients expect the key."""


class _Body(msgspec.Struct):
    error: _Fault


_encode = msgspec.json.Encoder().encode


def plain_error(error: GatewayError, request_id: str) -> WireError:
    """For clients whose dialect is not known: near enough to OpenAI's shape to be read by most."""
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    headers = [
        (b"content-type", b"application/json"),
        (b"x-trunkline-request-id", request_id.encode()),
    ]
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, ceil(error.retry_after))))
    body = _encode(_Body(_Fault(error.message, kind, error.code)))
    return WireError(error.status, tuple(headers), body)
