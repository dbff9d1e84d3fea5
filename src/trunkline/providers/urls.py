"""Base URLs as people configure them, joined with a dialect's path. Pure text, no look-up."""

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from trunkline.transport.base import Origin

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|[0-9a-f:.]*:[0-9a-f:.]*")
"""A DNS name in ASCII or an IPv4 address; or, with a colon, an IPv6 address without brackets."""

_VERSION_IN_PATH = {
    "anthropic-messages": "/v1",
    "cohere-chat": "/v2",
    "cohere-embeddings": "/v2",
    "gemini-embeddings": "/v1beta",
}
"""Dialects whose SDK adds the version itself, so that a base URL that has it, too, is accepted."""
_VERSION = re.compile(r"/v[0-9][a-z0-9]*(?:/|$)")


class Address(NamedTuple):
    """Where a request goes."""

    scheme: str
    host: str
    """Lower-case; IPv6 without brackets."""
    port: int
    path: str

    @property
    def origin(self) -> Origin:
        return Origin(self.scheme, self.host, self.port)


def join_url(base_url: str, dialect: str, path: str) -> Address:
    """
    `base_url` as the dialect's own SDK takes it, and the dialect's path ("/chat/completions").

    OpenAI's end in /v1; Anthropic's, Cohere's and Gemini's have no version, and one at their end is
    accepted. Vertex AI's, a Gemini, have theirs in the middle.
    Raises ValueError, whose message never quotes the URL: it may hold a password.
    """
    scheme, host, port, prefix = _split(base_url)
    version = _VERSION_IN_PATH.get(dialect, "")
    if version and _VERSION.match(path):
        prefix = prefix.removesuffix(version)
    if dialect == "gemini" and not _VERSION.search(prefix):
        prefix += "/v1beta"
    return Address(scheme, host, port, prefix + path)


def fill_model(path: str, model: str) -> str:
    """A path override with the model in its place: Azure's /openai/deployments/{model}/..."""
    return path.replace("{model}", quote(model, safe=""))


def is_loopback(base_url: str) -> bool:
    """Whether a server at that URL runs on this machine. Raises ValueError as `join_url`."""
    host = _split(base_url)[1].rstrip(".")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, section 6.3


def _split(base_url: str) -> tuple[str, str, int, str]:
    if any(char <= " " or char in "\x7f\\" for char in base_url):
        raise ValueError("base_url: a URL without spaces, control characters or backslashes")
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:
        raise ValueError("base_url: a URL with a valid host and port") from None
    if parts.scheme not in _PORTS:
        raise ValueError('base_url: a URL that begins with "http://" or "https://"')
    if "@" in parts.netloc:
        raise ValueError("base_url: no user or password; give the key as api_key")
    if "?" in base_url or "#" in base_url:
        raise ValueError("base_url: no query and no fragment")
    host = _ascii(parts.hostname or "")
    if not parts.path.isascii():
        raise ValueError("base_url: a path in ASCII, other characters percent-encoded")
    if not _HOST.fullmatch(host) or port == 0:
        raise ValueError("base_url: a URL with a valid host and port")
    return parts.scheme, host, port or _PORTS[parts.scheme], parts.path.rstrip("/")


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return ""
