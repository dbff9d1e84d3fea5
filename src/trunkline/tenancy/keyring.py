"""Who is calling? All keys in memory, so that the answer takes no I/O and about a microsecond."""

import math
from collections.abc import Iterable
from hmac import compare_digest

from msgspec import Struct

from trunkline.canon.errors import Unauthenticated, UnknownKey
from trunkline.canon.exchange import Principal
from trunkline.storage.records import KeyRecord
from trunkline.tenancy.keys import FORMATS, KeyFormat, Mac

_HOW_TO_GET_ONE = "create one with `trunkline keys create` or POST /admin/v1/keys"


class _Entry(Struct, frozen=True):
    mac: bytes
    principal: Principal
    until: float
    """Unix seconds at which it ceases to be good; long past for a revoked one."""
    revoked: bool


# Stands in for a key that does not exist, so that looking for one takes the same steps. No
# known message has this MAC.
_NOBODY = _Entry(bytes(32), Principal(key_id="", tenant=""), -math.inf, revoked=False)


class KeyringStatistics(Struct, frozen=True):
    keys: int
    version: int
    """The store's, of the keys held."""


class Keyring:
    """A snapshot of all keys, replaced as a whole."""

    __slots__ = ("_entries", "_version", "mac")

    def __init__(self, mac: Mac) -> None:
        self.mac = mac
        self._entries: dict[bytes, _Entry] = {}
        self._version = -1

    def replace(self, keys: Iterable[KeyRecord], version: int) -> None:
        """An older version than the one held is ignored: two loads may overtake each other."""
        if version >= self._version:
            self._entries = {key.id.encode(): _entry(key) for key in keys}
            self._version = version

    @property
    def version(self) -> int:
        return self._version

    def authenticate(self, token: str | bytes, now: float) -> Principal:
        """
        The key's principal. `now`: Unix seconds.

        Raises Unauthenticated, and UnknownKey where it may have been made since `replace`. Takes as long for a key that does not exist as for a wrong
        secret; what is wrong with a key beyond that, only its holder is told.
        """
        key = token.encode("utf-8", "replace") if isinstance(token, str) else token
        for form in FORMATS:
            if len(key) == form.length and key.startswith(form.prefix):
                entry = self._entries.get(key[form.identifier], _NOBODY)
                if compare_digest(entry.mac, self.mac(key)):
                    if now < entry.until:
                        return entry.principal
                    raise _no_longer(entry)
                raise _not_one(key, form)
        raise _no_key(key)

    def standing(self, key_id: str, now: float) -> Principal | None:
        """
        Who holds the key of this id, as it is today; None where it is good no more.

        For what was asked with a key earlier on, and goes on without it.
        """
        entry = self._entries.get(key_id.encode(), _NOBODY)
        return entry.principal if now < entry.until else None

    def statistics(self) -> KeyringStatistics:
        return KeyringStatistics(len(self._entries), self._version)

    def __repr__(self) -> str:
        return f"<Keyring {len(self._entries)} keys, version {self._version}>"


def _entry(key: KeyRecord) -> _Entry:
    revoked = key.revoked_at is not None
    expires = math.inf if key.expires_at is None else key.expires_at
    return _Entry(
        mac=key.mac,
        principal=Principal(
            key_id=key.id,
            tenant=key.tenant,
            scopes=frozenset(key.scopes),
            models=None if key.models is None else frozenset(key.models),
        ),
        # At once, whatever the clock said where it was revoked.
        until=-math.inf if revoked else expires,
        revoked=revoked,
    )


def _no_longer(entry: _Entry) -> Unauthenticated:
    what = "was revoked" if entry.revoked else "has expired"
    return Unauthenticated(f"This API key {what}; {_HOW_TO_GET_ONE}.")


def _not_one(key: bytes, form: KeyFormat) -> Unauthenticated:
    if not form.sound(key):
        return Unauthenticated(
            "This API key is mistyped (its checksum is wrong); copy it again from where you keep it."
        )
    return UnknownKey(f"This API key is not known here; {_HOW_TO_GET_ONE}.")


def _no_key(key: bytes) -> Unauthenticated:
    if not key:
        return Unauthenticated(
            "No API key was sent. Send one as `Authorization: Bearer <key>` or `x-api-key: <key>`;"
            f" {_HOW_TO_GET_ONE}."
        )
    if any(key.startswith(form.prefix) for form in FORMATS):
        return Unauthenticated(
            "This API key has the wrong length; copy it again from where you keep it, whole."
        )
    prefixes = ", ".join(form.prefix.decode() for form in FORMATS)
    return Unauthenticated(
        f"This is not an API key of this gateway: those begin with {prefixes}"
        f" (a provider's own key belongs in the gateway's configuration); {_HOW_TO_GET_ONE}."
    )
