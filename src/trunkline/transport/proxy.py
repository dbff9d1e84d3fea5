"""Which origins are reached through a forward proxy, by the rules of the usual environment variables."""

from base64 import b64encode
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec import Struct

from trunkline.transport.base import Origin


class Proxy(Struct, frozen=True):
    host: str
    port: int
    authorization: bytes = b""
    """The value of proxy-authorization; empty for none."""

    def __repr__(self) -> str:
        return f"<Proxy {self.host}:{self.port}>"


class Route(Struct, frozen=True):
    """How an origin is reached."""

    origin: Origin
    proxy: Proxy | None = None


def parse_proxy(url: str) -> Proxy:
    """`http://[user:password@]host[:port]` or `host:port`. Raises ValueError, which never quotes the URL."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        # The standard library's own message would quote the part it did not like.
        raise ValueError("a proxy's URL is not valid") from None
    if parts.scheme != "http":
        raise ValueError(
            "a proxy's URL must begin with http:// (the connection to the provider itself stays TLS)"
        )
    if not host:
        raise ValueError("a proxy's URL names no host")
    credentials, at, _ = parts.netloc.rpartition("@")
    authorization = b"Basic " + b64encode(unquote_to_bytes(credentials)) if at else b""
    return Proxy(host, port or 80, authorization)


class Proxies:
    """
    Proxies by scheme, and what goes past them.

    The rules are those most programs share (curl's manual under "Environment", Go's
    httpproxy.Config, both seen 2026-11-21): `no_proxy` is a comma-separated list of host
    names, each standing for its subdomains too, addresses, CIDR ranges, any of them with a
    port, or `*` for all. Loopback is never proxied, as in Go: a proxy's localhost is not ours.
    """

    __slots__ = ("_by_scheme", "_every", "_names", "_networks")

    def __init__(self, http: str = "", https: str = "", no_proxy: str = "") -> None:
        """Raises ValueError for a URL that is no proxy's."""
        given = {"http": http, "https": https}
        self._by_scheme = {scheme: parse_proxy(url) for scheme, url in given.items() if url}
        rules = [rule.strip().lower() for rule in no_proxy.split(",") if rule.strip()]
        self._every = "*" in rules
        self._names: list[tuple[str, int | None]] = []
        self._networks: list[tuple[IPv4Network | IPv6Network, int | None]] = []
        for rule in rules:
            self._add(rule)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Proxies":
        """HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY; lower case is read first, as curl does."""

        def value(name: str) -> str:
            return environment.get(name.lower()) or environment.get(name) or ""

        rest = value("ALL_PROXY")
        return cls(value("HTTP_PROXY") or rest, value("HTTPS_PROXY") or rest, value("NO_PROXY"))

    def route(self, origin: Origin) -> Route:
        proxy = self._by_scheme.get(origin.scheme)
        if (
            proxy is None
            or self._every
            or self._direct(origin.host.lower().rstrip("."), origin.port)
        ):
            return Route(origin)
        return Route(origin, proxy)

    def _add(self, rule: str) -> None:
        host, port = _split_port(rule)
        try:
            self._networks.append((ip_network(host, strict=False), port))
        except ValueError:
            self._names.append((host.removeprefix("*").strip("."), port))

    def _direct(self, host: str, port: int) -> bool:
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return any(
                (host == name or host.endswith(f".{name}")) and only in (None, port)
                for name, only in self._names
            )
        return address.is_loopback or any(
            address in network and only in (None, port) for network, only in self._networks
        )

    def __repr__(self) -> str:
        return f"<Proxies {', '.join(f'{scheme}: {proxy!r}' for scheme, proxy in self._by_scheme.items()) or 'none'}>"


def _split_port(rule: str) -> tuple[str, int | None]:
    """`host:8080`, `[::1]:8080`, `::1`, `10.0.0.0/8` -> host and the port, if the rule has one."""
    bracketed, bracket, rest = rule.removeprefix("[").partition("]")
    if rule.startswith("[") and bracket:
        return bracketed, int(rest[1:]) if rest[1:].isdigit() else None
    host, colon, port = rule.rpartition(":")
    if colon and ":" not in host and port.isdigit():
        return host, int(port)
    return rule, None
