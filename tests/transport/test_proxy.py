"""Which origins go through which proxy."""

import pytest

from trunkline.transport.base import Origin
from trunkline.transport.proxy import Proxies, Proxy, Route, parse_proxy

P = Proxy("proxy.example", 3128)


@pytest.mark.parametrize(
    "url, expected",
    (
        ("http://proxy.example:3128", P),
        ("proxy.example:3128", P),
        ("http://proxy.example", Proxy("proxy.example", 80)),
        ("http://[2001:db8::1]:8080/", Proxy("2001:db8::1", 8080)),
        (
            "http://us%40er:p%3Aw@proxy.example:3128",
            Proxy("proxy.example", 3128, b"Basic dXNAZXI6cDp3"),
        ),
    ),
)
def test_proxy_urls(url, expected):
    """Host, port and percent-encoded credentials."""
    assert expected == parse_proxy(url)


@pytest.mark.parametrize(
    "url",
    (
        "https://user:canary@proxy",
        "socks5://user:canary@proxy",
        "http://",
        "http://user:canary@proxy:port",
        "http://user:canary@proxy:99999",
        "http://user:canary@[::1",
    ),
)
def test_a_bad_proxy_url_is_refused_without_quoting_it(url):
    """What cannot be used is an error at start, whose text has no credential in it."""
    with pytest.raises(ValueError) as caught:
        parse_proxy(url)

    assert "canary" not in str(caught.value)


def test_a_proxy_shows_no_credential():
    """Neither it nor the whole set of rules prints one."""
    proxies = Proxies("http://user:canary@proxy.example:3128")

    assert "<Proxies http: <Proxy proxy.example:3128>>" == repr(proxies)
    assert "Basic" not in repr(proxies.route(Origin("http", "a.example", 80)))


@pytest.mark.parametrize(
    "environment, http, https",
    (
        ({}, None, None),
        ({"HTTP_PROXY": "proxy.example:3128"}, P, None),
        ({"https_proxy": "proxy.example:3128"}, None, P),
        ({"ALL_PROXY": "proxy.example:3128"}, P, P),
        ({"ALL_PROXY": "proxy.example:3128", "https_proxy": "b:1"}, P, Proxy("b", 1)),
        ({"HTTP_PROXY": "a:1", "http_proxy": "proxy.example:3128"}, P, None),
        ({"HTTP_PROXY": "proxy.example:3128", "NO_PROXY": "*"}, None, None),
    ),
)
def test_the_usual_variables(environment, http, https):
    """By scheme, then for all; lower case first."""
    proxies = Proxies.from_environment(environment)
    for scheme, expected in (("http", http), ("https", https)):
        origin = Origin(scheme, "api.example.com", 443)
        assert Route(origin, expected) == proxies.route(origin)


@pytest.mark.parametrize(
    "host, port, direct",
    (
        ("corp.example", 443, True),
        ("API.Corp.Example", 443, True),
        ("notcorp.example", 443, False),
        ("leading.example", 443, True),
        ("a.leading.example.", 443, True),
        ("star.example", 443, True),
        ("port.example", 8443, True),
        ("port.example", 443, False),
        ("10.1.2.3", 443, True),
        ("11.1.2.3", 443, False),
        ("192.168.1.7", 443, True),
        ("192.168.1.8", 443, False),
        ("2001:db8::5", 443, True),
        ("2001:db9::5", 443, False),
        ("2001:db9::7", 8443, True),
        ("2001:db9::7", 443, False),
        ("localhost", 443, True),
        ("127.0.0.9", 443, True),
        ("::1", 443, True),
        ("elsewhere.example", 443, False),
    ),
)
def test_no_proxy(host, port, direct):
    """Names stand for their subdomains; addresses, ranges and ports are understood; loopback never goes out."""
    rules = (
        " corp.example,.leading.example,*.star.example,port.example:8443,10.0.0.0/8,192.168.1.7,"
        "2001:db8::/32,[2001:db9::7]:8443,,"
    )
    route = Proxies("proxy.example:3128", "proxy.example:3128", rules).route(
        Origin("https", host, port)
    )

    assert direct == (route.proxy is None)
