"""The address of an issuer's keys: https, or this machine; nothing that could be misread."""

import pytest

from trunkline.tenancy.where import keys_address
from trunkline.transport.base import Origin


def test_an_address_is_an_origin_and_a_path():
    """With its query, and the port that its scheme has by default."""
    address = keys_address("https://Login.Example.com/realms/a/certs?v=1")

    assert (Origin("https", "login.example.com", 443), b"/realms/a/certs?v=1") == (
        address.origin,
        address.path,
    )


@pytest.mark.parametrize("host", ("127.0.0.1", "[::1]", "localhost", "keys.localhost"))
def test_this_machine_may_be_asked_in_the_clear(host):
    """Nobody sits between."""
    assert b"/jwks" == keys_address(f"http://{host}:9100/jwks").path


def test_another_machine_is_asked_in_the_clear_only_where_that_is_allowed():
    """Whoever sits between could put keys of his own there."""
    with pytest.raises(ValueError, match="https"):
        keys_address("http://login.example.com/jwks")

    assert 80 == keys_address("http://login.example.com/jwks", plain=True).origin.port


@pytest.mark.parametrize(
    "url",
    (
        "ftp://a.example/jwks",
        "file:///etc/passwd",
        "https:///jwks",
        "https://user:hunter2@a.example/jwks",
        "https://a.example/jwks#x",
        "https://a.example:0/jwks",
        "https://a.example:99999/jwks",
        "https://a.example/a b",
        "https://a.example/a\r\nx: y",
        "https://[::1/jwks",
        "",
    ),
)
def test_what_could_be_misread_is_refused_and_not_quoted(url):
    """It may hold a password."""
    with pytest.raises(ValueError) as caught:
        keys_address(url)

    assert "hunter2" not in str(caught.value)
