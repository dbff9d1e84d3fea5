"""Every form in which an upstream asks for a pause."""

import pytest

from trunkline.canon.errors import BudgetExceeded, RateLimited, Throttled
from trunkline.dialects.retry_after import retry_after, retry_headers

DATE = (b"date", b"Sat, 21 Nov 2026 10:00:00 GMT")


@pytest.mark.parametrize(
    ("headers", "expected"),
    (
        ((), None),
        (((b"retry-after", b"7"),), 7.0),
        (((b"retry-after", b" 0.5 "),), 0.5),
        (((b"retry-after-ms", b"250"), (b"retry-after", b"9")), 0.25),
        (((b"retry-after", b"Sat, 21 Nov 2026 10:00:30 GMT"), DATE), 30.0),
        (((b"retry-after", b"Sat, 21 Nov 2026 09:59:00 GMT"), DATE), 0.0),
        (((b"retry-after", b"Sat, 21 Nov 2026 10:00:30 GMT"),), None),
        (((b"retry-after", b"Sat, 31 Feb 2026 10:00:30 GMT"), DATE), None),
        (((b"retry-after", b"Sat, 21 Foo 2026 10:00:30 GMT"), DATE), None),
        (((b"retry-after", b"99999999999"),), 86_400.0),
        (((b"retry-after", b"-5"),), None),
        (((b"retry-after", b"nan"),), None),
        (((b"retry-after", b"1e9"),), None),
        (((b"retry-after", b"\xff"),), None),
        (((b"retry-after", b"3"), (b"retry-after", b"8")), 3.0),
    ),
)
def test_forms(headers, expected):
    """Seconds, milliseconds and dates; what is none of these says nothing."""
    assert expected == retry_after(headers)


@pytest.mark.parametrize(
    ("error", "told"),
    (
        (RateLimited("m", retry_after=0.2), ((b"retry-after", b"1"),)),
        (BudgetExceeded("m", retry_after=90.1), ((b"retry-after", b"91"),)),
        (RateLimited("m"), ((b"x-should-retry", b"false"),)),
        (BudgetExceeded("m"), ((b"x-should-retry", b"false"),)),
        (Throttled("m"), ()),
    ),
)
def test_what_a_client_is_told_of_waiting(error, told):
    """Whole seconds; where no time will help, not to try: of an upstream's limits nobody here knows."""
    assert told == retry_headers(error)
