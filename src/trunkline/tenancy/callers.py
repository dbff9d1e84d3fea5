"""Who is calling, with whatever they show: a key of ours first, else a token of a trusted issuer."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct, structs

from trunkline.canon.errors import Forbidden, Unauthenticated, UnknownKey
from trunkline.canon.exchange import Principal
from trunkline.canon.limit import Limit
from trunkline.storage.holders import KeyRecord
from trunkline.tenancy.admin import AdminGate
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.holding import HOW_TO_GET_ONE, Hold
from trunkline.tenancy.issuers import Issuer
from trunkline.tenancy.jwks import Jwks
from trunkline.tenancy.jwt import (
    KEY_ID_PREFIX,
    LONGEST_TOKEN,
    caller,
    looks_like_one,
    read,
)
from trunkline.tenancy.keyring import Keyring, KeyringStatistics

# Tokens that are in use at the same time; the oldest are checked anew beyond that. About 1 KiB each.
_MOST_REMEMBERED = 10_000
# Bytes of requests, as many as may wait for a look at the keys of this gateway: tenancy.following.
_CROWD = 64 << 20


class Grants(Protocol):
    """What this gateway itself knows of a caller's tenant, user and plan."""

    @property
    def version(self) -> int:
        """Another number where `visitor` may give another answer."""

    def visitor(self, record: KeyRecord, now: float) -> Hold:
        """As if there were such a key. Raises Forbidden."""


class TokenStatistics(Struct, frozen=True):
    issuers: int
    remembered: int
    """Tokens whose signature need not be checked again."""
    checked: int
    refused: int


class _Remembered(Struct, frozen=True):
    caller: KeyRecord
    ends: float
    """Unix seconds."""
    hold: Hold
    version: int
    """Of the grants in `hold`."""


class Tokens:
    """
    Tokens of trusted issuers.

    One that was found good is remembered until it ends, by the hash of the whole of it: two that
    begin alike are two callers' (CVE-2026-35030 was a cache by the first characters). Measured
    2026-11-21, on a busy machine: 1.8 µs for a token of 700 bytes where a key takes 1.5; to check
    one takes 80 (RS256) to 190 (EdDSA).
    """

    __slots__ = (
        "_changes",
        "_checked",
        "_grants",
        "_issuers",
        "_jwks",
        "_known",
        "_most",
        "_refused",
    )

    def __init__(self, grants: Grants, jwks: Jwks, most: int = _MOST_REMEMBERED) -> None:
        """`most`: tokens that are remembered."""
        self._most = most
        self._grants = grants
        self._jwks = jwks
        self._issuers: Mapping[str, Issuer] = {}
        self._known: dict[bytes, _Remembered] = {}
        self._changes = jwks.changes
        self._checked = self._refused = 0

    def trust(self, issuers: Mapping[str, Issuer]) -> None:
        """These from now on, by the claim `iss`."""
        self._issuers = issuers
        self._known.clear()
        places = [one.address for one in issuers.values() if one.address is not None]
        self._jwks.follow(places)

    def authenticate(self, token: bytes, now: float) -> Principal:
        """Raises Unauthenticated, UnknownKey and Forbidden, as tenancy.jwt's `caller`."""
        if self._changes != self._jwks.changes:  # a key may have been withdrawn
            self._changes = self._jwks.changes
            self._known.clear()
        digest = hashlib.sha256(token).digest()
        known = self._known.get(digest)
        if known is None or known.version != self._grants.version or now >= known.hold.until:
            known = self._look(digest, known, token, now)
        return known.hold.principal

    def standing(self, principal: Principal, now: float) -> Principal | None:
        """As today, if its issuer is still trusted and nothing else is in the way by now."""
        name = principal.key_id.removeprefix(KEY_ID_PREFIX).partition(":")[0]
        if not any(issuer.name == name for issuer in self._issuers.values()):
            return None
        record = KeyRecord(
            id=principal.key_id,
            tenant=principal.tenant,
            user=principal.user,
            name="",
            prefix="",
            mac=b"",
            created_at=now,
        )
        try:
            today = self._grants.visitor(record, now).principal
        except Forbidden:
            return None
        return _limited_as(principal, today)

    async def look_again(self, token: bytes, size: int = 0) -> None:
        """As Jwks'."""
        issuer = self._issuers.get(read(token).issuer)
        if issuer is not None and issuer.address is not None:
            await self._jwks.look_again(issuer.address, size)

    def has_room(self, size: int) -> bool:
        return self._jwks.waiting + size <= _CROWD

    def statistics(self) -> TokenStatistics:
        return TokenStatistics(len(self._issuers), len(self._known), self._checked, self._refused)

    def _look(
        self, digest: bytes, known: _Remembered | None, token: bytes, now: float
    ) -> _Remembered:
        """What its issuer said of it is not checked twice; what we know ourselves may change."""
        version = self._grants.version
        if known is None or now >= known.ends:
            self._known.pop(digest, None)
            record = self._checked_caller(token, now)
        else:
            record = known.caller
        ends = now if record.expires_at is None else record.expires_at
        known = _Remembered(record, ends, self._grants.visitor(record, now), version)
        if len(self._known) >= self._most:
            self._make_room(now)
        self._known[digest] = known
        return known

    def _checked_caller(self, token: bytes, now: float) -> KeyRecord:
        self._checked += 1
        try:
            return self._caller(token, now)
        except UnknownKey:
            self._refused += 1
            self._jwks.missed()
            raise
        except (Unauthenticated, Forbidden):
            self._refused += 1
            raise

    def _caller(self, token: bytes, now: float) -> KeyRecord:
        if not self._issuers:
            raise Unauthenticated(
                "This is a JWT, and this gateway trusts no issuer of such: send an API key, or have"
                " the issuer named under [[auth.issuers]] in its configuration."
            )
        said = read(token)
        issuer = self._issuers.get(said.issuer)
        if issuer is None:
            raise Unauthenticated(
                "This token's issuer (iss) is none that this gateway trusts; those are named under"
                " [[auth.issuers]] in its configuration, letter by letter."
            )
        keys = None if issuer.address is None else self._jwks.keys(issuer.address)
        return caller(said, issuer, keys, now)

    def _make_room(self, now: float) -> None:
        self._known = {d: known for d, known in self._known.items() if now < known.ends}
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]

    def __repr__(self) -> str:
        return f"<Tokens of {len(self._issuers)} issuers, {len(self._known)} remembered>"


def _limited_as(principal: Principal, today: Principal) -> Principal:
    """With the limits its tenant and user have now; those of the plan in its token are its own."""
    models = {*principal.model_limits, *today.model_limits}
    return structs.replace(
        principal,
        limits=(*_own(principal.limits), *today.limits),
        model_limits={
            model: (
                *_own(principal.model_limits.get(model, ())),
                *today.model_limits.get(model, ()),
            )
            for model in models
        },
    )


def _own(limits: Sequence[Limit]) -> Sequence[Limit]:
    return [limit for limit in limits if limit.counter.startswith("key/")]


class Callers:
    """A key costs one look at how it begins (0.2 µs, measured 2026-11-21) more than without tokens."""

    __slots__ = ("_admin", "_by_key", "_follower", "_keyring", "_tokens")

    def __init__(
        self, keyring: Keyring, follower: KeyringFollower, tokens: Tokens, admin: AdminGate
    ) -> None:
        """`admin`: whose key is nobody's here, which its holder had better be told."""
        self._admin = admin
        self._keyring = keyring
        self._by_key = keyring.authenticate
        self._follower = follower
        self._tokens = tokens

    def authenticate(self, token: bytes, now: float) -> Principal:
        """`now`: Unix seconds. Raises Unauthenticated, UnknownKey, Forbidden."""
        if token.startswith(b"e") and looks_like_one(token):
            if len(token) > LONGEST_TOKEN:
                read(token)  # says so, before anything is done with it
            return self._tokens.authenticate(token, now)
        try:
            return self._by_key(token, now)
        except Unauthenticated:
            if self._admin.opens(token):
                raise _admin_key() from None
            raise

    def standing(self, principal: Principal, now: float) -> Principal | None:
        """
        The same caller as things are today; None where it may call no more.

        For what was asked earlier on, and goes on without key or token: a token may well have
        ended since, and was good when it was asked.
        """
        if principal.key_id.startswith(KEY_ID_PREFIX):
            return self._tokens.standing(principal, now)
        return self._keyring.standing(principal.key_id, now)

    def has_room(self, token: bytes, size: int) -> bool:
        """Whether one more may wait for a look, with a request of so many bytes."""
        rooms = self._tokens if looks_like_one(token) else self._follower
        return rooms.has_room(size)

    async def look_again(self, token: bytes, size: int = 0) -> None:
        """
        What `token` may depend on is known after this as it was when it was called.

        `size`: bytes that wait meanwhile. Raises LedgerUnavailable, IssuerUnavailable.
        """
        if looks_like_one(token):
            await self._tokens.look_again(token, size)
        else:
            await self._follower.look_again(size)

    def statistics(self) -> KeyringStatistics:
        """Of keys."""
        return self._keyring.statistics()

    def __repr__(self) -> str:
        return f"<Callers by {self._keyring!r} and {self._tokens!r}>"


def _admin_key() -> Unauthenticated:
    return Unauthenticated(
        "This is the admin key: it manages this gateway, and asks no models. For those, an API key is"
        f" needed; {HOW_TO_GET_ONE}."
    )
