"""How a face tells of limits: which headers, and when the window closes in which words."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import ceil

from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Allowance, Unit

HeaderLines = list[tuple[bytes, bytes]]
Moment = Callable[[int, float], bytes]
"""Unix microseconds at which a window closes, and Unix seconds of now, as a face writes it."""

_MICROS = 1_000_000


def tightest(allowances: Sequence[Allowance], unit: Unit) -> Allowance | None:
    """Of several limits of a kind, the one that the caller will run into first."""
    of_kind = [a for a in allowances if a.limit.unit is unit]
    return min(of_kind, key=lambda a: a.remaining / max(1, a.limit.most), default=None)


def single(exchange: Exchange) -> HeaderLines:
    """X-RateLimit-Limit, -Remaining and -Reset (a Unix timestamp), of requests."""
    found = tightest(exchange.allowances, Unit.REQUESTS)
    if found is None:
        return []
    return [
        (b"x-ratelimit-limit", b"%d" % found.limit.most),
        (b"x-ratelimit-remaining", b"%d" % max(0, found.remaining)),
        (b"x-ratelimit-reset", timestamp(found.closes, exchange.received_at)),
    ]


def pairs(exchange: Exchange, moment: Moment) -> HeaderLines:
    """X-RateLimit-{Limit,Remaining,Reset}-{Requests,Tokens}, as OpenAI and keyplex name them."""
    return _pairs(exchange, b"x-ratelimit-%(what)b-%(unit)b", moment)


def anthropic(exchange: Exchange) -> HeaderLines:
    """anthropic-ratelimit-requests-limit and the like (platform.claude.com, "Rate limits", seen 2026-11-21)."""
    return _pairs(exchange, b"anthropic-ratelimit-%(unit)b-%(what)b", rfc3339)


def _pairs(exchange: Exchange, name: bytes, moment: Moment) -> HeaderLines:
    lines: HeaderLines = []
    for unit, word in ((Unit.REQUESTS, b"requests"), (Unit.TOKENS, b"tokens")):
        found = tightest(exchange.allowances, unit)
        if found is not None:
            for what, value in (
                (b"limit", b"%d" % found.limit.most),
                (b"remaining", b"%d" % max(0, found.remaining)),
                (b"reset", moment(found.closes, exchange.received_at)),
            ):
                lines.append((name % {b"what": what, b"unit": word}, value))
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
