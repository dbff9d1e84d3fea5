"""Tests of errors both ways."""

from typing import Any

import pytest
from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import DIALECT
from trunkline.canon import errors
from trunkline.canon.errors import GatewayError
from trunkline.dialects.anthropic_messages.errors import decode_inline, stream_error

E = errors


def told(
    status: int, kind: str = "", message: str = "m", *headers: tuple[bytes, bytes]
) -> GatewayError:
    body = json.encode({"type": "error", "error": {"type": kind, "message": message}})
    return DIALECT.decode_error(status, headers, body)


@pytest.mark.parametrize(
    "status, kind, message, error, sent",
    (
        (529, "overloaded_error", "Overloaded", E.Overloaded, 529),
        (500, "overloaded_error", "Overloaded", E.Overloaded, 529),
        (503, "", "", E.Overloaded, 503),
        (500, "api_error", "Internal", E.Overloaded, 502),
        (502, "", "<html>", E.Overloaded, 502),
        (504, "timeout_error", "slow", E.TimedOut, 504),
        (408, "", "slow", E.TimedOut, 504),
        (429, "rate_limit_error", "too many", E.Throttled, 429),
        (429, "rate_limit_error", "You hit the spend limit", E.QuotaExhausted, 429),
        (400, "invalid_request_error", "Your credit balance is too low", E.QuotaExhausted, 429),
        (400, "invalid_request_error", "specified API usage limits", E.QuotaExhausted, 429),
        (402, "billing_error", "pay", E.QuotaExhausted, 429),
        (403, "billing_error", "pay", E.QuotaExhausted, 429),
        (401, "authentication_error", "invalid x-api-key", E.BadCredential, 502),
        (403, "permission_error", "not allowed", E.BadCredential, 502),
        (404, "not_found_error", "model: x", E.ModelMissing, 404),
        (413, "request_too_large", "too large", E.Refused, 413),
        (400, "invalid_request_error", "bad thing", E.Refused, 400),
        (422, "", "bad thing", E.Refused, 422),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
            E.ContextLengthExceeded,
            400,
        ),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
            E.ContextLengthExceeded,
            400,
        ),
        (
            400,
            "invalid_request_error",
            "Output blocked by content filtering policy",
            E.ContentRejected,
            400,
        ),
        (302, "", "", E.Garbled, 502),
    ),
)
def test_every_failure_has_its_class(
    status: int, kind: str, message: str, error: type[GatewayError], sent: int
) -> None:
    """By type, status and words; the class decides what is tried next."""
    found = told(status, kind, message)

    assert (error, sent) == (type(found), found.status)


def test_a_rate_limit_tells_how_long() -> None:
    """In seconds, from its headers; then even a word about quota is only a pause."""
    found = told(429, "rate_limit_error", "quota", (b"retry-after", b"7"))

    assert (errors.Throttled, 7.0) == (type(found), found.retry_after)
    assert 3.0 == told(529, "overloaded_error", "m", (b"retry-after", b"3")).retry_after


def test_our_credentials_troubles_are_for_our_log() -> None:
    """The client is told no more than that there are some."""
    found = told(401, "authentication_error", "invalid x-api-key")

    assert "x-api-key" not in found.message
    assert "invalid x-api-key" == found.detail


def test_secrets_are_masked_and_novels_cut() -> None:
    """Whatever the upstream echoes."""
    found = told(400, "invalid_request_error", "key sk-ant-REDACTED " + "x" * 5000)

    assert "sk-ant" not in found.message
    assert 1024 >= len(found.message)


@pytest.mark.parametrize(
    "body, message",
    (
        (b'{"error":"plain"}', "plain"),
        (b'{"message":"flat"}', "flat"),
        (b'{"detail":"other"}', "other"),
        (b"just text", "just text"),
        (b'{"error":{"message":"openai"}}', "openai"),
        (b"", "the provider refused the request (400)"),
        (b'{"error":null}', "the provider refused the request (400)"),
        (b"\xff", "\ufffd"),
    ),
)
def test_bodies_of_those_in_between(body: bytes, message: str) -> None:
    """Other shapes, and none, still say what they can."""
    assert message == DIALECT.decode_error(400, (), body).message


@pytest.mark.parametrize(
    "error, kind",
    (
        (b'{"type":"overloaded_error","message":"m"}', errors.Overloaded),
        (b'{"type":"rate_limit_error","message":"m"}', errors.Throttled),
        (b'{"type":"authentication_error","message":"m"}', errors.BadCredential),
        (b'{"type":"invalid_request_error","message":"m"}', errors.Refused),
        (b'{"type":"new_error","message":"m"}', errors.Overloaded),
        (b'"just text"', errors.Overloaded),
        (b"3", errors.Overloaded),
    ),
)
def test_errors_amid_a_stream(error: bytes, kind: type[GatewayError]) -> None:
    """They have no status; the type tells."""
    assert kind is type(decode_inline(Raw(error)))


@pytest.mark.parametrize(
    "error, status, kind",
    (
        (E.Malformed("m"), 400, "invalid_request_error"),
        (E.Unsupported("m"), 400, "invalid_request_error"),
        (E.Blocked("m"), 400, "invalid_request_error"),
        (E.Unauthenticated("m"), 401, "authentication_error"),
        (E.Forbidden("m"), 403, "permission_error"),
        (E.UnknownModel("m"), 404, "not_found_error"),
        (E.NotFound("m"), 404, "not_found_error"),
        (E.TooSlow("m"), 408, "timeout_error"),
        (E.TooLarge("m"), 413, "request_too_large"),
        (E.RateLimited("m"), 429, "rate_limit_error"),
        (E.BudgetExceeded("m"), 429, "rate_limit_error"),
        (E.Unreachable("m"), 502, "api_error"),
        (E.Disconnected("m"), 502, "api_error"),
        (E.Garbled("m"), 502, "api_error"),
        (E.BadCredential("m"), 502, "api_error"),
        (E.TimedOut("m"), 504, "timeout_error"),
        (E.Overloaded("m"), 529, "overloaded_error"),
        (E.Overloaded("m", status=529), 529, "overloaded_error"),
        (E.Overloaded("m", status=502), 502, "api_error"),
        (E.Throttled("m"), 429, "rate_limit_error"),
        (E.QuotaExhausted("m"), 429, "rate_limit_error"),
        (E.ModelMissing("m"), 404, "not_found_error"),
        (E.ContentRejected("m"), 400, "invalid_request_error"),
        (E.Refused("m", status=422), 422, "invalid_request_error"),
        (E.NoRouteAvailable("m"), 529, "overloaded_error"),
        (E.CredentialMissing("m"), 403, "permission_error"),
        (E.LedgerUnavailable("m"), 503, "api_error"),
        (E.Draining("m"), 529, "overloaded_error"),
        (E.InternalError("m"), 500, "api_error"),
    ),
)
def test_every_error_is_rendered(error: GatewayError, status: int, kind: str) -> None:
    """Before the first byte, with status, type and message; amid a stream the same body."""
    wire = DIALECT.render_error(error, "req_1")
    body: Any = json.decode(wire.body)

    assert status == wire.status
    assert {
        "type": "error",
        "error": {"type": kind, "message": "m"},
        "request_id": "req_1",
    } == body
    assert (b"request-id", b"req_1") in wire.headers
    assert b"event: error\ndata: " + wire.body + b"\n\n" == stream_error(error, "req_1")


def test_how_long_to_wait() -> None:
    """In whole seconds, rounded up, one at least."""
    waits = (0.2, 1.5, 30.0)

    assert [b"1", b"2", b"30"] == [
        dict(DIALECT.render_error(errors.Throttled("m", retry_after=wait), "r").headers)[
            b"retry-after"
        ]
        for wait in waits
    ]


@pytest.mark.parametrize(
    "told_by_upstream, message",
    (
        (
            "prompt is too long: 210000 tokens > 200000 maximum",
            "prompt is too long: 210000 tokens > 200000 maximum",
        ),
        (
            (
                "This model's maximum context length is 128,000 tokens. However, your messages "
                "resulted in 130,005 tokens."
            ),
            "prompt is too long: 130005 tokens > 128000 maximum",
        ),
        ("too much", "prompt is too long: too much"),
    ),
)
def test_context_length_in_the_words_clients_know(told_by_upstream: str, message: str) -> None:
    """Claude Code compacts when it reads them."""
    error = errors.ContextLengthExceeded(told_by_upstream)

    assert message == json.decode(DIALECT.render_error(error, "r").body)["error"]["message"]
