"""Issuers of tokens for tests: keys of each kind, made once, and tokens signed with them."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://login.example.com/"
AUDIENCE = "trunkline"
SECRET = "a secret of more than thirty-two bytes"
NOW = 1_795_000_000.0


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str = "a") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    kind = (
        RSAAlgorithm
        if isinstance(key, rsa.RSAPrivateKey)
        else ECAlgorithm
        if isinstance(key, ec.EllipticCurvePrivateKey)
        else OKPAlgorithm
    )
    return {**kind.to_jwk(key.public_key(), as_dict=True), **more}


def jwks(*keys: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"keys": keys})


def claims(now: float = NOW, **more: Any) -> dict[str, Any]:
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "tenant": "acme",
        "exp": int(now) + 600,
    }
    return {name: value for name, value in {**said, **more}.items() if value is not None}


def signed(
    said: Mapping[str, Any], key: Any = SECRET, algorithm: str = "HS256", **header: Any
) -> bytes:
    return jwt.encode(dict(said), key, algorithm, headers=header or None).encode()


def forged(header: object, said: object, signature: bytes = b"x") -> bytes:
    """Whatever one likes to put together."""
    parts = (msgspec.json.encode(header), msgspec.json.encode(said), signature)
    return b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
