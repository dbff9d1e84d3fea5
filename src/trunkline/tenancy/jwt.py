"""What a JSON Web Token must be to be believed, and who then calls (RFC 7519, RFC 8725)."""

import hashlib
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw, Struct

from trunkline.canon.errors import Forbidden, Unauthenticated, UnknownKey
from trunkline.storage.holders import KeyRecord
from trunkline.tenancy.issuers import GRANTABLE, TENANT, Issuer
from trunkline.tenancy.signing import KeySet, VerifyKey, payload_of

# As much as servers take for one header (nginx: 8 KiB, seen 2026-11-21).
LONGEST_TOKEN = 8192
KEY_ID_PREFIX = "jwt:"
# In Base64, "{" and what may follow it in JSON: a quote or white space.
_BEGINNINGS = (b"ey", b"ew")
_TOKEN = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_ALGORITHM = re.compile(r"[A-Za-z0-9]{1,16}")
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9@.:|_+=/-]{0,63}")
# No subject that stays as it is has this: none can be chosen to be another's hash.
_HASHED = "~"
_USER = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_LONGEST_PLAN = 64
_LONGEST_NAME = 200
_MOST_MODELS = 1000
_NEW_ONE = "get a new one from its issuer"

Claims = Mapping[str, object]


class _Head(Struct, frozen=True):
    """RFC 7515 section 4.1. Nothing else of it is looked at: `jku`, `jwk` and `x5u` name an attacker's key as well."""

    alg: str = ""
    kid: str = ""
    crit: Raw = Raw()


class _Says(Struct, frozen=True):
    iss: str = ""


class Unverified(Struct, frozen=True):
    """What a token says of itself, before anybody has checked that."""

    token: bytes
    issuer: str
    algorithm: str
    kid: str


def looks_like_one(token: bytes) -> bool:
    """No key of ours does: they have no dots."""
    return token.startswith(_BEGINNINGS) and token.count(b".") == 2


def read(token: bytes) -> Unverified:
    """Raises Unauthenticated."""
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated(
            f"This token has {len(token)} bytes; at most {LONGEST_TOKEN} are read. Ask its issuer"
            " for one with fewer claims."
        )
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        raise Unauthenticated("This token is no JWT: three parts of base64url, dots between them.")
    try:
        head = msgspec.json.decode(_unfolded(parts[1]), type=_Head)
        says = msgspec.json.decode(_unfolded(parts[2]), type=_Says)
    except (ValueError, RecursionError):
        raise Unauthenticated(
            "This token's header or claims cannot be read; send it whole, as you got it."
        ) from None
    if bytes(head.crit):  # RFC 7515 section 4.1.11
        raise Unauthenticated("This token demands an extension (crit) that is not known here.")
    return Unverified(token, says.iss, head.alg, head.kid)


def caller(said: Unverified, issuer: Issuer, keys: KeySet | None, now: float) -> KeyRecord:
    """
    Who calls with it, as if it were a key, which ends with it and its leeway. `keys`: those the
    issuer publishes, None where they were never had; `now`: Unix seconds.

    Raises Unauthenticated, UnknownKey where the issuer may have another key by now, and Forbidden
    where the token is sound and allows nothing here.
    """
    claims = _verified(said, issuer, keys)
    until = _in_time(claims, issuer, now)
    _meant_for_us(claims, issuer)
    names = issuer.claims
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise _lacks("sub", "who calls")
    models = _claim(claims, names.models)
    return KeyRecord(
        id=f"{KEY_ID_PREFIX}{issuer.name}:{_short(subject)}",
        tenant=_tenant(claims, issuer),
        name=subject[:_LONGEST_NAME],
        prefix="",
        mac=b"",
        user=_user(_claim(claims, names.user), names.user),
        scopes=_scopes(_claim(claims, names.scopes), issuer),
        plan=_plan(_claim(claims, names.plan), names.plan),
        models=None if models is None else tuple(_words(models, names.models)),
        created_at=now,
        expires_at=until,
    )


def _verified(said: Unverified, issuer: Issuer, keys: KeySet | None) -> Claims:
    if said.algorithm not in issuer.algorithms:
        named = said.algorithm if _ALGORITHM.fullmatch(said.algorithm) else "something else"
        raise Unauthenticated(
            f"This token is signed with `{named}`; of its issuer, this gateway takes"
            f" {', '.join(sorted(issuer.algorithms))}."
        )
    for key in _candidates(said, issuer, keys):
        payload = payload_of(said.token, key, said.algorithm)
        if payload is not None:
            break
    else:
        raise Unauthenticated(f"This token's signature is wrong; {_NEW_ONE}.")
    try:
        return msgspec.json.decode(payload, type=dict[str, object])
    except (ValueError, RecursionError):
        raise Unauthenticated(f"This token's claims are no JSON object; {_NEW_ONE}.") from None


def _candidates(said: Unverified, issuer: Issuer, keys: KeySet | None) -> Sequence[VerifyKey]:
    """One key, as a rule. Raises UnknownKey."""
    if issuer.address is None:
        return issuer.keys
    if keys is None:
        raise UnknownKey(
            "This token's issuer could not be asked for its keys so far; try again in a moment."
        )
    # Who names no key has one: to try all that there are would be work for whoever asks.
    named = keys.get(said.kid, ()) if said.kid or len(keys) > 1 else next(iter(keys.values()))
    fitting = [key for key in named if said.algorithm in key.algorithms]
    if not fitting:
        raise UnknownKey(
            "This token is signed with a key that its issuer does not publish"
            f" (kid, alg); {_NEW_ONE}."
        )
    return fitting


def _in_time(claims: Claims, issuer: Issuer, now: float) -> float:
    expires = _moment(claims, "exp")
    if expires is None:
        raise _lacks("exp", "when it ends")
    if now >= expires + issuer.leeway:
        raise Unauthenticated(f"This token has expired; {_NEW_ONE}.")
    for name in ("nbf", "iat"):
        begins = _moment(claims, name)
        if begins is not None and now + issuer.leeway < begins:
            raise Unauthenticated(
                f"This token is not valid yet ({name}); send it later, or let its issuer's clock"
                " be set."
            )
    return expires + issuer.leeway


def _moment(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    try:
        seconds = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:  # an integer of 400 digits
        seconds = math.inf
    if isinstance(value, bool) or not math.isfinite(seconds):
        raise Unauthenticated(f"This token's claim `{name}` must be a number (Unix seconds).")
    return seconds


def _meant_for_us(claims: Claims, issuer: Issuer) -> None:
    told = claims.get("aud")
    audiences = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    if not any(isinstance(one, str) and one in issuer.audiences for one in audiences):
        raise Unauthenticated(
            "This token is not meant for this gateway (aud); ask its issuer for one whose"
            f" audience is `{'` or `'.join(sorted(issuer.audiences))}`."
        )
    if claims.get("iss") != issuer.issuer:
        raise Unauthenticated(f"This token's issuer is another than it said; {_NEW_ONE}.")


def _tenant(claims: Claims, issuer: Issuer) -> str:
    if issuer.tenant is not None:
        return issuer.tenant
    name = issuer.claims.tenant
    told = _claim(claims, name)
    if told is None or told == "":
        raise _lacks(name, "whose it is")
    if not isinstance(told, str) or not TENANT.fullmatch(told):
        raise Unauthenticated(
            f"This token's claim `{name}` must name a tenant: 1 to 64 letters, digits, dots, dashes"
            " or underscores."
        )
    return told


def _user(told: object, name: str) -> str:
    if told is None:
        return ""
    if not isinstance(told, str) or not _USER.fullmatch(told):
        raise Unauthenticated(
            f"This token's claim `{name}` must name a user in 1 to 128 characters."
        )
    return told


def _scopes(told: object, issuer: Issuer) -> tuple[str, ...]:
    """Of a caller without scopes everything is allowed: no token may get there by naming none of ours."""
    if told is None:
        return issuer.scopes
    words = _words(told, issuer.claims.scopes)
    granted = tuple(scope for scope in GRANTABLE if scope in words) or issuer.scopes
    if not granted:
        raise Forbidden(
            f"This token's claim `{issuer.claims.scopes}` names no scope of this gateway"
            f" ({', '.join(GRANTABLE)}); let its issuer grant some, or set `scopes` of the issuer in"
            " this gateway's configuration."
        )
    return granted


def _plan(told: object, name: str) -> str:
    if told is None:
        return ""
    if not isinstance(told, str) or len(told) > _LONGEST_PLAN:
        raise Unauthenticated(f"This token's claim `{name}` must name a plan.")
    return told


def _words(told: object, name: str) -> Sequence[str]:
    """A list, or words in one string (RFC 8693 section 4.2 writes scopes so)."""
    words = told.split() if isinstance(told, str) else told
    if isinstance(words, list) and len(words) <= _MOST_MODELS:
        texts = [word for word in words if isinstance(word, str)]
        if len(texts) == len(words):
            return texts
    raise Unauthenticated(
        f"This token's claim `{name}` must be a list of names, or names with spaces between them."
    )


def _claim(claims: Claims, name: str) -> object:
    """By its name, else by a path: `realm_access.roles`."""
    if name in claims or "." not in name:
        return claims.get(name)
    found: object = claims
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _short(subject: str) -> str:
    """As it is where that is short and plain, else hashed; it goes into logs and counters."""
    if _SUBJECT.fullmatch(subject):
        return subject
    digest = hashlib.sha256(subject.encode()).hexdigest()
    return _HASHED + digest[:32]


def _lacks(name: str, what: str) -> Unauthenticated:
    return Unauthenticated(f"This token lacks the claim `{name}`: {what}. Ask its issuer for it.")


def _unfolded(part: bytes) -> bytes:
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))
