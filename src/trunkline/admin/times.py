"""Times as people and programs write them in requests: Unix seconds or RFC 3339."""

from datetime import UTC, datetime

from trunkline.canon.errors import Malformed


def unix_seconds(value: str | float, field: str) -> float:
    """A number of Unix seconds, a date, or a date and time (UTC unless it says otherwise)."""
    if not isinstance(value, str):
        return float(value)
    try:
        return float(value)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        raise Malformed(
            f"'{field}' must be Unix seconds or a date like 2026-11-21T10:00:00Z", param=field
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def rfc3339(unix: float) -> str:
    """2026-11-21T10:00:00Z"""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
