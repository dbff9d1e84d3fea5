"""
What the journal records, as compact as speed asks: one entry per moment of an attempt.

Every entry tells all it knows of its request or attempt, so one that is lost takes nothing
else with it. Entries are arrays on disk: new fields go last and have defaults, and none is
ever removed, so that a journal left by an older version can be replayed.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trunkline.canon.exchange import Attempt, Exchange, Status
from trunkline.canon.usage import Usage

# Client-chosen text is cut to this in the books; a model's name is far shorter.
TEXT_LIMIT = 256
# The largest integer every JSON reader takes exactly (RFC 8259 section 6).
NUMBER_LIMIT = (1 << 53) - 1


class Tried(Struct, frozen=True, array_like=True, gc=False, tag="t"):
    """An attempt as it stands: begun (`status` empty) or settled."""

    request_id: str
    number: int
    provider: str
    model: str
    deployment: str
    started_at: float
    """Unix seconds."""
    status: str = ""
    first_event_ms: float | None = None
    total_ms: float | None = None
    error_code: str = ""
    error_status: int | None = None
    upstream_code: str | None = None
    usage: Usage = Usage()
    estimated: bool = False
    cost_nanousd: int = 0
    price_version: str = ""
    byok: bool = False
    """Paid with the tenant's own credential."""


class Paid(Struct, frozen=True, array_like=True, gc=False):
    """What the earlier attempts of a request took whose answer came in several legs."""

    usage: Usage
    cost_nanousd: int
    estimated: bool
    price_version: str | None = None
    """The last one's; empty: one of them has no known price; None: an older version did not say."""


class Asked(Struct, frozen=True, array_like=True, gc=False, tag="a"):
    """A request as it stands: running (`status` empty) or over, with the attempt at hand."""

    request_id: str
    tenant: str
    key_id: str
    face: str
    dialect: str
    operation: str
    model: str
    stream: bool
    received_at: float
    """Unix seconds."""
    tried: Tried | None
    status: str = ""
    first_content_ms: float | None = None
    total_ms: float | None = None
    attempts: int = 0
    notes: int = 0
    earlier: Paid | None = None
    """None where at most the last attempt gave an answer."""
    user: str = ""
    tags: tuple[str, ...] = ()
    mode: str = ""
    session: str = ""
    baseline_nanousd: int = 0
    error_code: str = ""
    """Of a request that was refused before any attempt."""


Entry = Asked | Tried

encode: Callable[[Entry], bytes] = msgspec.msgpack.Encoder().encode
"""Raises OverflowError for numbers and UnicodeEncodeError for text that are none: see `soundly`."""

decode: Callable[[memoryview], Entry] = msgspec.msgpack.Decoder(Entry).decode
"""Raises msgspec.DecodeError."""


# Where the id of a request that `asked` or `answered` tells of ends: an array of 16 or more, the tag
# "a", and the 30 letters of an id of ours (msgpack's specification, seen 2026-11-21).
_ASKED = b"\xa1a\xbe"
_ID_END = 36


def decoded(
    payloads: Sequence[memoryview], unreadable: Callable[[memoryview], None]
) -> list[Entry]:
    """
    Entries in order, without the beginnings of requests whose end says all of it again.

    Most requests are over when they are read, and half of the entries need not be decoded. One
    that was tried more than once keeps its beginning: it may be all that tells of its first try.
    """
    heads = [bytes(payload[:_ID_END]) for payload in payloads]
    last = {head: place for place, head in enumerate(heads) if head[3:6] == _ASKED}
    told = set[bytes]()
    found: list[Entry] = []
    for place in range(len(payloads) - 1, -1, -1):
        head = heads[place]
        if head in told:
            continue
        try:
            entry = decode(payloads[place])
        except msgspec.DecodeError:
            unreadable(payloads[place])
            continue
        if last.get(head) == place and isinstance(entry, Asked) and entry.attempts == 1:
            told.add(head)
        found.append(entry)
    found.reverse()
    return found


def soundly(entry: Entry) -> Entry:
    """The same with numbers and text that any reader can take."""
    fields = {name: _sound(getattr(entry, name)) for name in entry.__struct_fields__}
    return type(entry)(**fields)


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return min(value, NUMBER_LIMIT)
    if isinstance(value, Struct):
        fields = {name: _sound(getattr(value, name)) for name in value.__struct_fields__}
        return type(value)(**fields)
    if isinstance(value, tuple):
        return tuple(map(_sound, value))
    return value


def begun(attempt: Attempt, request_id: str) -> Tried:
    deployment = attempt.deployment
    return Tried(
        request_id,
        attempt.number,
        deployment.provider,
        deployment.model,
        deployment.id,
        attempt.started_at,
    )


def settled(attempt: Attempt, request_id: str, status: str) -> Tried:
    """`status` counts where the attempt has none of its own."""
    deployment = attempt.deployment
    error = attempt.error
    return Tried(
        request_id,
        attempt.number,
        deployment.provider,
        deployment.model,
        deployment.id,
        attempt.started_at,
        status if attempt.status is None else attempt.status.value,
        attempt.first_event_ms,
        attempt.total_ms,
        "" if error is None else error.code,
        None if error is None else error.status,
        None if error is None or error.upstream_code is None else error.upstream_code[:TEXT_LIMIT],
        attempt.usage,
        attempt.estimated,
        attempt.cost_nanousd,
        attempt.price_version,
        attempt.byok,
    )


def asked(exchange: Exchange, tried: Tried) -> Asked:
    principal = exchange.principal
    return Asked(
        exchange.id,
        principal.tenant,
        principal.key_id,
        exchange.face,
        exchange.dialect,
        exchange.operation,
        exchange.model[:TEXT_LIMIT],
        exchange.stream,
        exchange.received_at,
        tried,
        "",
        None,
        None,
        0,
        0,
        None,
        principal.user,
        principal.tags,
        "",
        exchange.session,
    )


def answered(exchange: Exchange, tried: Tried | None, status: str, total_ms: float) -> Asked:
    principal, attempts = exchange.principal, exchange.attempts
    return Asked(
        exchange.id,
        principal.tenant,
        principal.key_id,
        exchange.face,
        exchange.dialect,
        exchange.operation,
        exchange.model[:TEXT_LIMIT],
        exchange.stream,
        exchange.received_at,
        tried,
        status,
        exchange.first_content_ms,
        total_ms,
        len(attempts),
        len(exchange.notes),
        _paid(attempts[:-1]) if len(attempts) > 1 else None,
        principal.user,
        principal.tags,
        "",
        exchange.session,
        0,
        exchange.refused,
    )


def _paid(attempts: Sequence[Attempt]) -> Paid | None:
    """None where these only failed, as retries and fallbacks do."""
    legs = [attempt for attempt in attempts if attempt.status is Status.OK]
    if not legs:
        return None
    return Paid(
        sum((leg.usage for leg in legs), Usage()),
        sum(leg.cost_nanousd for leg in legs),
        any(leg.estimated for leg in legs),
        "" if any(leg.unpriced for leg in legs) else legs[-1].price_version,
    )
