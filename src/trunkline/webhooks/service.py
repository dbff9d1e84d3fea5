"""What may be done with webhooks: for the APIs that manage them, and for whoever has something to tell."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct, structs

from trunkline.canon.errors import Malformed, NotFound
from trunkline.kernel.clock import Clock
from trunkline.kernel.ids import Entropy, ulid
from trunkline.storage.sql.database import Database
from trunkline.storage.sql.deliveries import DEAD, DELIVERED, PENDING, Delivery, DeliveryStore
from trunkline.storage.sql.events import Event, EventStore
from trunkline.storage.sql.outbox import PLATFORM
from trunkline.storage.sql.webhooks import Endpoint, EndpointStore
from trunkline.tenancy.names import check_tenant
from trunkline.webhooks.addresses import Guard
from trunkline.webhooks.events import TEST, listened
from trunkline.webhooks.payload import FACES, is_standard
from trunkline.webhooks.secrets import Secrets
from trunkline.webhooks.signing import check_secret, new_secret
from trunkline.webhooks.views import DeliveryView, EndpointView, SecretView

MOST = 20
"""Endpoints of one tenant: an event is written once for each that listens."""
LONGEST_OVERLAP = 30 * 86_400
DEFAULT_OVERLAP = 86_400
"""Seconds: a day to bring the new secret everywhere."""
_DAY_US = 86_400 * 1_000_000
# Deliveries can be looked at and sent again for a month; what may be told only once is remembered
# for longer than the longest window (a year's) that one name stands for.
_KEPT, _ONCE_KEPT = 30 * _DAY_US, 400 * _DAY_US
# Rows in one transaction.
_SWEPT = 1000


class NewEndpoint(Struct, frozen=True, kw_only=True):
    tenant: str
    face: str
    url: str
    events: tuple[str, ...]
    secret: str | None = None
    """None: one is made."""


class Change(Struct, frozen=True, kw_only=True):
    """None: as it is."""

    url: str | None = None
    events: tuple[str, ...] | None = None
    enabled: bool | None = None


class Webhooks:
    """
    `tenant` None: the administrator, who sees every tenant's. What is another's is not found.

    Every method raises LedgerUnavailable where the database cannot be used now.
    """

    def __init__(
        self,
        database: Database,
        guard: Guard,
        secrets: Secrets,
        clock: Clock,
        entropy: Entropy,
        nudge: Callable[[], None],
    ) -> None:
        """`nudge`: told that something was put, by whoever delivers in this process."""
        self._endpoints = EndpointStore(database)
        self._deliveries = DeliveryStore(database)
        self._events = EventStore(database)
        self._guard = guard
        self._secrets = secrets
        self._clock = clock
        self._entropy = entropy
        self._nudge = nudge

    async def emit(
        self,
        tenant: str,
        type: str,  # noqa: A002 - the word that the wire has for it
        data: Struct | Mapping[str, object],
        once: str = "",
    ) -> bool:
        """
        Tell of something that has no transaction of its own; see storage/sql/outbox.put.

        False where it was told `once` before.
        """
        put = await self._events.put(self._event(tenant, type, data), once)
        self._nudge()
        return put

    async def turned(
        self, name: str, kind: str, data: Mapping[str, object], *, first: bool
    ) -> bool:
        """See EventStore.turn."""
        put = await self._events.turn(name, self._event(PLATFORM, kind, data), first=first)
        self._nudge()
        return put

    async def create(self, wanted: NewEndpoint) -> SecretView:
        """Raises Malformed, naming the field."""
        if wanted.face not in FACES:
            raise Malformed(f"`face` takes {', '.join(FACES)}.", param="face")
        if wanted.tenant != PLATFORM:
            check_tenant(wanted.tenant)
        self._guard.target(wanted.url)
        types = listened(wanted.events, platform=wanted.tenant == PLATFORM)
        secret = self._secret(wanted.secret, wanted.face)
        now = self._clock.unix()
        endpoint_id = f"whe_{ulid(now, self._entropy)}"
        endpoint = Endpoint(
            id=endpoint_id,
            tenant=wanted.tenant,
            face=wanted.face,
            url=wanted.url,
            secret=self._secrets.sealed(secret, wanted.tenant, endpoint_id),
            types=types,
            created_at=int(now * 1_000_000),
        )
        if not await self._endpoints.add(endpoint, MOST):
            raise Malformed(f"a tenant has at most {MOST} webhooks; delete one first")
        return SecretView.with_secret(endpoint, secret)

    async def list(self, tenant: str | None) -> Sequence[EndpointView]:
        return [EndpointView.of(endpoint) for endpoint in await self._endpoints.list(tenant)]

    async def get(self, tenant: str | None, endpoint_id: str) -> EndpointView:
        """Raises NotFound, as all below."""
        return EndpointView.of(await self._endpoint(tenant, endpoint_id))

    async def change(self, tenant: str | None, endpoint_id: str, change: Change) -> EndpointView:
        """Raises Malformed, naming the field."""
        endpoint = await self._endpoint(tenant, endpoint_id)
        if change.url is not None:
            self._guard.target(change.url)
            endpoint = structs.replace(endpoint, url=change.url)
        if change.events is not None:
            types = listened(change.events, platform=endpoint.tenant == PLATFORM)
            endpoint = structs.replace(endpoint, types=types)
        if change.enabled is not None:
            because = "" if change.enabled else endpoint.disabled_because or "by request"
            endpoint = structs.replace(endpoint, enabled=change.enabled, disabled_because=because)
        await self._replace(endpoint)
        return EndpointView.of(endpoint)

    async def delete(self, tenant: str | None, endpoint_id: str) -> None:
        if not await self._endpoints.delete(tenant, endpoint_id):
            raise _no_endpoint(endpoint_id)

    async def rotate(
        self, tenant: str | None, endpoint_id: str, secret: str | None, overlap: float
    ) -> SecretView:
        """
        A new secret; the old one signs beside it for `overlap` seconds. Raises Malformed.
        """
        if not 0 <= overlap <= LONGEST_OVERLAP:
            raise Malformed(
                f"`overlap_seconds` must be between 0 and {LONGEST_OVERLAP}.",
                param="overlap_seconds",
            )
        endpoint = await self._endpoint(tenant, endpoint_id)
        fresh = self._secret(secret, endpoint.face)
        endpoint = structs.replace(
            endpoint,
            secret=self._secrets.sealed(fresh, endpoint.tenant, endpoint.id),
            former=endpoint.secret if overlap else None,
            former_until=int((self._clock.unix() + overlap) * 1_000_000) if overlap else None,
        )
        await self._replace(endpoint)
        return SecretView.with_secret(endpoint, fresh)

    async def test(self, tenant: str | None, endpoint_id: str) -> DeliveryView:
        """An event that says nothing, to this endpoint alone."""
        endpoint = await self._endpoint(tenant, endpoint_id)
        event = self._event(endpoint.tenant, TEST, {"message": "Your webhook works."})
        delivery_id = await self._events.send(event, endpoint.id)
        self._nudge()
        return await self._shown(endpoint, delivery_id)

    async def deliveries(
        self,
        tenant: str | None,
        endpoint_id: str,
        status: str | None,
        before: str | None,
        most: int,
    ) -> Sequence[DeliveryView]:
        """The newest first, for a month. Raises Malformed for a status there is not."""
        if status is not None and status not in (PENDING, DELIVERED, DEAD):
            raise Malformed(f"`status` takes {PENDING}, {DELIVERED} or {DEAD}.", param="status")
        endpoint = await self._endpoint(tenant, endpoint_id)
        found = await self._deliveries.list(endpoint_id, status, before, most)
        return [DeliveryView.of(delivery, endpoint.face) for delivery in found]

    async def redeliver(
        self, tenant: str | None, endpoint_id: str, delivery_id: str
    ) -> DeliveryView:
        """At once, whatever came of it before, unless an attempt is under way."""
        endpoint = await self._endpoint(tenant, endpoint_id)
        await self._deliveries.again(endpoint_id, delivery_id, self._now())
        self._nudge()
        return await self._shown(endpoint, delivery_id)

    async def sweep(self) -> int:
        """Forget what is old, a little at a time: others write meanwhile. How many rows."""
        now, count = self._now(), 0
        while swept := await self._deliveries.sweep(now - _KEPT, now - _ONCE_KEPT, _SWEPT):
            count += swept
        return count

    async def _endpoint(self, tenant: str | None, endpoint_id: str) -> Endpoint:
        endpoint = await self._endpoints.get(tenant, endpoint_id)
        if endpoint is None:
            raise _no_endpoint(endpoint_id)
        return endpoint

    async def _replace(self, endpoint: Endpoint) -> None:
        if not await self._endpoints.replace(endpoint):
            raise _no_endpoint(endpoint.id)

    async def _shown(self, endpoint: Endpoint, delivery_id: str) -> DeliveryView:
        found: Delivery | None = await self._deliveries.get(endpoint.id, delivery_id)
        if found is None:
            raise NotFound(f"There is no delivery `{delivery_id[:100]}`.", param="id")
        return DeliveryView.of(found, endpoint.face)

    def _secret(self, given: str | None, face: str) -> str:
        if given is None:
            return new_secret(self._entropy)
        check_secret(given, standard=is_standard(face))
        return given

    def _event(self, tenant: str, kind: str, data: Struct | Mapping[str, object]) -> Event:
        now = self._clock.unix()
        event_id = f"evt_{ulid(now, self._entropy)}"
        return Event(event_id, tenant, kind, msgspec.json.encode(data), int(now * 1_000_000))

    def _now(self) -> int:
        return int(self._clock.unix() * 1_000_000)

    def __repr__(self) -> str:
        return "<Webhooks>"


def _no_endpoint(endpoint_id: str) -> NotFound:
    return NotFound(f"There is no webhook `{endpoint_id[:100]}`.", param="id")
