"""`[[auth.issuers]]`: what makes no sense, or could be forged, is refused when the file is read."""

import pytest
from msgspec import convert

from tests.tenancy.signers import AUDIENCE, ISSUER, SECRET, pem, rsa_key
from trunkline.config.errors import ConfigError
from trunkline.config.schema import IssuerConfig
from trunkline.tenancy.issuers import trusted


def configured(**more):
    said = {"issuer": ISSUER, "audience": AUDIENCE, "secret": SECRET, **more}
    return convert({k: v for k, v in said.items() if v is not None}, IssuerConfig)


def one(**more):
    (issuer,) = trusted([configured(**more)]).values()
    return issuer


def test_issuer_and_audience_and_a_secret_are_enough():
    """The rest has defaults; a secret signs with HS256 alone."""
    issuer = one()

    assert ("login-example-com", {"HS256"}, {AUDIENCE}) == (
        issuer.name,
        issuer.algorithms,
        issuer.audiences,
    )


def test_with_a_public_key_no_secret_algorithm_is_taken():
    """Nor `none`, which is in neither list."""
    algorithms = one(secret=None, public_key=pem(rsa_key())).algorithms

    assert {"RS256", "ES256", "EdDSA"} < algorithms
    assert not {"HS256", "HS384", "HS512", "none"} & algorithms


def test_its_keys_may_stand_at_an_address():
    """Then it has none of its own."""
    issuer = one(secret=None, jwks_url="https://login.example.com/jwks")

    assert (b"/jwks", ()) == (issuer.address.path, issuer.keys)


@pytest.mark.parametrize(
    "more, key, told",
    (
        ({"secret": None}, "auth.issuers[0]", "one of jwks_url"),
        ({"jwks_url": "https://a.example/"}, "auth.issuers[0]", "one of jwks_url"),
        ({"secret": ""}, "auth.issuers[0].secret", "at least 32 bytes"),
        ({"secret": "short"}, "auth.issuers[0].secret", "at least 32 bytes"),
        ({"algorithms": ["RS256"]}, "auth.issuers[0].algorithms", "with a secret"),
        ({"algorithms": ["none"]}, "auth.issuers[0].algorithms", "'none'"),
        (
            {"secret": None, "public_key": pem(rsa_key()), "algorithms": ["RS256", "HS256"]},
            "auth.issuers[0].algorithms",
            "'HS256'",
        ),
        ({"secret": None, "public_key": "x"}, "auth.issuers[0].public_key", "PEM"),
        ({"secret": None, "jwks_url": "http://a.example/"}, "auth.issuers[0].jwks_url", "https"),
        ({"name": "No Name"}, "auth.issuers[0].name", "small letters"),
        ({"tenant": "a/b"}, "auth.issuers[0].tenant", "letters"),
        ({"scopes": ["chat:read"]}, "auth.issuers[0].scopes", "'chat:read'"),
        ({"scopes": ["keys:write"]}, "auth.issuers[0].scopes", "'keys:write'"),
        ({"audience": ["a", ""]}, "auth.issuers[0].audience", "empty"),
    ),
)
def test_what_makes_no_sense_is_refused_by_its_key(more, key, told):
    """With what was expected, and without the secret."""
    with pytest.raises(ConfigError, match=told) as caught:
        one(**more)

    assert key == caught.value.key
    assert SECRET not in str(caught.value)


def test_an_issuer_stands_there_once():
    """Two would be two opinions of the same token; and each has a name of its own."""
    with pytest.raises(ConfigError, match="twice"):
        trusted([configured(), configured(name="b")])
    with pytest.raises(ConfigError, match="login-example-com"):
        trusted([configured(), configured(issuer=ISSUER + "two", name="login-example-com")])


def test_no_repr_shows_a_secret():
    """A log line or a traceback may hold it."""
    assert SECRET not in repr(configured()) + repr(one()) + repr(one().keys)
