"""Every form in which an upstream asks for a pause."""

import pytest

from trunkline.dialects.retry_after import retry_after

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
