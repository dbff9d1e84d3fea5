"""Errors for clients."""

import openai
import pytest
from msgspec import json

from tests.dialects.openai_chat.kit import DIALECT
from trunkline.canon import errors
from trunkline.dialects.openai_errors import stream_error

INVALID = "invalid_request_error"
TYPES = (INVALID, "server_error", "requests", "tokens", "insufficient_quota", "timeout")
CASES = (
    (errors.Malformed("m", param="n"), 400, INVALID, None, "n"),
    (errors.Unsupported("m", param="top_k"), 400, INVALID, "unsupported_parameter", "top_k"),
    (errors.Unauthenticated("m"), 401, INVALID, "invalid_api_key", None),
    (errors.Forbidden("m"), 403, INVALID, "permission_denied", None),
    (errors.UnknownModel("m"), 404, INVALID, "model_not_found", "model"),
    (errors.NotFound("m"), 404, INVALID, None, None),
    (errors.MethodNotAllowed("m"), 405, INVALID, "method_not_allowed", None),
    (errors.TooSlow("m"), 408, INVALID, "request_timeout", None),
    (errors.TooLarge("m"), 413, INVALID, "request_too_large", None),
    (errors.RateLimited("m"), 429, "requests", "rate_limit_exceeded", None),
    (errors.TokensLimited("m"), 429, "tokens", "rate_limit_exceeded", None),
    (errors.BudgetExceeded("m"), 429, "insufficient_quota", "insufficient_quota", None),
    (
        errors.BudgetExceeded("m", code="cost_limit_per_day"),
        429,
        "cost_limit_per_day",
        "cost_limit_per_day",
        None,
    ),
    (errors.Blocked("m"), 400, INVALID, "content_blocked", None),
    (errors.Unreachable("m"), 502, "server_error", "upstream_unreachable", None),
    (errors.Disconnected("m"), 502, "server_error", "upstream_disconnected", None),
    (errors.Garbled("m"), 502, "server_error", "upstream_garbled", None),
    (errors.TimedOut("m"), 504, "timeout", "upstream_timeout", None),
    (errors.Overloaded("m", status=529), 503, "server_error", "upstream_overloaded", None),
    (errors.Overloaded("m", status=502), 502, "server_error", "upstream_overloaded", None),
    (errors.Throttled("m"), 429, "requests", "rate_limit_exceeded", None),
    (errors.QuotaExhausted("m"), 429, "insufficient_quota", "insufficient_quota", None),
    (errors.BadCredential("m"), 502, "server_error", "upstream_auth", None),
    (errors.ModelMissing("m"), 404, INVALID, "model_not_found", None),
    (errors.ContextLengthExceeded("m"), 400, INVALID, "context_length_exceeded", None),
    (errors.ContentRejected("m"), 400, INVALID, "content_filter", None),
    (errors.Refused("m", status=422, code="x", param="y"), 422, INVALID, "x", "y"),
    (errors.NoRouteAvailable("m"), 503, "server_error", "no_route_available", None),
    (errors.CredentialMissing("m"), 403, "invalid_request_error", "credential_missing", None),
    (errors.IssuerUnavailable("m"), 503, "server_error", "issuer_unavailable", None),
    (errors.LedgerUnavailable("m"), 503, "server_error", "ledger_unavailable", None),
    (errors.Draining("m"), 503, "server_error", "shutting_down", None),
    (errors.Busy("m"), 503, "server_error", "overloaded", None),
    (errors.InternalError("m", detail="secret"), 500, "server_error", "internal_error", None),
)


@pytest.mark.parametrize(
    ("error", "status", "kind", "code", "param"),
    CASES,
    ids=lambda value: getattr(value, "code", None),
)
def test_every_error(error, status, kind, code, param):
    """Status, and all four keys of the body; nothing of the detail."""
    rendered = DIALECT.render_error(error, "req_1")
    told = {"message": "m", "type": kind, "param": param, "code": code}
    assert (status, {"error": told}) == (rendered.status, json.decode(rendered.body))


TREE = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.GatewayError)
]


@pytest.mark.parametrize("kind", TREE)
def test_no_error_is_forgotten(kind):
    """Each class of the tree has a type that OpenAI's clients know, whoever adds it."""
    rendered = DIALECT.render_error(kind("m"), "req_1")
    told = json.decode(rendered.body)["error"]
    assert {"message", "type", "param", "code"} == told.keys()
    assert rendered.status == kind.status
    assert told["type"] in TYPES
    assert not (told["type"] == "server_error" and rendered.status < 500)


@pytest.mark.parametrize(("seconds", "header"), ((0.2, b"1"), (7.0, b"7"), (7.1, b"8")))
def test_retry_after(seconds, header):
    """In whole seconds, rounded up."""
    rendered = DIALECT.render_error(errors.RateLimited("m", retry_after=seconds), "req_1")
    assert header == dict(rendered.headers)[b"retry-after"]


def test_headers():
    """The request id where OpenAI's clients look for it; no Retry-After that was not asked for."""
    headers = dict(DIALECT.render_error(errors.Forbidden("m"), "req_1").headers)
    assert {b"content-type": b"application/json", b"x-request-id": b"req_1"} == headers


def test_stream_error():
    """An event the official SDK raises for, at once."""
    event = stream_error(errors.Disconnected("gone"))
    assert event.startswith(b'data: {"error":{')
    assert event.endswith(b"}\n\n")
    body = json.decode(event[6:])["error"]
    assert "gone" == openai.APIError("x", request=None, body=body).body["message"]  # type: ignore[arg-type]  # the SDK's own request is not at hand
