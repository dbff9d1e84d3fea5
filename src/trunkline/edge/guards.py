"""
What a request must be before anybody else sees it. Pure functions that raise Refusal.

llhttp, in its strict mode, already refuses what is no HTTP at all: bare LF, folded headers,
control bytes, a Content-Length that is repeated, signed or beside a Transfer-Encoding.
"""

import re
import socket
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_to_bytes

from trunkline.canon.errors import GatewayError, Malformed, TooLarge, Unsupported
from trunkline.edge.limits import Limits


class Refusal(Exception):
    """A request the edge itself turns down."""

    def __init__(self, reason: str, error: GatewayError) -> None:
        super().__init__(reason, error)
        self.reason = reason
        """One word, for the statistics."""
        self.error = error


# A DNS name or IPv4 address, or an IPv6 address in brackets, then perhaps a port. RFC 9110
# section 7.2 would allow more (percent-encoding, sub-delims): no name in use has it, and
# "Host: a/v1/models?" has led path-based checks astray (CVE-2026-48710; seen 2026-11-21).
_HOST = re.compile(
    rb"(?:[A-Za-z0-9_][A-Za-z0-9_.~-]{0,252}|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?"
)

# RFC 3986 section 3.3: pchar and the slash. Not in it: backslash, space, control, non-ASCII.
_PATH = re.compile(rb"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(rb"[!-\"$-~]*")
_ESCAPE = re.compile(rb"%(..)")
# Never to be percent-encoded in normal form (RFC 3986 section 6.2.2.2: unreserved), and what
# some reader behind us might decode into a separator, a second escape or a control byte.
_NEVER_ESCAPED = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%\\"
) | {*range(0x20), 0x7F}
_SLASH = 0x2F

# Each must be alone: two readers might each believe another one.
_ALONE: Mapping[bytes, str] = {
    b"host": "host",
    b"content-length": "framing",
    b"transfer-encoding": "framing",
    b"expect": "framing",
}
# Fields whose repeats mean one comma-separated list (RFC 9110 section 5.3).
_LISTS = frozenset(
    (
        *(b"accept", b"accept-charset", b"accept-encoding", b"accept-language"),
        *(b"anthropic-beta", b"openai-beta", b"cache-control", b"connection"),
        *(b"content-encoding", b"forwarded", b"pragma", b"te", b"trailer", b"tracestate"),
        *(b"upgrade", b"via", b"x-forwarded-for"),
    )
)

_UPGRADE = (b"upgrade", b"connection", b"http2-settings")


def collapse(pairs: Sequence[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Headers by name: of repeated ones the first, but lists joined, and some never repeated."""
    headers: dict[bytes, bytes] = {}
    for name, value in pairs:
        if name not in headers:
            headers[name] = value
        elif name in _ALONE:
            raise _bad(_ALONE[name], f"the {name.decode()} header must not be repeated")
        elif name in _LISTS:
            headers[name] += b", " + value
    return headers


def check_version(version: str) -> None:
    if version not in ("1.1", "1.0"):
        raise Refusal(
            "version", Unsupported(f"HTTP/{version} is not spoken here; use HTTP/1.1", status=505)
        )


def check_head(url: bytes, pairs: Sequence[tuple[bytes, bytes]], limits: Limits) -> None:
    """Against the caps on the header block; four bytes a header for what stands between."""
    if len(pairs) > limits.header_count:
        raise head_too_large(f"more than {limits.header_count} headers")
    if len(url) + sum(len(name) + len(value) + 4 for name, value in pairs) > limits.head_bytes:
        raise head_too_large(f"more than {limits.head_bytes} bytes of headers")


def head_too_large(what: str) -> Refusal:
    return Refusal("head_too_large", TooLarge(f"the request has {what}", status=431))


def url_too_long(limits: Limits) -> Refusal:
    why = f"the URL is longer than {limits.url_bytes} bytes"
    return Refusal("url_too_long", TooLarge(why, status=414))


def body_too_large(limits: Limits) -> Refusal:
    why = f"the request body is larger than {limits.body_bytes} bytes"
    return Refusal("body_too_large", TooLarge(why))


def check_host(host: bytes | None) -> None:
    """Exactly one is asked for in HTTP/1.0, too: without it nobody can tell what was meant."""
    if not host:
        raise _bad("host", "the Host header is missing")
    found = _HOST.fullmatch(host)
    if found is None or int(found[2] or 0) > 65535 or not _is_ipv6(found[1]):
        raise _bad("host", "the Host header is not a host name or address")


def _is_ipv6(address: bytes | None) -> bool:
    if address is None:
        return True
    try:
        socket.inet_pton(socket.AF_INET6, address.decode())
    except OSError:
        return False
    return True


def check_framing(headers: Mapping[bytes, bytes], *, http10: bool) -> None:
    """
    Of a request with a Transfer-Encoding. RFC 9112 section 6.1: a server may refuse whatever
    two readers could measure differently.
    """
    if http10:
        raise _bad("framing", "HTTP/1.0 has no Transfer-Encoding")
    if b"content-length" in headers:
        raise _bad("framing", "Content-Length and Transfer-Encoding must not come together")
    if headers[b"transfer-encoding"].lower() != b"chunked":
        raise _bad("framing", "the only Transfer-Encoding taken is chunked")


def check_encoding(coding: bytes) -> None:
    """A compressed body could unfold to a thousand times its size."""
    if coding.lower() not in (b"", b"identity"):
        why = "compressed request bodies are not taken; send the body without Content-Encoding"
        raise Refusal("encoding", Unsupported(why, status=415))


def check_expect(expectation: bytes) -> None:
    if expectation.lower() != b"100-continue":
        raise Refusal("expect", Unsupported("the only Expect known is 100-continue", status=417))


def check_path(path: bytes, slash_under: tuple[bytes, ...]) -> None:
    """
    Only normal form: what two readers would resolve differently is refused, not repaired.

    `slash_under`: prefixes below which an id may hold an encoded slash.
    """
    if not path.startswith(b"/"):
        raise _bad("target", "the request target must be a path; this is no proxy")
    if not _PATH.fullmatch(path):
        raise _bad("target", "the path holds a character that must be percent-encoded")
    if b"%" in path:
        path = _decoded(path, path.startswith(slash_under))
    first, *segments = path.split(b"/")[1:]
    inner = (first, *segments[:-1]) if segments else ()
    if b"" in inner or b"." in (first, *segments) or b".." in (first, *segments):
        raise _bad("target", "the path has empty or dot segments")


def _decoded(path: bytes, slash_allowed: bool) -> bytes:  # noqa: FBT001 - private, one caller
    for escape in _ESCAPE.findall(path):
        byte = int(escape, 16)
        if byte in _NEVER_ESCAPED or (byte == _SLASH and not slash_allowed):
            raise _bad("target", f"the path must not hold %{escape.decode()}")
    decoded = unquote_to_bytes(path)
    try:
        decoded.decode()
    except UnicodeDecodeError:
        raise _bad("target", "the path is not UTF-8") from None
    return decoded


def check_query(query: bytes) -> None:
    if not _QUERY.fullmatch(query):
        raise _bad("target", "the query holds a character that must be percent-encoded")


def without_upgrade(
    method: bytes, url: bytes, pairs: Sequence[tuple[bytes, bytes]], *, keep: bool
) -> bytes:
    """A request's head as if it had not asked for another protocol."""
    kept = [pair for pair in pairs if pair[0] not in _UPGRADE]
    if not keep:
        kept.append((b"connection", b"close"))
    fields = b"".join(b"%b: %b\r\n" % pair for pair in kept)
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, url, fields)


def _bad(reason: str, why: str) -> Refusal:
    return Refusal(reason, Malformed(why))
