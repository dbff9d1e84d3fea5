"""The address at which an issuer publishes its keys. Pure text, no look-up."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct

from trunkline.transport.base import Origin

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?\.?|[0-9a-f:.]*:[0-9a-f:.]*")
# RFC 3986 sections 3.3 and 3.4.
_PATH = re.compile(r"/[\w.~!$&'()*+,;=:@/%-]*(?:\?[\w.~!$&'()*+,;=:@/?%-]*)?", re.ASCII)


class KeysAddress(Struct, frozen=True):
    origin: Origin
    path: bytes
    """With its query."""


def keys_address(url: str, *, plain: bool = False) -> KeysAddress:
    """
    `plain`: unencrypted from other machines, too, where whoever sits between could put keys of
    his own.

    Raises ValueError, whose message never quotes the address: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("expected a URL with a valid host and port") from None
    if parts.scheme not in _PORTS:
        raise ValueError('expected a URL that begins with "https://"')
    host, path = parts.hostname or "", parts.path or "/"
    if "@" in parts.netloc or "#" in url:
        raise ValueError("expected a URL without user, password or fragment")
    if not _HOST.fullmatch(host) or port == 0:
        raise ValueError("expected a URL with a valid host and port")
    target = f"{path}?{parts.query}" if parts.query else path
    if not _PATH.fullmatch(target):
        raise ValueError("expected a URL whose path has no characters that must be escaped")
    if parts.scheme == "http" and not plain and not _is_here(host):
        raise ValueError(
            'expected "https://": whoever sits between could put keys of his own there '
            "(allow_http = true, if nobody does)"
        )
    return KeysAddress(Origin(parts.scheme, host, port or _PORTS[parts.scheme]), target.encode())


def _is_here(host: str) -> bool:
    host = host.rstrip(".")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, section 6.3
