"""Which URLs and addresses a webhook may have. What hostile ones come to: test_ssrf.py."""

import asyncio
import socket
from ipaddress import ip_address

import pytest

from trunkline.canon.errors import Malformed
from trunkline.transport.base import Origin
from trunkline.webhooks.addresses import (
    Guard,
    NotPublic,
    Target,
    is_public,
    is_public_or_private,
)

PUBLIC = Guard()
PRIVATE = Guard(allow_private=True)


NOT_PUBLIC = (
    "0.0.0.0 127.0.0.1 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 192.0.0.9"
    " 192.88.99.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8"
    " ::8.8.8.8 64:ff9b::8.8.8.8 64:ff9b:1::1 2001::1 2002:808:808:: 2001:db8::1 3fff::1"
    " 4000::1 5f00::1 fc00::1 fe80::1 fec0::1 ff0e::1 100::1 2001:20::1"
)


def resolving(*addresses: str, **options: object) -> Guard:
    async def resolver(host, port):
        six = socket.AF_INET6
        return [(six if ":" in a else socket.AF_INET, (a, port)) for a in addresses]

    return Guard(resolver=resolver, **options)


@pytest.mark.parametrize(
    ("url", "target"),
    (
        ("https://hooks.example.com", Target(Origin("https", "hooks.example.com", 443), b"/")),
        ("HTTPS://Hooks.Example.COM/A?b=%20c", Target(Origin("https", "hooks.example.com", 443), b"/A?b=%20c")),
        ("https://hooks.example.com:8443?x", Target(Origin("https", "hooks.example.com", 8443), b"/?x")),
        ("https://8.8.8.8/a", Target(Origin("https", "8.8.8.8", 443), b"/a")),
        ("https://[2606:4700::1111]/a", Target(Origin("https", "2606:4700::1111", 443), b"/a")),
        ("https://xn--mnchen-3ya.example/a", Target(Origin("https", "xn--mnchen-3ya.example", 443), b"/a")),
    ),
)  # fmt: skip
def test_an_https_url_on_the_internet_is_taken(url, target):
    """Host in lower case, path and query as they are."""
    assert target == PUBLIC.target(url)


@pytest.mark.parametrize(
    ("url", "why"),
    (
        ("http://hooks.example.com/", "https://"),
        ("https://hooks.example.com:22/", "443 or 8443"),
        ("https://10.0.0.1/", "not public"),
        ("https://user@hooks.example.com/", "without user"),
        ("https://intranet/", "not on the internet"),
        ("https://1.2.3/", "not one"),
        ("https://hooks.example.com/" + "a" * 2048, "absolute https URL"),
    ),
)
def test_a_url_is_refused_by_what_is_wrong_with_it(url, why):
    """It is not repeated: its query may be a credential."""
    with pytest.raises(Malformed, match=why) as refused:
        PUBLIC.target(url)

    assert "url" == refused.value.param
    assert url not in refused.value.message


@pytest.mark.parametrize(
    "url",
    ("http://127.0.0.1:9000/x", "https://intranet/x", "http://[fd00::1]:1/x", "http://10.1.2.3/x"),
)
def test_private_targets_are_taken_where_allowed(url):
    """Any port, and http."""
    assert b"/x" == PRIVATE.target(url).path


@pytest.mark.parametrize("address", ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1"))
def test_an_address_on_the_internet_is_public(address):
    """IPv4 and IPv6."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    NOT_PUBLIC.split(),
)
def test_every_other_address_is_not(address):
    """Those that carry a public IPv4 address neither: they are somebody's translation."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    ("address", "allowed"),
    (
        ("127.0.0.1", True),
        ("10.0.0.1", True),
        ("::1", True),
        ("fd00::1", True),
        ("8.8.8.8", True),
        ("169.254.169.254", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("0.0.0.0", False),
        ("::", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
    ),
)
def test_where_private_is_allowed_metadata_still_is_not(address, allowed):
    """Nobody's webhook is a cloud's metadata service."""
    assert allowed == is_public_or_private(ip_address(address))


def test_a_resolved_name_is_connected_to_as_it_was_seen():
    """The addresses that were looked at are those that come back."""
    found = asyncio.run(resolving("8.8.8.8", "2606:4700::1111").resolve("a.example", 443))

    assert [
        (socket.AF_INET, ("8.8.8.8", 443)),
        (socket.AF_INET6, ("2606:4700::1111", 443)),
    ] == list(found)


@pytest.mark.parametrize("neighbour", ("127.0.0.1", "::1", "fe80::1%eth0", "not an address"))
def test_one_private_address_condemns_a_name(neighbour):
    """Even where the others are public."""
    with pytest.raises(NotPublic, match="not public"):
        asyncio.run(resolving("8.8.8.8", neighbour).resolve("a.example", 443))


def test_other_families_are_not_called():
    """A resolver that finds sockets of another kind."""

    async def resolver(host, port):
        return [(socket.AF_UNIX, "/run/docker.sock")]

    with pytest.raises(NotPublic):
        asyncio.run(Guard(resolver=resolver).resolve("a.example", 443))
