"""How long to wait: as upstreams ask us to, in any form of their headers, and as we ask our clients."""

import re
from datetime import UTC, datetime
from math import ceil

from trunkline.canon.errors import BudgetExceeded, GatewayError, RateLimited
from trunkline.canon.exchange import Headers

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# RFC 9110, 5.6.7: IMF-fixdate, the one form that may still be sent.
_DATE = re.compile(rb"[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT")
_NUMBER = re.compile(rb"\d{1,12}(\.\d{1,9})?")
# A longer pause is a mistake or an outage; whoever waits looks again after a day.
_LONGEST = 86_400.0


def retry_after(headers: Headers) -> float | None:
    """
    Seconds, 0 to a day; None where the upstream did not say.

    Reads `retry-after-ms` (both OpenAI's and Anthropic's SDK obey it, seen 2026-11-21) before
    `retry-after`. A date is counted from the response's own Date header: no clock is needed.
    """
    named = {name: value.strip() for name, value in reversed(headers)}
    millis = named.get(b"retry-after-ms", b"")
    if _NUMBER.fullmatch(millis):
        return min(float(millis) / 1000, _LONGEST)
    value = named.get(b"retry-after", b"")
    if _NUMBER.fullmatch(value):
        return min(float(value), _LONGEST)
    until, now = _date(value), _date(named.get(b"date", b""))
    if until is None or now is None:
        return None
    return min(max(0.0, (until - now).total_seconds()), _LONGEST)


def retry_headers(error: GatewayError) -> Headers:
    """
    What a client is told: when, or that waiting will not help.

    Both OpenAI's and Anthropic's SDK send a 429 twice more, unless `x-should-retry` says not to
    (openai 3.52.0, anthropic 2.12.0, seen 2026-11-21).
    """
    if error.retry_after is not None:
        return ((b"retry-after", b"%d" % max(1, ceil(error.retry_after))),)
    if isinstance(error, RateLimited | BudgetExceeded):
        return ((b"x-should-retry", b"false"),)
    return ()


def _date(value: bytes) -> datetime | None:
    match = _DATE.fullmatch(value)
    if match is None or (month := match[2].decode()) not in _MONTHS:
        return None
    try:
        return datetime(
            int(match[3]),
            _MONTHS.index(month) + 1,
            int(match[1]),
            int(match[4]),
            int(match[5]),
            int(match[6]),
            tzinfo=UTC,
        )
    except ValueError:
        return None
