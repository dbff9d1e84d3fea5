"""Creating, listing, changing, rotating and revoking keys, for the admin API and the command line."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import structs

from trunkline.canon.errors import Forbidden, InternalError, Malformed, NotFound
from trunkline.canon.exchange import Principal
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy
from trunkline.storage.base import KeyStore
from trunkline.storage.holders import KeyQuery, KeyRecord
from trunkline.tenancy.facts import Facts
from trunkline.tenancy.following import KeyringFollower
from trunkline.tenancy.grants import granted
from trunkline.tenancy.keys import Mac, mint
from trunkline.tenancy.plans import BUILT_IN, Plans
from trunkline.tenancy.views import CreatedKey, KeyView, RotatedKey, counted_as, key_view, status_of
from trunkline.tenancy.wishes import KeyChanges, NewKey, changed, wished

DEFAULT_OVERLAP = 86_400
"""Seconds: a day to bring the new key everywhere."""
LONGEST_OVERLAP = 366 * 86_400
# Two ids in 62^12 that are the same: once is already a broken source of entropy.
_TRIES = 3
# Keys that keys made that keys made ...: a person, a team's tool, its jobs, and room.
_DEEPEST = 8
# Of one look at all of them.
_ALL = 1_000_000


class KeyService:
    """
    Every method raises LedgerUnavailable where the store cannot be used.

    Where a tenant is given, a key of another tenant is not there.
    """

    def __init__(
        self,
        store: KeyStore,
        mac: Mac,
        clock: Clock,
        entropy: Entropy,
        follower: KeyringFollower | None = None,
        plans: Callable[[], Plans] = lambda: BUILT_IN,
    ) -> None:
        """`follower`: of the keyring of this process, if it has one; sees changes at once."""
        self._store = store
        self._mac = mac
        self._clock = clock
        self._entropy = entropy
        self._follower = follower
        self._plans = plans
        self._facts = Facts(clock, entropy)

    async def create(self, wanted: NewKey) -> CreatedKey:
        """Raises Malformed, naming the field."""
        return await self._create(wished(wanted, self._clock.unix(), self._plans()))

    async def grant(self, wanted: NewKey, principal: Principal) -> CreatedKey:
        """
        A key made by a key, which counts for both. It ends when its maker is revoked.

        Raises Forbidden where it asks for more than its maker has, and Malformed.
        """
        maker = await self._record(principal.key_id, principal.tenant)
        await self._check_depth(maker)
        record = wished(granted(wanted, maker), self._clock.unix(), self._plans())
        return await self._create(structs.replace(record, created_by=maker.id))

    async def _check_depth(self, maker: KeyRecord) -> None:
        if 1 + len(await self._makers(maker)) >= _DEEPEST:
            raise Forbidden(f"Keys can be made by keys {_DEEPEST} deep, and this one is.")

    async def _check_maker(self, key: KeyRecord, by: Principal) -> None:
        if by.key_id not in await self._makers(key):
            raise Forbidden(
                "A key can rotate and revoke itself and the keys that it made; others are for the admin.",
                param="id",
            )

    async def _makers(self, key: KeyRecord) -> Sequence[str]:
        """The ids of the key that made it, of the one that made that, and so on."""
        makers: list[str] = []
        made_by = key.created_by
        while made_by and len(makers) < _DEEPEST and (one := await self._store.get(made_by)):
            makers.append(made_by)
            made_by = one.created_by
        return makers

    async def _create(self, wish: KeyRecord) -> CreatedKey:
        record, key = await self._mint(
            wish, lambda record: self._store.add(record, self._facts.key_created)
        )
        return CreatedKey(key=key, **structs.asdict(key_view(record, wish.created_at)))

    async def rotate(
        self, key_id: str, overlap: float = DEFAULT_OVERLAP, by: Principal | None = None
    ) -> RotatedKey:
        """
        A successor that may do what the old key may, and lives as long from now as that one was
        made to; the old one ends after `overlap` seconds, if not sooner. Both count as one.

        `by`: the key that asks, None for the admin. It gets to know the successor's secret, so the
        old key must be one that it made; or itself, and then its end stays what it was.

        Raises NotFound, Forbidden, and Malformed for a key that is no longer valid.
        """
        if not 0 <= overlap <= LONGEST_OVERLAP:
            raise Malformed(
                f"`overlap_seconds` must be between 0 and {LONGEST_OVERLAP}.",
                param="overlap_seconds",
            )
        now = self._clock.unix()
        old = await self._record(key_id, by.tenant if by else None)
        itself = by is not None and by.key_id == old.id
        if by is not None and not itself:
            await self._check_maker(old, by)
        status = status_of(old, now)
        if status != "active":
            raise Malformed(f"The key `{key_id}` is {status}; create another.", param="id")
        ends = old.expires_at
        wish = structs.replace(
            old,
            created_at=now,
            expires_at=ends if ends is None or itself else now + ends - old.created_at,
            meter=counted_as(old),
        )
        tell = self._facts.key_created
        record, key = await self._mint(
            wish, lambda record: self._store.succeed(record, key_id, now + overlap, tell)
        )
        ends = (await self._record(key_id)).expires_at
        return RotatedKey(
            key=key,
            replaces=key_id,
            replaced_expires_at=now + overlap if ends is None else ends,
            **structs.asdict(key_view(record, now)),
        )

    async def _mint(
        self, wish: KeyRecord, keep: Callable[[KeyRecord], Awaitable[bool]]
    ) -> tuple[KeyRecord, str]:
        """`wish` with an identity of its own, kept and known, and its key."""
        for _ in range(_TRIES):
            minted = mint(self._entropy, wish.face, wish.user or wish.tenant)
            record = structs.replace(
                wish, id=minted.id, prefix=minted.prefix, mac=self._mac(minted.key.encode())
            )
            if await keep(record):
                await self._follow()
                return record, minted.key
        raise InternalError("no key could be made", detail="the source of entropy repeats itself")

    async def list(self) -> Sequence[KeyView]:
        """In the order of creation, revoked and expired ones too."""
        return await self.find(KeyQuery(now=self._clock.unix(), most=_ALL))

    async def find(self, query: KeyQuery) -> Sequence[KeyView]:
        return tuple(key_view(record, query.now) for record in await self._store.find(query))

    async def get(self, key_id: str, tenant: str | None = None) -> KeyView:
        """Raises NotFound."""
        return key_view(await self._record(key_id, tenant), self._clock.unix())

    async def amend(self, key_id: str, changes: KeyChanges) -> KeyView:
        """In force at once here, within a second everywhere. Raises NotFound and Malformed."""
        now, plans = self._clock.unix(), self._plans()
        record = await self._store.amend(key_id, lambda old: changed(old, changes, now, plans))
        if record is None:
            raise _no_key(key_id)
        await self._follow()
        return key_view(record, now)

    async def revoke(self, key_id: str, by: Principal | None = None) -> KeyView:
        """
        It and every key made by it are refused from now on in this process, within a second in all
        others; revoking twice is no error.

        `by`: the key that asks, None for the admin. It ends itself, what it succeeds or is succeeded
        by, and what it made. Raises NotFound and Forbidden.
        """
        tenant = by.tenant if by else None
        if by is not None:
            key, asking = await self._record(key_id, tenant), await self._record(by.key_id, tenant)
            if counted_as(key) != counted_as(asking):
                await self._check_maker(key, by)
        at = self._clock.unix()
        if not await self._store.revoke(key_id, at, self._facts.key_revoked, tenant):
            raise _no_key(key_id)
        await self._follow()
        return await self.get(key_id, tenant)

    async def _record(self, key_id: str, tenant: str | None = None) -> KeyRecord:
        record = await self._store.get(key_id, tenant)
        if record is None:
            raise _no_key(key_id)
        return record

    async def _follow(self) -> None:
        if self._follower is not None:
            await self._follower.refresh()

    def __repr__(self) -> str:
        return f"<KeyService over {self._store!r}>"


def _no_key(key_id: str) -> NotFound:
    return NotFound(f"There is no key `{key_id[:100]}`.", param="id")
