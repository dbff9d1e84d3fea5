"""Keys fit the algorithms of their kind alone; weak, secret and private ones are not taken."""

import pytest
from jwt.algorithms import ECAlgorithm

from tests.tenancy.signers import (
    SECRET,
    claims,
    ec_key,
    ed_key,
    jwk,
    jwks,
    pem,
    rsa_key,
    signed,
)
from trunkline.tenancy.signing import key_set, payload_of, public_key, secret_key

HS256 = frozenset({"HS256"})


def test_a_key_checks_what_its_other_half_signed():
    """RSA both ways, a curve, and Edwards'."""
    pairs = ((rsa_key(), "RS256"), (rsa_key(), "PS384"), (ec_key(), "ES256"), (ed_key(), "EdDSA"))

    for key, algorithm in pairs:
        token = signed(claims(), key, algorithm)
        assert payload_of(token, public_key(pem(key)), algorithm) is not None


def test_a_changed_token_says_nothing():
    """One letter of its claims is enough."""
    token = signed(claims(), ec_key(), "ES256")
    head, body, signature = token.split(b".")
    changed = b".".join((head, body[:-2] + (b"AA" if body[-2:] != b"AA" else b"BB"), signature))

    assert payload_of(changed, public_key(pem(ec_key())), "ES256") is None


def test_a_key_is_not_asked_about_an_algorithm_of_another_kind():
    """A public key is no secret, however a token would have it."""
    key = public_key(pem(rsa_key()))

    assert payload_of(signed(claims(), SECRET), key, "HS256") is None


@pytest.mark.parametrize("secret", ("", "short", "x" * 31, " " * 40))
def test_a_secret_that_could_be_guessed_is_refused(secret):
    """RFC 7518 asks for as many bytes as the hash has."""
    with pytest.raises(ValueError, match="at least 32 bytes"):
        secret_key(secret, HS256)


def test_a_longer_hash_asks_for_a_longer_secret():
    """Of all that it may sign with."""
    with pytest.raises(ValueError, match="at least 64 bytes"):
        secret_key("x" * 63, HS256 | {"HS512"})


def test_a_public_key_is_no_secret():
    """Everybody has it: tokens signed with it as a secret would be anybody's."""
    with pytest.raises(ValueError, match="public_key"):
        secret_key(pem(rsa_key()), HS256)


@pytest.mark.parametrize("text", ("", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n"))
def test_what_is_no_public_key_is_refused(text):
    """When the file is read, not when the first token comes."""
    with pytest.raises(ValueError, match="PEM"):
        public_key(text)


def test_a_short_rsa_key_is_refused():
    """1024 bits are within reach of whoever has means."""
    with pytest.raises(ValueError, match="2048"):
        public_key(pem(rsa_key(1024)))


def test_a_set_has_its_usable_keys_by_kid():
    """Of each kind; one without a kid has the empty one."""
    document = jwks(jwk(rsa_key(), kid="r", alg="RS256"), jwk(ec_key(), kid="e"), jwk(ed_key()))

    assert {"r": ["RS256"], "e": ["ES256"], "": ["EdDSA"]} == {
        kid: sorted(keys[0].algorithms) for kid, keys in key_set(document).items()
    }


def test_a_set_without_a_usable_key_is_none():
    """Secrets, keys for encrypting, weak keys, private halves, nonsense: all left out."""
    private = ECAlgorithm.to_jwk(ec_key(), as_dict=True)
    for document in (
        jwks({"kty": "oct", "k": "c2VjcmV0", "kid": "o"}),
        jwks(jwk(rsa_key(), use="enc")),
        jwks(jwk(rsa_key(), key_ops=["encrypt"])),
        jwks(jwk(rsa_key(), alg="HS256")),
        jwks(jwk(rsa_key(1024))),
        jwks(private),
        jwks({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
        jwks({"kid": 5}),
        jwks(),
        b"{}",
        b"<html>",
        b"[" * 100_000,
    ):
        with pytest.raises(ValueError, match=r"JWK Set|no public key"):
            key_set(document)


def test_only_so_many_keys_are_read():
    """A set of thousands is a mistake, or meant to keep us busy."""
    keys = [jwk(ec_key(), kid=str(number)) for number in range(150)]

    assert 100 == len(key_set(jwks(*keys)))
