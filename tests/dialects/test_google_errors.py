"""Our errors as Google writes them."""

import pytest
from msgspec import json

from trunkline.canon import errors
from trunkline.dialects.google_errors import render_error, stream_error


def rendered(error):
    return json.decode(render_error(error, "req_1").body)["error"]


@pytest.mark.parametrize(
    ("error", "code", "status"),
    (
        (errors.Malformed("no"), 400, "INVALID_ARGUMENT"),
        (errors.Unauthenticated("no"), 401, "UNAUTHENTICATED"),
        (errors.Forbidden("no"), 403, "PERMISSION_DENIED"),
        (errors.UnknownModel("no"), 404, "NOT_FOUND"),
        (errors.TooLarge("no"), 413, "INVALID_ARGUMENT"),
        (errors.RateLimited("no"), 429, "RESOURCE_EXHAUSTED"),
        (errors.BudgetExceeded("no"), 429, "RESOURCE_EXHAUSTED"),
        (errors.InternalError("no"), 500, "INTERNAL"),
        (errors.Garbled("no"), 502, "INTERNAL"),
        (errors.Overloaded("no", status=529), 503, "UNAVAILABLE"),
        (errors.TimedOut("no"), 504, "DEADLINE_EXCEEDED"),
    ),
)
def test_statuses(error, code, status):
    """The number twice, and Google's word for it."""
    wire = render_error(error, "req_1")
    told = json.decode(wire.body)["error"]
    assert (code, code, status, "no") == (
        wire.status,
        told["code"],
        told["status"],
        told["message"],
    )


def test_details():
    """What it is, which request, which field, how long to wait: in Google's own messages."""
    wire = render_error(errors.RateLimited("slow", retry_after=1.2, param="n"), "req_1")
    details = {
        d.pop("@type").rpartition(".")[2]: d for d in json.decode(wire.body)["error"]["details"]
    }
    assert {
        "ErrorInfo": {"reason": "RATE_LIMIT_EXCEEDED", "domain": "trunkline"},
        "RequestInfo": {"requestId": "req_1"},
        "BadRequest": {"fieldViolations": [{"field": "n", "description": "slow"}]},
        "RetryInfo": {"retryDelay": "2s"},
    } == details
    assert (b"retry-after", b"2") in wire.headers
    assert (b"x-request-id", b"req_1") in wire.headers


def test_too_long_a_prompt():
    """In the words clients look for; Google's own are left alone."""
    assert "input token count" in rendered(errors.ContextLengthExceeded("too long"))["message"]
    own = "The input token count (9) exceeds the maximum number of tokens allowed (8)."
    assert own == rendered(errors.ContextLengthExceeded(own))["message"]


def test_in_a_stream():
    """An event that begins as google-genai looks for it."""
    told = stream_error(errors.Disconnected("gone"), "req_1")
    assert told.startswith(b'data: {"error":{')
    assert told.endswith(b"}\r\n\r\n")
