"""Heads of requests: the transport's own headers, and nothing that breaks out of a line."""

import pytest

from trunkline.canon.errors import InternalError
from trunkline.transport.base import Origin, UpstreamRequest
from trunkline.transport.head import Heads, authority
from trunkline.transport.proxy import Proxy, Route

ORIGIN = Origin("https", "api.example.com", 443)


def request(
    origin: Origin = ORIGIN,
    method: bytes = b"POST",
    path: bytes = b"/v1/x?a=b",
    headers=((b"content-type", b"application/json"),),
    body: bytes = b"{}",
) -> UpstreamRequest:
    return UpstreamRequest(origin, method, path, headers, body)


@pytest.mark.parametrize(
    "scheme, host, port, expected",
    (
        ("http", "example.com", 80, b"example.com"),
        ("https", "example.com", 443, b"example.com"),
        ("http", "example.com", 443, b"example.com:443"),
        ("https", "example.com", 8443, b"example.com:8443"),
        ("http", "::1", 8080, b"[::1]:8080"),
        ("https", "2001:db8::1", 443, b"[2001:db8::1]"),
        ("http", "fe80::1%eth0", 80, b"[fe80::1]"),
        ("https", "münchen.example", 443, b"xn--mnchen-3ya.example"),
    ),
)
def test_host_is_written_as_the_standard_says(scheme, host, port, expected):
    """Default ports are left out, IPv6 stands in brackets without its zone, names are ASCII."""
    assert expected == authority(Origin(scheme, host, port))


def test_a_whole_head():
    """Exactly these bytes go out."""
    expected = (
        b"POST /v1/x?a=b HTTP/1.1\r\nhost: api.example.com\r\naccept-encoding: identity\r\n"
        b"content-type: application/json\r\ncontent-length: 2\r\n\r\n"
    )
    heads = Heads(Route(ORIGIN))

    assert [expected, expected] == [heads.render(request()), heads.render(request())]


@pytest.mark.parametrize(
    "method, body, expected",
    (
        (b"GET", b"", b""),
        (b"DELETE", b"", b""),
        (b"POST", b"", b"content-length: 0\r\n"),
        (b"GET", b"x", b"content-length: 1\r\n"),
    ),
)
def test_a_length_is_named_where_one_is_expected(method, body, expected):
    """A POST without a body says so; a GET without one says nothing."""
    head = Heads(Route(ORIGIN)).render(request(method=method, body=body, headers=()))

    assert head.endswith(b"accept-encoding: identity\r\n" + expected + b"\r\n")


def test_a_plain_request_to_a_proxy_is_in_absolute_form():
    """The proxy learns the whole address and gets its credentials."""
    origin = Origin("http", "example.com", 8080)
    route = Route(origin, Proxy("proxy", 3128, b"Basic eDp5"))

    assert (
        b"GET http://example.com:8080/v1/x?a=b HTTP/1.1\r\nhost: example.com:8080\r\n"
        b"accept-encoding: identity\r\nproxy-authorization: Basic eDp5\r\n\r\n"
    ) == Heads(route).render(request(origin, method=b"GET", headers=(), body=b""))


def test_a_tunnelled_request_hides_the_proxy():
    """Through a tunnel the provider sees a request as any other, without the proxy's credentials."""
    route = Route(ORIGIN, Proxy("proxy", 3128, b"Basic eDp5"))

    assert Heads(Route(ORIGIN)).render(request()) == Heads(route).render(request())


@pytest.mark.parametrize(
    "bad",
    (
        request(headers=((b"x", b"a\r\nhost: evil"),)),
        request(headers=((b"x", b"a\nb"),)),
        request(headers=((b"x", b"a\0b"),)),
        request(headers=((b"x: y\r\nz", b"a"),)),
        request(headers=((b"x ", b"a"),)),
        request(headers=((b"", b"a"),)),
        request(path=b"/v1 HTTP/1.1\r\nx: y"),
        request(path=b"/v1/a b"),
        request(path=b"v1"),
        request(path=b""),
    ),
)
def test_nothing_breaks_out_of_its_line(bad):
    """Such a request is a bug of ours and is not sent, neither the first time nor the second."""
    heads = Heads(Route(ORIGIN))
    for _ in range(2):
        with pytest.raises(InternalError):
            heads.render(bad)


def test_a_refusal_does_not_quote_the_value():
    """The value may be a credential."""
    with pytest.raises(InternalError) as caught:
        Heads(Route(ORIGIN)).render(request(headers=((b"authorization", b"Bearer sk-canary\n"),)))

    assert "canary" not in caught.value.message + caught.value.detail
    assert "authorization" in caught.value.detail


def test_remembered_heads_are_few():
    """Headers that differ in every request do not pile up, and are right all the same."""
    heads = Heads(Route(ORIGIN))
    for number in range(1000):
        value = b"%d" % number
        assert b"x-id: %d\r\n" % number in heads.render(request(headers=((b"x-id", value),)))

    assert len(heads._known) <= 64
