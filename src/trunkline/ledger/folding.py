"""Journal entries to table rows: many entries about one request become one row."""

from collections.abc import Sequence
from functools import lru_cache

from msgspec import json, structs

from trunkline.canon.exchange import Status
from trunkline.canon.usage import Usage
from trunkline.ledger.entries import TEXT_LIMIT, Asked, Entry, Paid, Tried
from trunkline.storage.records import OPEN, AttemptRow, Batch, Position, RequestRow

# More than this in one request is an upstream's nonsense: a million million tokens, a million
# dollars. It must be far enough from 2^63 that no honest number of rows adds up to that, for
# SQLite then refuses the sum.
TOKEN_LIMIT = 1 << 40
COST_LIMIT = 1 << 50

_NOTHING = Usage()
_FAILED = Status.FAILED.value


class Folding:
    """
    Collects entries of one worker. The last word on a request or attempt counts, but
    nothing that follows its end.
    """

    __slots__ = ("_attempts", "_requests", "_worker")

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._requests: dict[str, Asked] = {}
        self._attempts: dict[tuple[str, int], Tried] = {}

    def add(self, entry: Entry) -> None:
        if isinstance(entry, Asked):
            known = self._requests.get(entry.request_id)
            if known is None or not known.status:
                self._requests[entry.request_id] = entry
            if entry.tried is not None:
                self._try(entry.tried)
        else:
            self._try(entry)

    def batch(self, position: Position) -> Batch:
        worker = self._worker
        return Batch(
            worker,
            position,
            [_request(entry, worker) for entry in self._requests.values()],
            [_attempt(entry, worker) for entry in self._attempts.values()],
        )

    def _try(self, tried: Tried) -> None:
        key = (tried.request_id, tried.number)
        known = self._attempts.get(key)
        if known is None or not known.status:
            self._attempts[key] = tried


def merged(batches: Sequence[Batch]) -> Batch:
    """One batch that says what these say one after the other; each row once."""
    requests: dict[str, RequestRow] = {}
    attempts: dict[tuple[str, int], AttemptRow] = {}
    for batch in batches:
        for row in batch.requests:
            known = requests.get(row.request_id)
            if known is None or known.status == OPEN:
                requests[row.request_id] = row
        for tried in batch.attempts:
            before = attempts.get((tried.request_id, tried.attempt))
            if before is None or before.status == OPEN:
                attempts[tried.request_id, tried.attempt] = tried
    last = batches[-1]
    return Batch(last.worker, last.position, [*requests.values()], [*attempts.values()])


def _request(entry: Asked, worker: str) -> RequestRow:
    tried = entry.tried
    billed = None if entry.status == _FAILED else tried
    usage, cost, estimated = _bill(billed, entry.earlier)
    return RequestRow(
        *_counts(usage),
        request_id=entry.request_id,
        tenant=entry.tenant,
        key_id=entry.key_id,
        face=entry.face,
        dialect=entry.dialect,
        operation=entry.operation,
        model=_text(entry.model),
        provider="" if tried is None else tried.provider,
        upstream_model="" if tried is None else _text(tried.model),
        stream=entry.stream,
        status=entry.status or OPEN,
        received_at=_micros(entry.received_at),
        first_content_ms=entry.first_content_ms,
        total_ms=entry.total_ms,
        cost_nanousd=_within(cost, COST_LIMIT),
        price_version="" if billed is None else _priced_by(billed, entry.earlier),
        estimated=estimated,
        attempts=entry.attempts or (0 if tried is None else tried.number),
        notes=entry.notes,
        error_code=entry.error_code if tried is None else tried.error_code,
        worker=worker,
        user_id=_text(entry.user),
        mode=entry.mode,
        tags=_tags(entry.tags) if entry.tags else "",
        session=_text(entry.session),
        baseline_nanousd=_within(entry.baseline_nanousd, COST_LIMIT),
        byok=billed is not None and billed.byok,
    )


def _bill(billed: Tried | None, earlier: Paid | None) -> tuple[Usage, int, bool]:
    """
    Tokens, nano-dollars, and whether they are estimated.

    A request is billed for the attempt that answered, or for those that did leg by leg; one that
    failed was not answered.
    """
    if billed is None:
        return _NOTHING, 0, False
    if earlier is None:
        return billed.usage, billed.cost_nanousd, billed.estimated
    return (
        billed.usage + earlier.usage,
        billed.cost_nanousd + earlier.cost_nanousd,
        billed.estimated or earlier.estimated,
    )


def _priced_by(billed: Tried, earlier: Paid | None) -> str:
    """Empty where any of the tokens have no known price, for then the cost is not all of it."""
    if earlier is None or earlier.price_version is None:
        return billed.price_version
    if billed.usage.total and not billed.price_version:
        return ""
    return earlier.price_version and (billed.price_version or earlier.price_version)


def _attempt(entry: Tried, worker: str) -> AttemptRow:
    return AttemptRow(
        *_counts(entry.usage),
        request_id=entry.request_id,
        attempt=entry.number,
        provider=entry.provider,
        model=_text(entry.model),
        deployment=_text(entry.deployment),
        status=entry.status or OPEN,
        started_at=_micros(entry.started_at),
        first_event_ms=entry.first_event_ms,
        total_ms=entry.total_ms,
        error_code=entry.error_code,
        error_status=entry.error_status,
        upstream_code=_text(entry.upstream_code or ""),
        cost_nanousd=_within(entry.cost_nanousd, COST_LIMIT),
        price_version=entry.price_version,
        estimated=entry.estimated,
        worker=worker,
        byok=entry.byok,
    )


def _text(value: str) -> str:
    """As every database keeps it: PostgreSQL's text holds no NUL, and names must not differ by it."""
    return value.replace("\0", "\ufffd") if "\0" in value else value


@lru_cache(maxsize=1024)
def _tags(tags: tuple[str, ...]) -> str:
    """A sorted JSON array of those that have room: see NAME_LIMIT in storage/sql/rollup.py."""
    kept: list[str] = []
    for tag in sorted({_text(tag) for tag in tags}):
        if len(json.encode([*kept, tag]).decode()) <= TEXT_LIMIT:
            kept.append(tag)
    return json.encode(kept).decode() if kept else ""


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _within(value: int, limit: int) -> int:
    return max(0, min(value, limit))


def _counts(usage: Usage) -> tuple[int, ...]:
    """In the order of storage's columns, which is that of canon's fields."""
    counts: tuple[int, ...] = structs.astuple(usage)[:-1]  # all but the tier
    if min(counts) < 0 or max(counts) > TOKEN_LIMIT:
        return tuple(_within(count, TOKEN_LIMIT) for count in counts)
    return counts
