"""Where a webhook may go: a tenant names the URL, and it must not lead into our own network."""

import re
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

from trunkline.canon.errors import Malformed, Unreachable
from trunkline.transport.base import Origin
from trunkline.transport.dial import Address, Resolve, system_addresses

PORTS = frozenset((443, 8443))
"""Of servers on the internet that speak TLS; others are mostly something else's."""
_LONGEST = 2048
# What a URL may be made of. Everything is spelt out, and what is not here is no URL to us: parsers
# that understand more have disagreed about where a host ends (GHSA-qwrf-gfpj-qvj6: brackets;
# seen 2026-11-21). No userinfo, no fragment, no backslash, nothing beyond visible ASCII.
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9.-]{1,253}))"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9/._~!$&'()*+,;=:@%-]*)?"
    r"(?:\?[A-Za-z0-9/._~!$&'()*+,;=:@%?-]*)?)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# The URL Standard's "ends in a number" (url.spec.whatwg.org, seen 2026-11-21): such a host is an
# IPv4 address in one of C's old spellings, or nothing.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_HERE = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion")

IpAddress = IPv4Address | IPv6Address
Allowed = Callable[[IpAddress], bool]

# Global as far as the registries go, but meant for something else or a way to somewhere else:
# IETF protocol assignments, 6to4 relays; Teredo, 6to4, documentation.
_NOT_FOR_US_4 = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))
_UNICAST_6 = IPv6Network("2000::/3")
_NOT_FOR_US_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
# Even where private addresses are allowed: what a cloud tells a machine about itself.
_METADATA = (IPv6Address("fd00:ec2::254"), IPv6Address("fd20:ce::254"))


class NotPublic(Unreachable):
    """Nobody was called."""


class Target(Struct, frozen=True):
    origin: Origin
    path: bytes
    """With its query."""


def is_public(address: IpAddress) -> bool:
    """
    Whether it is somebody's on the internet.

    Of IPv6 only what is handed out as unicast: that leaves out addresses that carry an IPv4
    address (::ffff:0:0/96, 64:ff9b::/96, ::/96), which lead wherever that one does.
    """
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_FOR_US_4)
    return address in _UNICAST_6 and not any(address in network for network in _NOT_FOR_US_6)


def is_public_or_private(address: IpAddress) -> bool:
    """As `is_public`, and the own machine and networks; still nothing link-local: metadata."""
    if is_public(address):
        return True
    if address.is_unspecified or address.is_multicast or address.is_link_local:
        return False
    if isinstance(address, IPv4Address):
        return address.is_private and not address.is_reserved
    within = address.is_loopback or address in IPv6Network("fc00::/7")
    return within and address not in _METADATA


class Guard:
    """
    Reads URLs, and resolves their hosts for the transport that connects to them.

    What `resolve` leaves is what is connected to: it is asked once for each connection, so a name
    that answers otherwise the second time finds nobody who asks.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        ports: frozenset[int] = PORTS,
        resolver: Resolve = system_addresses,
        allowed: Allowed | None = None,
    ) -> None:
        """`allow_private`: http, any port, and addresses of the own machine and networks, too."""
        self._private = allow_private
        self._ports = ports
        self._resolver = resolver
        self._allowed = allowed or (is_public_or_private if allow_private else is_public)

    def target(self, url: str) -> Target:
        """Raises Malformed, saying what is asked for; the URL itself is not repeated."""
        found = _URL.fullmatch(url) if len(url) <= _LONGEST else None
        if found is None:
            raise _refused(
                "must be an absolute https URL in ASCII, without user, password or fragment"
            )
        scheme = found["scheme"].lower()
        port = int(found["port"] or (443 if scheme == "https" else 80))
        host = found["six"] or found["name"].lower()
        if not self._private and scheme != "https":
            raise _refused("must begin with https://")
        if not 0 < port < 65536 or (not self._private and port not in self._ports):
            ports = "any" if self._private else " or ".join(map(str, sorted(self._ports)))
            raise _refused(f"may name the port {ports}")
        self._check_host(host, literal=found["six"] is not None)
        path = found["path"]
        return Target(
            Origin(scheme, host, port), (path if path[:1] == "/" else f"/{path}").encode()
        )

    def _check_host(self, host: str, *, literal: bool) -> None:
        labels = host.split(".")
        if literal or _NUMBER.fullmatch(labels[-1]):
            try:
                address = ip_address(host)
            except ValueError:
                raise _refused("names an address that is not one") from None
            if not self._allowed(address):
                raise _refused("names an address that is not public")
            return
        if not all(map(_LABEL.fullmatch, labels)):
            raise _refused("names a host that is not one")
        if self._private:
            return
        if len(labels) == 1 or any(f".{host}".endswith(f".{name}") for name in _HERE):
            raise _refused("names a host that is not on the internet")

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """
        See Resolve. Raises NotPublic where any address is one that may not be called.

        Not only that one is left out: a name with such a neighbour is up to something.
        """
        found = await self._resolver(host, port)
        for family, where in found:
            if not self._may_call(family, where):
                raise NotPublic("its host has an address that is not public")
        return found

    def _may_call(self, family: socket.AddressFamily, where: object) -> bool:
        if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(where, tuple):
            return False
        try:
            address = ip_address(str(where[0]))
        except ValueError:
            return False
        return self._allowed(address)

    def __repr__(self) -> str:
        return f"<Guard {'with' if self._private else 'without'} private addresses>"


def _refused(what: str) -> Malformed:
    return Malformed(f"`url` {what}.", param="url")
