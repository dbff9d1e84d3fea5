"""Tenants' own credentials, open, in memory alone: kept up with the store, handed to the flow."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from trunkline.config.errors import ConfigError
from trunkline.storage.keks import Keks
from trunkline.storage.sql.credentials import (
    CredentialSet,
    CredentialStore,
    DataKey,
    SealedCredential,
)
from trunkline.tenancy.envelope import CannotOpen, Kek, Place, named, unseal, unwrap
from trunkline.tenancy.following import follow

# As of keys: what one process changed is in force in all within a second.
_INTERVAL = 0.25


class OwnKey(Struct, frozen=True):
    """A key of a tenant's account at a provider."""

    id: str
    key: str | None
    """None: it cannot be opened here. It is there all the same: nobody else shall pay in its place."""
    fallback: bool
    """Once it rests, those of the platform may be used."""

    def __repr__(self) -> str:
        return f"<OwnKey {self.id}>"


OwnKeys = Mapping[str, Sequence[OwnKey]]
"""By provider."""


class VaultStatistics(Struct, frozen=True):
    credentials: int
    tenants: int
    closed: int
    """Credentials that cannot be opened."""


class Ring:
    """The key-encryption keys this process knows: once known, one stays so until it ends."""

    def __init__(self, keks: Keks) -> None:
        self.keks = keks
        self._known: dict[str, Kek] = {}

    def current(self, *, make: bool = False) -> Kek | None:
        """The one that wraps; None where there is none and none shall be made. Raises ValueError."""
        fresh = [named(key) for key in (self.keks.make() if make else self.keks.read())]
        self._known.update({kek.id: kek for kek in fresh})
        return fresh[0] if fresh else None

    def find(self, kek_id: str) -> Kek | None:
        """Another process may have made it since. Raises ValueError."""
        if kek_id not in self._known:
            self.current()
        return self._known.get(kek_id)

    def unwrapped(self, key: DataKey) -> bytes:
        """Raises CannotOpen."""
        kek = self.find(key.kek)
        if kek is None:
            raise CannotOpen(f"the key-encryption key {key.kek} is not in {self.keks.place}")
        return unwrap(kek, key.wrapped, key.tenant, key.version)

    @property
    def place(self) -> str:
        return self.keks.place

    def __repr__(self) -> str:
        return f"<Ring {', '.join(self._known)}>"


class Vault:
    def __init__(
        self,
        store: CredentialStore,
        ring: Ring,
        on_problem: Callable[[str], None],
        interval: float = _INTERVAL,
    ) -> None:
        self.store = store
        self.ring = ring
        self._on_problem = on_problem
        self._interval = interval
        self._version = -1
        self._own: Mapping[str, OwnKeys] = {}
        self._closed: frozenset[str] = frozenset()

    def of(self, tenant: str) -> OwnKeys | None:
        """None where it has none: one look-up, which is all that a request of such a tenant pays."""
        return self._own.get(tenant)

    async def open(self) -> None:
        """At start. Raises ConfigError where there are credentials and their key is not here."""
        known = await self.store.load()
        try:
            self._check(known)
            self._adopt(known)
        except (ValueError, OSError) as error:
            raise ConfigError("", f"{self.ring.place}: {error}") from None

    async def refresh(self) -> None:
        """Load them if any has changed. Raises LedgerUnavailable."""
        if await self.store.version() != self._version:
            known = await self.store.load()
            if known.version > self._version:
                self._adopt(known)

    async def run(self) -> None:
        """For ever. While they cannot be read, those last read stay in force."""
        await follow("credentials", self.refresh, self._interval, self._on_problem)

    def statistics(self) -> VaultStatistics:
        return VaultStatistics(
            credentials=sum(
                key.key is not None
                for own in self._own.values()
                for keys in own.values()
                for key in keys
            ),
            tenants=len(self._own),
            closed=len(self._closed),
        )

    def _check(self, known: CredentialSet) -> None:
        if not known.credentials:
            return
        count, place = len(known.credentials), self.ring.place
        if self.ring.find(known.kek) is None:
            raise ValueError(
                f"the key-encryption key {known.kek} is not there, and {count} credentials of"
                " tenants are sealed with it. Put it back (the file `kek` of the data folder, or"
                f" TRUNKLINE_KEK; here it was looked for in {place}), or remove the"
                " credentials from the database"
            )

    def _adopt(self, known: CredentialSet) -> None:
        own: dict[str, dict[str, list[OwnKey]]] = {}
        closed = dict[str, str]()
        data_keys = {key.tenant: key for key in known.keys}
        opened = dict[str, bytes]()
        for one in known.credentials:
            secret = None
            try:
                secret = self._open(one, data_keys, opened)
            except CannotOpen as error:
                closed[one.id] = str(error)
            keys = own.setdefault(one.tenant, {}).setdefault(one.provider, [])
            keys.append(OwnKey(one.id, secret, one.fallback))
        for credential_id in closed.keys() - self._closed:
            self._on_problem(
                f"the credential {credential_id} cannot be opened: {closed[credential_id]}"
            )
        self._own, self._closed, self._version = own, frozenset(closed), known.version

    def _open(
        self, one: SealedCredential, keys: Mapping[str, DataKey], opened: dict[str, bytes]
    ) -> str:
        key = keys.get(one.tenant)
        if key is None or key.version != one.key_version:
            raise CannotOpen("its tenant's data key is gone")
        if one.tenant not in opened:
            opened[one.tenant] = self.ring.unwrapped(key)
        return unseal(opened[one.tenant], one.sealed, place_of(one))

    def __repr__(self) -> str:
        return f"<Vault {len(self._own)} tenants, version {self._version}>"


def place_of(one: SealedCredential) -> Place:
    return Place(one.tenant, one.provider, one.id, one.key_version)
