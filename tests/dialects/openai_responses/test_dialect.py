"""Both roles under one name."""

from tests.dialects.openai_responses.kit import DIALECT
from trunkline.canon.errors import RateLimited
from trunkline.testing.suites import check_dialect


def test_both_roles_understand_each_other():
    """As every dialect's must."""
    assert [] == check_dialect(DIALECT)


def test_what_it_tells_of_itself():
    """One path for whole answers and streams, whose last event needs no sentinel behind it."""
    assert ("/responses", "/responses") == (
        DIALECT.path("m", stream=True),
        DIALECT.path("m", stream=False),
    )
    assert (b"text/event-stream", b"", b"", b"x-request-id") == (
        DIALECT.stream_type,
        DIALECT.sentinel,
        DIALECT.caller_header,
        DIALECT.request_id_header,
    )


def test_usage_is_always_told():
    """No client of this API has to ask."""
    assert DIALECT.wants_usage({})


def test_errors_are_openais():
    """As in its other APIs."""
    wire = DIALECT.render_error(RateLimited("slow down"), "req_1")
    assert (429, b'"code":"rate_limit_exceeded"') == (wire.status, wire.body[-30:-2])
