"""Who is calling? All keys in memory, so that the answer takes no I/O and about a microsecond."""

from collections.abc import Sequence
from hmac import compare_digest

from msgspec import Struct, structs

from trunkline.canon.errors import Forbidden, Unauthenticated, UnknownKey
from trunkline.canon.exchange import Principal
from trunkline.storage.holders import KeyChanges, KeyRecord, KeySet
from trunkline.tenancy.amending import amended
from trunkline.tenancy.holding import HOW_TO_GET_ONE, Hold, Holdings
from trunkline.tenancy.keys import SHAPES, Mac, sound
from trunkline.tenancy.plans import BUILT_IN, Plans, lost_plans

# Stands in for a key that does not exist, so that looking for one takes the same steps. No
# known message has this MAC.
_NOBODY = KeyRecord(id="", tenant="", name="", prefix="", mac=bytes(32), created_at=0.0)
_EMPTY = KeySet(-1, ())


class KeyringStatistics(Struct, frozen=True):
    keys: int
    version: int
    """The store's, of the keys held."""


class Keyring:
    """A snapshot of everybody who may call, replaced as a whole."""

    __slots__ = ("_holdings", "_holds", "_keys", "_known", "_plans", "mac")

    def __init__(self, mac: Mac, plans: Plans = BUILT_IN) -> None:
        self.mac = mac
        self._plans = plans
        self._adopt(_EMPTY)

    def replace(self, known: KeySet) -> None:
        """An older version than the one held is ignored: two loads may overtake each other."""
        if known.version >= self._known.version:
            self._adopt(known)

    def amend(self, changes: KeyChanges) -> bool:
        """False where they do not follow on what is held: it must be replaced. Older ones are ignored."""
        if changes.version <= self._known.version:
            return True
        known = amended(self._known, changes)
        if known is not None:
            self._adopt(known)
        return known is not None

    def use(self, plans: Plans) -> None:
        """From now on these are the plans there are."""
        self._plans = plans
        self._adopt(self._known)

    def _adopt(self, known: KeySet) -> None:
        self._known = known
        self._holdings = Holdings(known, self._plans)
        self._keys = self._holdings.keys
        self._holds: dict[bytes, Hold] = {}
        """Worked out when a key is first used: most keys of a large house sleep."""

    @property
    def version(self) -> int:
        return self._known.version

    @property
    def plans(self) -> Plans:
        return self._plans

    def lost_plans(self, now: float) -> Sequence[str]:
        """See there."""
        return lost_plans(self._known, self._plans, now)

    def authenticate(self, token: str | bytes, now: float) -> Principal:
        """
        The key's principal. `now`: Unix seconds.

        Raises Unauthenticated, and UnknownKey where it may have been made since `replace`; Forbidden
        where its tenant, user or subscription is in the way. Takes as long for a key that does not
        exist as for a wrong secret; what is wrong with a key beyond that, only its holder is told.
        """
        key = token.encode("utf-8", "replace") if isinstance(token, str) else token
        length = len(key)
        for shape in SHAPES:
            if shape.shortest <= length <= shape.longest and key.startswith(shape.prefix):
                identifier = key[shape.identifier]
                record = self._keys.get(identifier, _NOBODY)
                if compare_digest(record.mac, self.mac(key)):
                    hold = self._holds.get(identifier)
                    if hold is None or now >= hold.until:
                        hold = self._held(record, now)
                    return hold.principal
                raise _not_one(key)
        raise _no_key(key)

    def standing(self, key_id: str, now: float) -> Principal | None:
        """
        Who holds the key of this id, as it is today; None where it is good no more.

        For what was asked with a key earlier on, and goes on without it.
        """
        record = self._keys.get(key_id.encode())
        try:
            return None if record is None else self._held(record, now).principal
        except (Unauthenticated, Forbidden):
            return None

    def visitor(self, record: KeyRecord, now: float) -> Hold:
        """
        As if there were such a key: with the limits of its user, tenant, plan and subscription.

        For callers that somebody else vouches for, by names that are unique in a tenant alone: two
        tenants' share no counters. Raises as `authenticate`.
        """
        meter = f"{record.tenant}/{record.id}"
        return self._holdings.hold(structs.replace(record, meter=meter), now)

    def _held(self, record: KeyRecord, now: float) -> Hold:
        hold = self._holdings.hold(record, now)
        self._holds[record.id.encode()] = hold
        return hold

    def statistics(self) -> KeyringStatistics:
        return KeyringStatistics(len(self._keys), self.version)

    def __repr__(self) -> str:
        return f"<Keyring {len(self._keys)} keys, version {self.version}>"


def _not_one(key: bytes) -> Unauthenticated:
    if not sound(key):
        return Unauthenticated(
            "This API key is mistyped (its checksum is wrong); copy it again from where you keep it."
        )
    return UnknownKey(f"This API key is not known here; {HOW_TO_GET_ONE}.")


def _no_key(key: bytes) -> Unauthenticated:
    if not key:
        return Unauthenticated(
            "No API key was sent. Send one as `Authorization: Bearer <key>` or `x-api-key: <key>`;"
            f" {HOW_TO_GET_ONE}."
        )
    if any(key.startswith(shape.prefix) for shape in SHAPES):
        return Unauthenticated(
            "This API key has the wrong length; copy it again from where you keep it, whole."
        )
    prefixes = ", ".join(shape.prefix.decode() for shape in SHAPES)
    return Unauthenticated(
        f"This is not an API key of this gateway: those begin with {prefixes}"
        f" (a provider's own key belongs in the gateway's configuration); {HOW_TO_GET_ONE}."
    )
