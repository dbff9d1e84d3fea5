"""The seams to storage: what the house asks of a database, whichever it is."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from trunkline.storage.holders import (
    KeyChanges,
    KeyQuery,
    KeyRecord,
    KeySet,
    SubscriptionRecord,
    TellKey,
    TellSubscription,
    TenantRecord,
    UserRecord,
)
from trunkline.storage.records import (
    Batch,
    Position,
    RequestQuery,
    RequestRow,
    ResponseRecord,
    Spent,
    SpentQuery,
    StoredRequest,
    Totals,
    UsageQuery,
    UsageReport,
    WorkerFound,
)

# Every method raises LedgerUnavailable where the database cannot be read or written now.


class KeyStore(Protocol):
    """Where a tenant is given, a key of another tenant is not there."""

    async def load(self) -> KeySet:
        """Everybody who may call; revoked, expired and disabled ones too."""

    async def version(self) -> int:
        """Cheap; differs from an earlier answer when any process changed anything of that since."""

    async def changes(self, since: int) -> KeyChanges | None:
        """What was changed after that version; None: load everybody."""

    async def add(self, key: KeyRecord, tell: TellKey) -> bool:
        """
        False, and nothing done, where the id is taken. Its tenant and user are made where missing.

        Raises Forbidden where the key that makes it was revoked meanwhile.
        """

    async def succeed(self, key: KeyRecord, old_id: str, at: float, tell: TellKey) -> bool:
        """
        As `add`; the old key then ends at `at` (Unix seconds), if not sooner, and those it made are
        the new one's. All or nothing.
        """

    async def get(self, key_id: str, tenant: str | None = None) -> KeyRecord | None: ...
    async def find(self, query: KeyQuery) -> Sequence[KeyRecord]:
        """In the order of creation."""

    async def amend(
        self, key_id: str, change: Callable[[KeyRecord], KeyRecord]
    ) -> KeyRecord | None:
        """As it is afterwards; `change` is given the latest and leaves the id. None: there is none."""

    async def revoke(
        self, key_id: str, at: float, tell: TellKey, tenant: str | None = None
    ) -> bool:
        """
        It and all keys made by it; a revoked key keeps its first date.

        False where there is no such key.
        """


class TenantStore(Protocol):
    """Each change is seen by whoever follows KeyStore.version."""

    async def add(self, tenant: TenantRecord) -> bool:
        """False, and nothing done, where the name is taken."""

    async def get(self, name: str) -> TenantRecord | None: ...
    async def page(self, after: str, most: int) -> Sequence[TenantRecord]:
        """By name, behind `after`."""

    async def amend(
        self, name: str, change: Callable[[TenantRecord], TenantRecord]
    ) -> TenantRecord | None:
        """As it is afterwards; `change` is given the latest and leaves the name."""

    async def add_user(self, user: UserRecord) -> bool:
        """As `add`; makes the tenant where it is missing."""

    async def get_user(self, tenant: str, name: str) -> UserRecord | None: ...
    async def page_users(self, tenant: str, after: str, most: int) -> Sequence[UserRecord]: ...
    async def amend_user(
        self, tenant: str, name: str, change: Callable[[UserRecord], UserRecord]
    ) -> UserRecord | None: ...


class SubscriptionStore(Protocol):
    """As TenantStore."""

    async def add(self, subscription: SubscriptionRecord) -> bool: ...
    async def get(self, subscription_id: str) -> SubscriptionRecord | None: ...
    async def page(self, tenant: str | None, after: str, most: int) -> Sequence[SubscriptionRecord]:
        """By id, behind `after`; `tenant` None: all tenants'."""

    async def amend(
        self,
        subscription_id: str,
        change: Callable[[SubscriptionRecord], SubscriptionRecord],
        tell: TellSubscription,
    ) -> SubscriptionRecord | None:
        """As TenantStore.amend; `tell` says what happened, where anything changed."""

    async def lapse(self, now: int, tell: TellSubscription) -> int:
        """
        Tell of each whose period is over at `now` (Unix microseconds), once, whoever looks.

        Returns how many there were.
        """


class SettingStore(Protocol):
    """Small named values that programs, not people, decide."""

    async def get(self, name: str) -> bytes | None: ...
    async def put(self, name: str, value: bytes) -> None: ...


class LedgerStore(Protocol):
    async def apply(self, batch: Batch) -> None:
        """
        Write the rows and the journal position in one durable transaction.

        A row that is not there is added; one that is open is replaced by one that is not;
        one that has an end stays as it is. So applying twice is the same as once.
        """

    async def position(self, worker: str) -> Position | None:
        """How far this worker's journal has been applied; None: not at all."""

    async def open_workers(self) -> frozenset[str]:
        """The workers that have open rows."""

    async def silent_workers(self, before: int) -> frozenset[str]:
        """Those whose open requests were all received before (Unix microseconds)."""

    async def orphan(self, workers: Collection[str]) -> int:
        """Give the open rows of these dead workers their end; returns how many requests."""

    async def forget(self, worker: str) -> None:
        """Drop the position of a journal that no longer exists, and that its worker was seen."""

    async def seen(self, worker: str, now: int) -> None:
        """The worker says that it is there at `now` (Unix microseconds)."""

    async def workers(self) -> Sequence[WorkerFound]:
        """Those that were seen or have open rows, and are not forgotten; by name."""

    async def release(self, workers: Collection[str]) -> None:
        """
        They are lost: what they have leased is anybody's, and that they were seen is forgotten. How
        far their journals were moved is not, for those may come back.
        """

    async def request(self, request_id: str, tenant: str | None) -> StoredRequest | None:
        """None where it does not exist, or is another tenant's. `tenant` None: any tenant's."""

    async def usage(self, query: UsageQuery) -> UsageReport: ...
    async def totals(self) -> Totals: ...
    async def find(self, query: RequestQuery) -> Sequence[RequestRow]: ...
    async def spent(self, query: SpentQuery) -> Sequence[Spent]:
        """By day and model."""

    async def backfill(self) -> bool:
        """
        Add some requests to the rollups that were written before there were any.

        False once none are left; until then `usage` reads the requests themselves.
        """

    async def prepare(self, now: int) -> None:
        """Make room for the requests to come. `now`: Unix microseconds."""

    async def drop(self, before: int) -> bool:
        """
        Forget some ended requests that were received before then (Unix microseconds), with their
        attempts; False once there are none. The rollups stay as they are.
        """

    async def lease(self, name: str, holder: str, now: int, until: int) -> bool:
        """
        Of all processes one holds a name, until then (Unix microseconds) or longer by asking again.

        False where it is another's.
        """


class ResponseStore(Protocol):
    """
    Answers that clients come back to, each its tenant's alone.

    They survive a kill at once; the last ones before a power cut may be lost.
    """

    async def put(self, record: ResponseRecord, held_until: float = 0.0) -> None:
        """Adds it, or replaces the one of that id. `held_until`: see `claim`, Unix seconds."""

    async def get(self, tenant: str, response_id: str) -> ResponseRecord | None: ...
    async def chain(
        self, tenant: str, response_id: str, most: int, most_bytes: int
    ) -> Sequence[ResponseRecord]:
        """
        The response and those it goes on from, the oldest first; without events and jobs.

        It ends before one that is not there, and after `most`. Raises TooLarge where inputs and
        bodies are more than `most_bytes` together.
        """

    async def holding(self, tenant: str, items: Sequence[str]) -> Sequence[ResponseRecord]:
        """Those responses that have one of these items; without events and jobs."""

    async def delete(self, tenant: str, response_id: str) -> bool:
        """False where there is none."""

    async def finish(self, record: ResponseRecord) -> bool:
        """Replaces a background response that is not over yet; False where it is, or is gone."""

    async def tell(self, record: ResponseRecord) -> bool:
        """
        What its worker knows of a response that was cancelled elsewhere: its body and events.

        False where it is not cancelled, or is gone, or another worker has begun it since.
        """

    async def claim(self, now: float, until: float) -> ResponseRecord | None:
        """
        A background response that nobody is making, held for this worker until `until`.

        Its `attempts` counts this one. None where there is nothing to do.
        """

    async def hold(self, record: ResponseRecord, until: float) -> str | None:
        """It is in progress, for longer; its status, or None where it is gone, or another's now."""

    async def let_go(self, record: ResponseRecord) -> None:
        """Another may make it at once, and this attempt does not count."""

    async def expire(self, before: float) -> int:
        """Drop some that were created before and are over; returns how many, 0 once all are."""


class StorageRefused(Exception):
    """The database must not be used as it is; the message says why and what to do."""
