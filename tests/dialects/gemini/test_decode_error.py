"""What Google says of its failures."""

import pytest
from msgspec import Raw, json

from trunkline.canon import errors
from trunkline.dialects.gemini.decode_error import decode_error, decode_inline


def told(status, message="no", name="", details=(), headers=()):
    error = {"code": status, "message": message, "status": name, "details": list(details)}
    return decode_error(status, headers, json.encode({"error": error}))


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    (
        (400, "INVALID_ARGUMENT", errors.Refused),
        (401, "UNAUTHENTICATED", errors.BadCredential),
        (403, "PERMISSION_DENIED", errors.BadCredential),
        (404, "NOT_FOUND", errors.ModelMissing),
        (429, "RESOURCE_EXHAUSTED", errors.Throttled),
        (500, "INTERNAL", errors.Overloaded),
        (503, "UNAVAILABLE", errors.Overloaded),
        (504, "DEADLINE_EXCEEDED", errors.TimedOut),
        (302, "", errors.Garbled),
    ),
)
def test_statuses(status, name, kind):
    """Told by whose fault it is; Google's word for it is kept."""
    error = told(status, name=name)
    assert kind is type(error)
    assert (name or None) == error.upstream_code or kind is errors.Garbled


def test_retry_info():
    """The pause asked for stands in the details; a header has the last word."""
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.4s"}
    assert 34.4 == told(429, details=[{"@type": "x"}, info, 7]).retry_after
    assert 2.0 == told(429, details=[info], headers=((b"retry-after", b"2"),)).retry_after
    assert told(429, details=[{"retryDelay": "soon"}]).retry_after is None


def test_a_days_quota():
    """Is not over in a minute."""
    minute = {"violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]}
    day = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
    assert errors.Throttled is type(told(429, "check your billing details", details=[minute]))
    assert errors.QuotaExhausted is type(told(429, details=[minute, day]))
    assert errors.QuotaExhausted is type(told(429, "Your prepayment credits are depleted."))


def test_a_key_that_is_none():
    """400 in Google's words; nothing of it reaches the client."""
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    error = told(400, "API key not valid.", "INVALID_ARGUMENT", [reason])
    assert errors.BadCredential is type(error)
    assert "API key not valid." not in error.message


def test_too_long_a_prompt():
    """A larger model may take it."""
    message = (
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    )
    assert errors.ContextLengthExceeded is type(told(400, message, "INVALID_ARGUMENT"))


def test_a_prompt_that_is_filtered():
    """No other model of the same provider would take it."""
    message = "The prompt was filtered: it violates our content policy."
    assert errors.ContentRejected is type(told(400, message, "INVALID_ARGUMENT"))


def test_an_array():
    """As the endpoint for streams without alt=sse, and the compatible one, write it."""
    body = json.encode([{"error": {"code": 404, "message": "models/x is not found"}}])
    error = decode_error(404, (), body)
    assert (errors.ModelMissing, "models/x is not found") == (type(error), error.message)


def test_bodies_of_others():
    """Plain text is quoted, a web page is not, nothing is not."""
    assert "teapot" == decode_error(418, (), b"teapot").message
    assert "<" not in decode_error(502, (), b"<html>Bad Gateway</html>").message
    assert "told" == decode_error(400, (), b'{"error":"told"}').message
    assert decode_error(400, (), b"").message


def test_inline():
    """In a stream an error's status stands in its body, as a number or a word."""
    assert errors.Overloaded is type(decode_inline(Raw(b'{"code":503}')))
    assert errors.Throttled is type(decode_inline(Raw(b'{"status":"RESOURCE_EXHAUSTED"}')))
    assert errors.Overloaded is type(decode_inline(Raw(b'"odd"')))


def test_secrets():
    """A key that is quoted does not come through."""
    assert "AIza" not in told(404, "key AIzaSyD-1234567890abcdef has no model").message
