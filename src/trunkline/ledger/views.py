"""The ledger as programs outside read it: the answers of the admin API, as structs to encode."""

from msgspec import UNSET, Struct, UnsetType

from trunkline.canon.usage import Usage
from trunkline.storage.records import (
    AttemptRow,
    StoredRequest,
    UsageReport,
    UsageSum,
)


class Tokens(Struct, frozen=True, kw_only=True):
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
    error: ErrorView | UnsetType = UNSET


class RequestView(Struct, frozen=True, kw_only=True):
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
    attempts: tuple[AttemptView, ...]
    tokens: Tokens
    cost_nanousd: int
    price_version: str
    estimated: bool
    notes: int
    """How many things the translation could not honour."""
    error_code: str | UnsetType = UNSET


class UsageRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The groups asked for, then the sums; UNSET where not grouped by."""

    model: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    key_id: str | UnsetType = UNSET
    tenant: str | UnsetType = UNSET
    face: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    day: str | UnsetType = UNSET
    """2026-11-21, in UTC."""
    hour: str | UnsetType = UNSET
    """2026-11-21T10:00:00Z"""
    requests: int
    tokens: Tokens
    cost_nanousd: int


class UsageView(Struct, frozen=True, kw_only=True):
    rows: tuple[UsageRow, ...]
    total: UsageRow


def request_view(stored: StoredRequest) -> RequestView:
    row = stored.request
    return RequestView(
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
        attempts=tuple(map(_attempt_view, stored.attempts)),
        tokens=tokens(row.usage),
        cost_nanousd=row.cost_nanousd,
        price_version=row.price_version,
        estimated=row.estimated,
        notes=row.notes,
        error_code=row.error_code or UNSET,
    )


def usage_view(report: UsageReport) -> UsageView:
    return UsageView(rows=tuple(map(_usage_row, report.rows)), total=_usage_row(report.total))


def tokens(usage: Usage) -> Tokens:
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
        error=_error_view(row),
    )


def _error_view(row: AttemptRow) -> ErrorView | UnsetType:
    if not row.error_code:
        return UNSET
    return ErrorView(
        code=row.error_code, status=row.error_status, upstream_code=row.upstream_code or UNSET
    )


def _usage_row(total: UsageSum) -> UsageRow:
    groups = {"key_id" if name == "key" else name: value for name, value in total.group.items()}
    return UsageRow(
        **groups,
        requests=total.requests,
        tokens=tokens(total.usage),
        cost_nanousd=total.cost_nanousd,
    )
