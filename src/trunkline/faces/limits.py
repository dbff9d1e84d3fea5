"""How a face tells of limits: which headers, and when the window closes in which words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil

from trunkline.canon.exchange import Exchange
from trunkline.canon.limit import Allowance, Unit
from trunkline.tenancy.session import REPEATS

HeaderLines = list[tuple[bytes, bytes]]
Moment = Callable[[int, float], bytes]
"""Unix microseconds at which a window closes, and Unix seconds of now, as a face writes it."""

_MICROS = 1_000_000


Names = Mapping[Unit, tuple[bytes, bytes, bytes]]
"""Of limit, remaining and reset, by what is limited."""


def _names(pattern: str) -> Names:
    def name(what: str, unit: Unit) -> bytes:
        return pattern.format(what=what, unit=unit.value).encode()

    return {
        unit: (name("limit", unit), name("remaining", unit), name("reset", unit))
        for unit in (Unit.REQUESTS, Unit.TOKENS)
    }


_OPENAI = _names("x-ratelimit-{what}-{unit}")
_ANTHROPIC = _names("anthropic-ratelimit-{unit}-{what}")


def tightest(allowances: Sequence[Allowance], unit: Unit) -> Allowance | None:
    """
    Of several limits of a kind, the one that the caller will run into first.

    Not the brake for loops: it counts one very request, and says nothing of the next.
    """
    found: Allowance | None = None
    for one in allowances:
        if one.limit.unit is not unit or one.limit.field == REPEATS:
            continue
        if found is None or one.remaining * found.limit.most < found.remaining * one.limit.most:
            found = one
    return found


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
    return _pairs(exchange, _OPENAI, moment)


def anthropic(exchange: Exchange) -> HeaderLines:
    """anthropic-ratelimit-requests-limit and the like (platform.claude.com, "Rate limits", seen 2026-11-21)."""
    return _pairs(exchange, _ANTHROPIC, rfc3339)


def _pairs(exchange: Exchange, names: Names, moment: Moment) -> HeaderLines:
    lines: HeaderLines = []
    for unit, (limit, remaining, reset) in names.items():
        found = tightest(exchange.allowances, unit)
        if found is not None:
            lines.append((limit, b"%d" % found.limit.most))
            lines.append((remaining, b"%d" % max(0, found.remaining)))
            # A window that opened with this very request did so a moment after it was received.
            opened = (found.closes - found.limit.window) / _MICROS if found.closes else 0.0
            lines.append((reset, moment(found.closes, max(exchange.received_at, opened))))
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
