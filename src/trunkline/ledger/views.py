"""The ledger as programs outside read it: the answers of the admin API, as structs to encode."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType, json, structs

from trunkline.canon.usage import Usage
from trunkline.storage.records import (
    AttemptRow,
    RequestRow,
    StoredRequest,
    UsageColumns,
    UsageReport,
    UsageSum,
)

_tags = json.Decoder(tuple[str, ...])


class Tokens(Struct, frozen=True, kw_only=True, gc=False):
    """Disjoint classes; `cache_write` holds both lifetimes."""

    input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int
    audio_input: int
    audio_output: int


class ErrorView(Struct, frozen=True, kw_only=True):
    code: str
    status: int | None
    upstream_code: str | UnsetType = UNSET


class AttemptView(Struct, frozen=True, kw_only=True):
    attempt: int
    provider: str
    model: str
    deployment: str
    status: str
    """As that of the request."""
    started_at: float
    """Unix seconds."""
    first_event_ms: float | None
    total_ms: float | None
    tokens: Tokens
    cost_nanousd: int
    """What the attempt cost, billed or not."""
    price_version: str
    estimated: bool
    byok: bool
    error: ErrorView | UnsetType = UNSET


class RequestFacts(Struct, frozen=True, kw_only=True):
    """A request without its attempts: a line of the log."""

    id: str
    tenant: str
    key_id: str
    face: str
    dialect: str
    operation: str
    model: str
    """The name the client used."""
    provider: str
    upstream_model: str
    stream: bool
    status: str
    """ "ok", "failed", "partial", "cancelled", "orphaned"; "open" while it runs."""
    received_at: float
    """Unix seconds."""
    first_content_ms: float | None
    total_ms: float | None
    tokens: Tokens
    cost_nanousd: int
    baseline_nanousd: int
    """What it would have cost without the gateway's choices."""
    price_version: str
    unpriced: bool
    """It took tokens for which no price is known: `cost_nanousd` is not what it cost."""
    estimated: bool
    byok: bool
    """Paid with the tenant's own credential."""
    user: str
    mode: str
    tags: tuple[str, ...]
    session: str
    notes: int
    """How many things the translation could not honour."""
    error_code: str | UnsetType = UNSET


class RequestView(RequestFacts, frozen=True, kw_only=True):
    attempts: tuple[AttemptView, ...]


class UsageGroups(Struct, frozen=True, omit_defaults=True, gc=False):
    """UNSET where not grouped by."""

    model: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    upstream_model: str | UnsetType = UNSET
    key_id: str | UnsetType = UNSET
    tenant: str | UnsetType = UNSET
    user: str | UnsetType = UNSET
    face: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    tag: str | UnsetType = UNSET
    """A request with several stands in the row of each; the total has it once."""
    status: str | UnsetType = UNSET
    month: str | UnsetType = UNSET
    """2026-11"""
    day: str | UnsetType = UNSET
    """2026-11-21, in UTC."""
    hour: str | UnsetType = UNSET
    """2026-11-21T10:00:00Z"""


class UsageRow(UsageGroups, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The groups asked for, then the sums."""

    requests: int
    errors: int
    """Requests that failed, broke off or were orphaned."""
    tokens: Tokens
    cost_nanousd: int
    unpriced_requests: int
    """Requests that took tokens without a known price, whose cost is not in it."""
    baseline_nanousd: int
    """What they would have cost without the gateway's choices."""
    first_content_ms: float | None
    """The mean; None: nothing had content."""
    total_ms: float | None
    """The mean."""


class UsageView(Struct, frozen=True, kw_only=True):
    rows: tuple[UsageRow, ...]
    total: UsageRow


def request_view(stored: StoredRequest) -> RequestView:
    facts = structs.asdict(request_facts(stored.request))
    return RequestView(**facts, attempts=tuple(map(_attempt_view, stored.attempts)))


def request_facts(row: RequestRow) -> RequestFacts:
    return RequestFacts(
        id=row.request_id,
        tenant=row.tenant,
        key_id=row.key_id,
        face=row.face,
        dialect=row.dialect,
        operation=row.operation,
        model=row.model,
        provider=row.provider,
        upstream_model=row.upstream_model,
        stream=row.stream,
        status=row.status,
        received_at=row.received_at / 1_000_000,
        first_content_ms=row.first_content_ms,
        total_ms=row.total_ms,
        tokens=tokens(row.usage),
        cost_nanousd=row.cost_nanousd,
        baseline_nanousd=row.baseline_nanousd,
        price_version=row.price_version,
        unpriced=row.unpriced,
        estimated=row.estimated,
        byok=row.byok,
        user=row.user_id,
        mode=row.mode,
        tags=_tags.decode(row.tags) if row.tags else (),
        session=row.session,
        notes=row.notes,
        error_code=row.error_code or UNSET,
    )


def usage_view(report: UsageReport) -> UsageView:
    return UsageView(rows=_usage_rows(report.rows), total=_usage_rows((report.total,))[0])


def tokens(usage: Usage | UsageColumns) -> Tokens:
    return Tokens(
        input=usage.input,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write + usage.cache_write_1h,
        output=usage.output,
        reasoning=usage.reasoning,
        audio_input=usage.audio_input,
        audio_output=usage.audio_output,
    )


def _attempt_view(row: AttemptRow) -> AttemptView:
    return AttemptView(
        attempt=row.attempt,
        provider=row.provider,
        model=row.model,
        deployment=row.deployment,
        status=row.status,
        started_at=row.started_at / 1_000_000,
        first_event_ms=row.first_event_ms,
        total_ms=row.total_ms,
        tokens=tokens(row.usage),
        cost_nanousd=row.cost_nanousd,
        price_version=row.price_version,
        estimated=row.estimated,
        byok=row.byok,
        error=_error_view(row),
    )


def _error_view(row: AttemptRow) -> ErrorView | UnsetType:
    if not row.error_code:
        return UNSET
    return ErrorView(
        code=row.error_code, status=row.error_status, upstream_code=row.upstream_code or UNSET
    )


def _usage_rows(sums: Sequence[UsageSum]) -> tuple[UsageRow, ...]:
    """
    All group by the same.

    Groups are gathered field by field: a dictionary of names for each row cost twice as much, 8
    instead of 4 ms for 6,000 rows (2026-11-21).
    """
    asked = sums[0].group if sums else {}
    columns: dict[str, list[str | UnsetType]] = {
        "key_id" if name == "key" else name: [each.group[name] for each in sums] for name in asked
    }
    groups = zip(
        *(columns.get(field) or [UNSET] * len(sums) for field in UsageGroups.__struct_fields__),
        strict=True,
    )
    return tuple(
        UsageRow(
            *names,
            requests=each.requests,
            errors=each.errors,
            tokens=tokens(each.usage),
            cost_nanousd=each.cost_nanousd,
            unpriced_requests=each.unpriced_requests,
            baseline_nanousd=each.baseline_nanousd,
            first_content_ms=each.first_content_ms,
            total_ms=each.total_ms,
        )
        for names, each in zip(groups, sums, strict=True)
    )
