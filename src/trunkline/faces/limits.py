"""How a face tells of limits: which headers, and when the window closes in which words."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import ceil

from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Allowance, Unit
from trunkline.tenancy.session import REPEATS

HeaderLines = list[tuple[bytes, bytes]]
Moment = Callable[[int, float], bytes]
"""Unix microseconds at which a window closes, and Unix seconds of now, as a face writes it."""

_MICROS = 1_000_000


Names = tuple[tuple[bytes, bytes, bytes], ...]
"""Of limit, remaining and reset; for requests, then for tokens."""


def _names(pattern: str) -> Names:
    def name(what: str, unit: str) -> bytes:
        return pattern.format(what=what, unit=unit).encode()

    return tuple(
        (name("limit", unit), name("remaining", unit), name("reset", unit))
        for unit in ("requests", "tokens")
    )


_OPENAI = _names("x-ratelimit-{what}-{unit}")
_ANTHROPIC = _names("anthropic-ratelimit-{unit}-{what}")


def tightest(allowances: Sequence[Allowance]) -> tuple[Allowance | None, Allowance | None]:
    """
    Of several limits of requests, and of tokens, the one that the caller will run into first.

    Not the brake for loops: it counts one very request, and says nothing of the next.
    """
    requests: Allowance | None = None
    tokens: Allowance | None = None
    for one in allowances:
        unit = one.limit.unit
        if unit is Unit.TOKENS:
            if tokens is None or _sooner(one, tokens):
                tokens = one
        elif unit is not Unit.REQUESTS or one.limit.field == REPEATS:
            continue
        elif requests is None or _sooner(one, requests):
            requests = one
    return requests, tokens


def _sooner(one: Allowance, other: Allowance) -> bool:
    return one.remaining * other.limit.most < other.remaining * one.limit.most


def single(exchange: Exchange) -> HeaderLines:
    """X-RateLimit-Limit, -Remaining and -Reset (a Unix timestamp), of requests."""
    found, _ = tightest(exchange.allowances)
    if found is None:
        return []
    return [
        (b"x-ratelimit-limit", b"%d" % found.limit.most),
        (b"x-ratelimit-remaining", b"%d" % max(0, found.remaining)),
        (b"x-ratelimit-reset", timestamp(found.closes, exchange.received_at)),
    ]


def pairs(exchange: Exchange, moment: Moment) -> HeaderLines:
    """X-RateLimit-{Limit,Remaining,Reset}-{Requests,Tokens}, as OpenAI and keyplex name them."""
    return _pairs(exchange, _OPENAI, moment)


def anthropic(exchange: Exchange) -> HeaderLines:
    """anthropic-ratelimit-requests-limit and the like (platform.claude.com, "Rate limits", seen 2026-11-21)."""
    return _pairs(exchange, _ANTHROPIC, rfc3339)


def _pairs(exchange: Exchange, names: Names, moment: Moment) -> HeaderLines:
    lines: HeaderLines = []
    received = exchange.received_at
    for one, (limit, remaining, reset) in zip(tightest(exchange.allowances), names, strict=True):
        if one is not None:
            closes = one.closes
            # A window that opened with this very request did so a moment after it was received.
            opened = (closes - one.limit.window) / _MICROS if closes else 0.0
            lines += (
                (limit, b"%d" % one.limit.most),
                (remaining, b"%d" % max(0, one.remaining)),
                (reset, moment(closes, max(received, opened))),
            )
    return lines


def timestamp(closes: int, now: float) -> bytes:
    """Unix seconds, rounded up; now where no window is open."""
    return b"%d" % ceil(closes / _MICROS if closes else now)


def duration(closes: int, now: float) -> bytes:
    """As OpenAI writes it: "1s", "6m0s", "1h0m0s"."""
    left = max(0, ceil(closes / _MICROS - now)) if closes else 0
    minutes, seconds = divmod(left, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return b"%dh%dm%ds" % (hours, minutes, seconds)
    return b"%dm%ds" % (minutes, seconds) if minutes else b"%ds" % seconds


def rfc3339(closes: int, now: float) -> bytes:
    moment = datetime.fromtimestamp(int(timestamp(closes, now)), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
