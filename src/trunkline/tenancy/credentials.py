"""Adding, listing and removing tenants' own credentials, and changing the key they rest under."""

from collections.abc import Sequence

from msgspec import Struct, structs

from trunkline.canon.errors import InternalError, Malformed, NotFound
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy, ulid
from trunkline.storage.keks import KEK_BYTES
from trunkline.storage.sql.credentials import DataKey, SealedCredential
from trunkline.tenancy.envelope import CannotOpen, Kek, named, new_data_key, seal, wrap
from trunkline.tenancy.keys import Mac
from trunkline.tenancy.names import check_tenant
from trunkline.tenancy.vault import Vault, place_of

_LABEL_LIMIT = 200
_SHORTEST, _LONGEST = 8, 4096
# Four characters of so many are no help to whoever would guess the rest.
_ENDING, _SHOWN_FROM = 4, 16
_FINGERPRINT = 12
_MICROS = 1_000_000
_PREFIX = "cred_"


class NewCredential(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Decodes the body of POST /admin/v1/credentials."""

    tenant: str
    provider: str
    """As the configuration names it."""
    api_key: str
    label: str = ""
    fallback: bool = False
    """Once the tenant's own all rest, those of the platform may be used, at its cost."""

    def __repr__(self) -> str:
        return f"<NewCredential of {self.tenant} at {self.provider}>"


class CredentialView(Struct, frozen=True, kw_only=True):
    """A credential as it may be shown: never itself."""

    id: str
    object: str = "credential"
    tenant: str
    provider: str
    label: str
    last4: str
    """Empty where it is too short to show any."""
    fingerprint: str
    """The same for the same key, and of no use for finding it."""
    fallback: bool
    created_at: float
    """Unix seconds."""


class RotatedKek(Struct, frozen=True, kw_only=True):
    kek: str
    """The id of the key that wraps from now on."""
    rewrapped: int
    """Data keys of tenants."""
    removed: bool
    """The former key is gone from where it lay; False: it was given to us, and is not ours to remove."""


class CredentialService:
    """Every method raises LedgerUnavailable where the database cannot be used now."""

    def __init__(
        self,
        vault: Vault,
        mac: Mac,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        """`vault`: of this process; sees changes at once."""
        self._store = vault.store
        self._vault = vault
        self._ring = vault.ring
        self._keks = vault.ring.keks
        self._mac = mac
        self._clock = clock
        self._entropy = entropy

    async def create(self, wanted: NewCredential) -> CredentialView:
        """Raises Malformed, naming the field."""
        secret = wanted.api_key.strip()
        _check(wanted, secret)
        now = self._clock.unix()
        blank = SealedCredential(
            id=_PREFIX + ulid(now, self._entropy),
            tenant=wanted.tenant,
            provider=wanted.provider,
            label=wanted.label,
            ending=secret[-_ENDING:] if len(secret) >= _SHOWN_FROM else "",
            fingerprint=self._mac(secret.encode()).hex()[:_FINGERPRINT],
            fallback=wanted.fallback,
            key_version=0,
            sealed=b"",
            created_at=int(now * _MICROS),
        )

        def make(kek_id: str, known: DataKey | None) -> tuple[DataKey, SealedCredential]:
            key, data_key = self._data_key(kek_id, wanted.tenant, known)
            record = structs.replace(blank, key_version=key.version)
            sealed = seal(data_key, secret, place_of(record), self._entropy)
            return key, structs.replace(record, sealed=sealed)

        try:
            await self._store.add(wanted.tenant, make)
        except (ValueError, OSError) as error:
            raise _no_kek(error) from None
        await self._vault.refresh()
        return _view(blank)

    async def list(self, tenant: str | None = None) -> tuple[CredentialView, ...]:
        """In the order they were added; `tenant` None: all tenants'."""
        return tuple(_view(one) for one in await self._store.list(tenant))

    async def delete(self, credential_id: str) -> CredentialView:
        """Used no more in this process, within a second in all others. Raises NotFound."""
        gone = await self._store.delete(credential_id)
        if gone is None:
            raise NotFound(f"There is no credential `{credential_id[:100]}`.", param="id")
        await self._vault.refresh()
        return _view(gone)

    async def rotate_kek(self) -> RotatedKek:
        """
        Wrap every data key anew: with a new key where it lies in a file, which is then all that
        lies there; else with the first of those given.

        Credentials are in use all the while. Stopped at any moment, it leaves what can be opened.
        """
        target: list[Kek] = []

        def rewrap(_current: str, keys: Sequence[DataKey]) -> tuple[str, Sequence[DataKey]]:
            kek = self._next_kek()
            target.append(kek)
            return kek.id, [self._rewrapped(key, kek) for key in keys]

        try:
            count = await self._store.rewrap(rewrap)
            removed = list[bool]()
            await self._store.settle(lambda current: removed.append(self._drop_others(current)))
        except (ValueError, OSError) as error:
            raise _no_kek(error) from None
        await self._vault.refresh()
        return RotatedKek(kek=target[0].id, rewrapped=count, removed=removed[0])

    def _data_key(self, kek_id: str, tenant: str, known: DataKey | None) -> tuple[DataKey, bytes]:
        if known is not None:
            return known, self._ring.unwrapped(known)
        kek = self._ring.find(kek_id) if kek_id else self._ring.current(make=True)
        if kek is None:
            raise CannotOpen(f"the key-encryption key {kek_id} is not in {self._keks.place}")
        data_key = new_data_key(self._entropy)
        wrapped = wrap(kek, data_key, tenant, 1, self._entropy)
        return DataKey(tenant=tenant, version=1, kek=kek.id, wrapped=wrapped), data_key

    def _next_kek(self) -> Kek:
        """Where it wraps from now on it is on disk, beside those before it."""
        fresh, known = self._entropy(KEK_BYTES), self._keks.make()
        return named(fresh if self._keks.replace([fresh, *known]) else known[0])

    def _rewrapped(self, key: DataKey, kek: Kek) -> DataKey:
        wrapped = wrap(kek, self._ring.unwrapped(key), key.tenant, key.version, self._entropy)
        return structs.replace(key, kek=kek.id, wrapped=wrapped)

    def _drop_others(self, current: str) -> bool:
        """Another rotation may have overtaken this one: what wraps now is what must stay."""
        keep = [key for key in self._keks.read() if named(key).id == current]
        return bool(keep) and self._keks.replace(keep)


def _check(wanted: NewCredential, secret: str) -> None:
    check_tenant(wanted.tenant)
    if len(wanted.label) > _LABEL_LIMIT or not wanted.label.isprintable():
        raise Malformed(f"`label` may have {_LABEL_LIMIT} printable characters.", param="label")
    whole = _SHORTEST <= len(secret) <= _LONGEST and secret.isascii() and secret.isprintable()
    if not whole or " " in secret:
        raise Malformed(
            f"`api_key` must have {_SHORTEST} to {_LONGEST} characters, as the provider shows it.",
            param="api_key",
        )


def _no_kek(error: Exception) -> InternalError:
    return InternalError(f"Credentials cannot be sealed or opened here now: {error}.")


def _view(one: SealedCredential) -> CredentialView:
    return CredentialView(
        id=one.id,
        tenant=one.tenant,
        provider=one.provider,
        label=one.label,
        last4=one.ending,
        fingerprint=one.fingerprint,
        fallback=one.fallback,
        created_at=one.created_at / _MICROS,
    )
