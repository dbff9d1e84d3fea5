"""Keys that signatures of tokens are checked with: which algorithm each fits, and none else."""

from collections.abc import Mapping, Sequence

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK, PyJWS
from jwt.exceptions import PyJWTError
from msgspec import Raw, Struct

# RFC 7518 section 3.2: a secret has as many bytes as the hash, at least.
SECRET_BYTES: Mapping[str, int] = {"HS256": 32, "HS384": 48, "HS512": 64}
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES: Mapping[str, str] = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_EDWARDS = frozenset({"EdDSA"})
ASYMMETRIC: Sequence[str] = (*sorted(_RSA), *_CURVES.values(), *_EDWARDS)
# RFC 7518 section 3.3.
_RSA_BITS = 2048
# An issuer has a handful; more are a mistake, or meant to keep us busy.
_MOST_KEYS = 100
_PUBLIC = frozenset({"RSA", "EC", "OKP"})

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

_JWS = PyJWS(algorithms=[*SECRET_BYTES, *ASYMMETRIC])


class VerifyKey(Struct, frozen=True):
    key: PublicKey | bytes
    algorithms: frozenset[str]
    """Those of its kind: what else a token says it is signed with, this key is not asked."""

    def __repr__(self) -> str:
        return f"<VerifyKey for {', '.join(sorted(self.algorithms))}>"


KeySet = Mapping[str, Sequence[VerifyKey]]
"""By `kid`; those without one under ""."""


def payload_of(token: bytes, key: VerifyKey, algorithm: str) -> bytes | None:
    """What the token says, once its signature holds; None where it does not."""
    if algorithm not in key.algorithms:
        return None
    try:
        payload: object = _JWS.decode_complete(token, key.key, [algorithm])["payload"]
    except PyJWTError:
        return None
    return payload if isinstance(payload, bytes) else None


def secret_key(secret: str, algorithms: frozenset[str]) -> VerifyKey:
    """Raises ValueError for one that could be guessed, or is no secret."""
    told = secret.encode()
    least = max(SECRET_BYTES[algorithm] for algorithm in algorithms)
    if len(told.strip()) < least:
        raise ValueError(
            f"expected at least {least} bytes: whoever guesses a shorter one can sign tokens "
            f"himself (openssl rand -base64 {least})"
        )
    if told.lstrip().startswith((b"-----BEGIN", b"ssh-")):
        raise ValueError("this is a key of a pair; give its public half as public_key")
    return VerifyKey(told, algorithms)


def public_key(pem: str) -> VerifyKey:
    """Raises ValueError."""
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(
            'expected a public key in PEM, "-----BEGIN PUBLIC KEY-----" and so on'
        ) from None
    fits = _fitting(key)
    if fits is None:
        raise ValueError("expected RSA with 2048 bits or more, P-256, P-384, P-521 or Ed25519")
    return fits


class _Jwk(Struct, frozen=True):
    """RFC 7517, as far as it says whether the key may be used at all."""

    kty: str = ""
    use: str = "sig"
    key_ops: tuple[str, ...] = ("verify",)
    alg: str = ""
    kid: str = ""
    d: Raw = Raw()
    """Of a private key, which no issuer would publish."""


class _Jwks(Struct, frozen=True):
    keys: list[Raw]


def key_set(document: bytes) -> KeySet:
    """
    The keys of a JWK Set that can be used here: secrets, private and weak ones are left out.

    Raises ValueError where it is none, or none of its keys can be used.
    """
    try:
        raws = msgspec.json.decode(document, type=_Jwks).keys[:_MOST_KEYS]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is no JWK Set (RFC 7517)") from None
    found: dict[str, list[VerifyKey]] = {}
    for raw in raws:
        kid, key = _usable(raw)
        if key is not None:
            found.setdefault(kid, []).append(key)
    if not found:
        raise ValueError("it has no public key that signatures could be checked with")
    return found


def _usable(raw: Raw) -> tuple[str, VerifyKey | None]:
    try:
        said = msgspec.json.decode(raw, type=_Jwk)
        if said.kty not in _PUBLIC or said.use != "sig" or "verify" not in said.key_ops:
            return said.kid, None
        if bytes(said.d) or said.alg not in {"", *ASYMMETRIC}:
            return said.kid, None
        key = _fitting(PyJWK(msgspec.json.decode(raw)).key)
    except (msgspec.DecodeError, PyJWTError, ValueError, TypeError, UnsupportedAlgorithm):
        return "", None
    if key is not None and said.alg:
        key = VerifyKey(key.key, key.algorithms & {said.alg})
    return said.kid, key


def _fitting(key: object) -> VerifyKey | None:
    """With the algorithms of its kind; None for one that is not used here."""
    if isinstance(key, RSAPublicKey):
        return VerifyKey(key, _RSA) if key.key_size >= _RSA_BITS else None
    if isinstance(key, EllipticCurvePublicKey):
        algorithm = _CURVES.get(key.curve.name)
        return None if algorithm is None else VerifyKey(key, frozenset({algorithm}))
    if isinstance(key, Ed25519PublicKey | Ed448PublicKey):
        return VerifyKey(key, _EDWARDS)
    return None
