"""The head of a request as HTTP/1.1 bytes."""

import re

from trunkline.canon.errors import InternalError
from trunkline.canon.exchange import Headers
from trunkline.transport.base import Origin, UpstreamRequest
from trunkline.transport.proxy import Route

_BREAK = re.compile(rb"[\r\n\0]")
# RFC 9110, 5.6.2 (seen 2026-11-21): a token.
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(rb"/[\x21-\x7e]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# RFC 9110, 8.6 (seen 2026-11-21): these say content-length: 0 where others say nothing.
_WITH_BODY = frozenset((b"POST", b"PUT", b"PATCH"))


def authority(origin: Origin, *, default_port: bool = False) -> bytes:
    """`host[:port]` as Host, request target and CONNECT write it; IPv6 in brackets without its zone."""
    host = origin.host if origin.host.isascii() else origin.host.encode("idna").decode()
    if ":" in host:
        host = f"[{host.partition('%')[0]}]"
    if not default_port and origin.port == _DEFAULT_PORTS.get(origin.scheme):
        return host.encode()
    return f"{host}:{origin.port}".encode()


def _route_head(route: Route) -> tuple[bytes, list[bytes]]:
    """What stands before the path, and the header lines every request on this route carries."""
    host = authority(route.origin)
    fixed = [b"host: " + host, b"accept-encoding: identity"]
    # Through a tunnel we speak as to the origin itself.
    if route.proxy is None or route.origin.scheme == "https":
        return b"", fixed
    if route.proxy.authorization:
        fixed.append(b"proxy-authorization: " + route.proxy.authorization)
    # RFC 9112, 3.2.2 (seen 2026-11-21): a request to a proxy is in absolute-form.
    return b"http://" + host, fixed


class Heads:
    """
    Renders the heads of one route's requests.

    Requests to one deployment differ in little but their body, so the part before the
    content-length is remembered: checking and joining it takes ten times as long as finding it.
    """

    __slots__ = ("_fixed", "_known", "_prefix")

    # Per route: some deployments, keys and endpoints, each with few forms. Then it starts anew,
    # so that neither per-request headers nor credentials out of use pile up.
    _MOST = 64

    def __init__(self, route: Route) -> None:
        self._prefix, self._fixed = _route_head(route)
        self._known: dict[tuple[bytes, bytes, Headers], bytes] = {}

    def render(self, request: UpstreamRequest) -> bytes:
        """
        Everything before the body.

        Raises InternalError where a value would break out of its line: the edge and the
        config let none through, so that is our own bug.
        """
        method = request.method
        key = (method, request.path, request.headers)
        head = self._known.get(key)
        if head is None:
            if len(self._known) >= self._MOST:
                self._known.clear()
            head = self._known[key] = self._checked(request)
        size = len(request.body)
        if size or method in _WITH_BODY:
            return b"%bcontent-length: %d\r\n\r\n" % (head, size)
        return head + b"\r\n"

    def _checked(self, request: UpstreamRequest) -> bytes:
        if not _TARGET.fullmatch(request.path):
            raise _unfit("its path")
        for name, value in request.headers:
            if not _NAME.fullmatch(name) or _BREAK.search(value):
                # The name only: the value may be a credential.
                raise _unfit(f"header {name[:40]!r}")
        lines = [b"%b %b%b HTTP/1.1" % (request.method, self._prefix, request.path), *self._fixed]
        lines += map(b": ".join, request.headers)
        return b"\r\n".join(lines) + b"\r\n"


def _unfit(what: str) -> InternalError:
    return InternalError(
        "the request to the provider could not be built", detail=f"a byte that may not be in {what}"
    )
