"""The rows every storage backend keeps: requests, attempts, and what is asked of them."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from trunkline.canon.limit import Unit
from trunkline.canon.usage import Usage

OPEN = "open"
"""The status of a request or attempt whose end has not been written down; others are canon's Status."""


class UsageColumns(Struct, frozen=True, gc=False):
    """Canon's Usage, one column per class."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0

    @property
    def usage(self) -> Usage:
        return Usage(**{name: getattr(self, name) for name in USAGE_CLASSES})

    @property
    def total(self) -> int:
        return self.usage.total


USAGE_CLASSES = UsageColumns.__struct_fields__


class RequestRow(UsageColumns, frozen=True, kw_only=True, gc=False):
    """
    One exchange, billed once: its usage and cost are those of the attempt that answered.

    Durations are milliseconds; `received_at` is Unix microseconds.
    """

    request_id: str
    tenant: str
    key_id: str
    face: str
    dialect: str
    operation: str
    model: str
    """The name the client used; `provider` and `upstream_model` are the last attempt's."""
    provider: str = ""
    upstream_model: str = ""
    stream: bool = False
    status: str = OPEN
    received_at: int
    first_content_ms: float | None = None
    total_ms: float | None = None
    cost_nanousd: int = 0
    price_version: str = ""
    estimated: bool = False
    attempts: int = 0
    notes: int = 0
    error_code: str = ""
    worker: str = ""
    """Whose journal it came from: tells which open rows a dead worker left behind."""
    user_id: str = ""
    mode: str = ""
    """Of routing."""
    tags: str = ""
    """A sorted JSON array; empty: none."""
    session: str = ""
    baseline_nanousd: int = 0
    """What it would have cost without the gateway's choices."""
    byok: bool = False
    """Paid with the tenant's own credential."""
    rolled: bool = True
    """Whoever writes its end adds it to the rollups; False: written before there were any."""

    @property
    def unpriced(self) -> bool:
        """It took tokens for which no price is known."""
        return not self.price_version and self.total > 0


class AttemptRow(UsageColumns, frozen=True, kw_only=True, gc=False):
    """One try at one deployment, with what it cost us whether or not the client was billed."""

    request_id: str
    attempt: int
    """From 1."""
    provider: str
    model: str
    """The upstream's name for it."""
    deployment: str
    status: str = OPEN
    started_at: int
    """Unix microseconds."""
    first_event_ms: float | None = None
    total_ms: float | None = None
    error_code: str = ""
    error_status: int | None = None
    upstream_code: str = ""
    cost_nanousd: int = 0
    price_version: str = ""
    estimated: bool = False
    worker: str = ""
    byok: bool = False


class Position(Struct, frozen=True, order=True):
    """How far a worker's journal has been read: all before it is in the tables."""

    segment: int
    offset: int


class Batch(Struct, frozen=True):
    """What one stretch of one worker's journal says, to be written in one transaction."""

    worker: str
    position: Position
    """Where the stretch ends."""
    requests: Sequence[RequestRow]
    attempts: Sequence[AttemptRow]


class WorkerFound(Struct, frozen=True):
    """One that the database has heard of, and not that it is over."""

    worker: str
    seen: int
    """Unix microseconds: when it last said that it is there, or opened something."""
    requests: int
    """That have no end; so the next."""
    attempts: int


class StoredRequest(Struct, frozen=True):
    request: RequestRow
    attempts: tuple[AttemptRow, ...]
    """In the order they were made."""


class RequestQuery(Struct, frozen=True, kw_only=True):
    """Which requests to list, the newest first. Filters are ANDed; None: any."""

    start: int
    """Unix microseconds, inclusive."""
    end: int
    """Unix microseconds, exclusive."""
    most: int
    before: tuple[int, str] | None = None
    """`received_at` and id of the last one that was seen: the page behind it."""
    tenant: str | None = None
    key_id: str | None = None
    user: str | None = None
    model: str | None = None
    provider: str | None = None
    status: str | None = None
    session: str | None = None


Grouping = Literal[
    "model", "provider", "upstream_model", "key", "tenant", "user", "face", "mode", "tag", "status", "month", "day", "hour"
]  # fmt: skip
"""
Months, days and hours are UTC, of the moment the request was received. A request with several tags
stands in the row of each.
"""


class OpenWindow(Struct, frozen=True):
    counter: str
    unit: Unit
    opened: int
    """Unix microseconds."""
    closes: int
    """The same; 0: never."""


class UsageQuery(Struct, frozen=True, kw_only=True):
    """Which finished requests to add up, and by what. Filters are ANDed; None: any."""

    start: int
    """Unix microseconds, inclusive."""
    end: int
    """Unix microseconds, exclusive."""
    group_by: tuple[Grouping, ...] = ()
    tenant: str | None = None
    key_id: str | None = None
    user: str | None = None
    model: str | None = None
    provider: str | None = None
    face: str | None = None
    mode: str | None = None
    tag: str | None = None
    status: str | None = None
    byok: int | None = None
    """1: what tenants paid themselves; 0: all else."""


class UsageSum(Struct, frozen=True, gc=False):
    group: Mapping[Grouping, str]
    requests: int
    usage: UsageColumns
    cost_nanousd: int
    baseline_nanousd: int = 0
    errors: int = 0
    """Requests that failed, broke off or were orphaned."""
    first_content_ms: float | None = None
    """The mean of those that gave content; None: none did."""
    total_ms: float | None = None
    """The mean; None: nobody knows of any."""
    unpriced_requests: int = 0
    """That took tokens without a known price."""


class UsageReport(Struct, frozen=True):
    rows: tuple[UsageSum, ...]
    """Ordered by the group's values."""
    total: UsageSum


class SpentQuery(Struct, frozen=True):
    start: int
    """Unix microseconds at which a day begins (UTC), inclusive."""
    end: int
    """Likewise, exclusive."""
    providers: tuple[str, ...]
    """At least one."""


class Spent(Struct, frozen=True):
    """What one model of some providers was asked for on one day, with the platform's credentials."""

    day: int
    """Unix microseconds at which it begins."""
    model: str
    """The upstream's name for it."""
    requests: int
    usage: UsageColumns
    cost_nanousd: int
    attempts: bool
    """Every attempt is in it; False: these are no longer kept, and only what answered is."""


class Totals(Struct, frozen=True, kw_only=True):
    """The ledger's side of a comparison of books; the last three are zero in sound books."""

    requests: int
    attempts: int
    open: int
    """Requests without an end so far."""
    orphaned: int
    usage: Usage
    """Billed, finished requests."""
    cost_nanousd: int
    attempt_cost_nanousd: int
    """What all attempts cost us, billed or not."""
    without_attempts: int
    """Requests that claim attempts of which none is recorded."""
    without_request: int
    """Attempts of no recorded request."""
    misbilled: int
    """Finished, unfailed requests whose cost or usage is not their last attempt's."""


class ResponseRecord(Struct, frozen=True, kw_only=True):
    """One answer of the Responses API that a client may come back to."""

    tenant: str
    id: str
    key_id: str
    previous_id: str | None
    """The response it goes on from."""
    status: str
    """OpenAI's word: queued, in_progress, completed, incomplete, failed or cancelled."""
    created_at: float
    """Unix seconds."""
    input: bytes
    """A JSON array: the items this request brought itself."""
    body: bytes
    """The Response object as the client got it, or as it stands so far."""
    items: tuple[str, ...] = ()
    """The ids of its items, of `input` and of `body`, by which it can be found; not read back."""
    events: bytes = b""
    """The stream as the client got it; empty where there was none."""
    job: bytes = b""
    """What a background response needs to be made, by whoever makes it; empty otherwise."""
    attempts: int = 0
    """Times a worker began to make it."""
