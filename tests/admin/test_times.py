"""Times as people and programs write them."""

import pytest

from trunkline.admin.times import rfc3339, unix_seconds
from trunkline.canon.errors import Malformed

NOON = 1_795_262_400.0


@pytest.mark.parametrize(
    "value",
    (
        NOON,
        int(NOON),
        "1795262400",
        "1795262400.0",
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00",
        "2026-11-21 12:00:00",
        "2026-11-21T13:00:00+01:00",
        "2026-11-21T13:00:00 01:00",
    ),
)
def test_one_moment_in_many_spellings(value):
    """Numbers, RFC 3339, UTC unless said otherwise; a plus that a query string made a space."""
    assert NOON == unix_seconds(value, "from")


def test_a_date_is_its_midnight():
    """In UTC."""
    assert NOON - 12 * 3600 == unix_seconds("2026-11-21", "from")


@pytest.mark.parametrize(
    ("value", "says"),
    (
        ("tomorrow", "a date like 2026-11-21T10:00:00Z"),
        ("", "a date like"),
        ("2026-13-01", "a date like"),
        ("nan", "not milliseconds"),
        ("inf", "not milliseconds"),
        (NOON * 1000, "not milliseconds"),
        (-1.0, "between 1970 and 9999"),
        ("1969-12-31", "between 1970 and 9999"),
    ),
)
def test_what_is_no_time(value, says):
    """Refused under the name of the field it stood in, with what would have been one."""
    with pytest.raises(Malformed) as refused:
        unix_seconds(value, "expires_at")

    assert "expires_at" == refused.value.param
    assert refused.value.message.startswith("`expires_at` must ")
    assert says in refused.value.message


def test_written_it_reads_back():
    """The latest moment, too, which a listing must be able to show."""
    assert "2026-11-21T12:00:00Z" == rfc3339(NOON)
    assert "9999-12-31T23:59:59Z" == rfc3339(unix_seconds("9999-12-31T23:59:59Z", "x"))
