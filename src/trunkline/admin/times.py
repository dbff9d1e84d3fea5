"""Times as people and programs write them in requests: Unix seconds or RFC 3339."""

from datetime import UTC, datetime

from trunkline.canon.errors import Malformed

# The year 9999's end: what RFC 3339 can write. Milliseconds of today lie beyond it.
_LAST = 253_402_300_799.0


def unix_seconds(value: str | float, field: str) -> float:
    """A number of Unix seconds, a date, or a date and time (UTC unless it says otherwise). Raises Malformed."""
    try:
        seconds = float(value)
    except ValueError:
        seconds = _moment(str(value), field)
    if not 0 <= seconds <= _LAST:
        raise Malformed(
            f"`{field}` must lie between 1970 and 9999, in seconds (not milliseconds)", param=field
        )
    return seconds


def rfc3339(unix: float) -> str:
    """2026-11-21T10:00:00Z"""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str, field: str) -> float:
    try:
        # A "+" that came through a query string is a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Malformed(
            f"`{field}` must be Unix seconds or a date like 2026-11-21T10:00:00Z", param=field
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
