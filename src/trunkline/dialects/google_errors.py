"""Our errors as Google writes them, whatever its clients asked for."""

from collections.abc import Mapping
from math import ceil

from msgspec import json

from trunkline.canon.errors import ContextLengthExceeded, GatewayError
from trunkline.canon.exchange import Headers
from trunkline.dialects.base import WireError

_STATUSES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""google.rpc.Code (cloud.google.com/apis/design/errors, seen 2026-11-21)."""
_OURS = "trunkline"
_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_REQUEST = "type.googleapis.com/google.rpc.RequestInfo"
_RETRY = "type.googleapis.com/google.rpc.RetryInfo"
_BAD = "type.googleapis.com/google.rpc.BadRequest"

Fields = dict[str, object]
"""An object about to be written."""


def render_error(error: GatewayError, request_id: str) -> WireError:
    headers: Headers = (
        (b"content-type", b"application/json; charset=UTF-8"),
        (b"x-request-id", request_id.encode()),
    )
    if error.retry_after is not None:
        headers += ((b"retry-after", b"%d" % _pause(error.retry_after)),)
    return WireError(_code(error), headers, _body(error, request_id))


def stream_error(error: GatewayError, request_id: str) -> bytes:
    """
    The last event of a stream that broke; no finishReason follows.

    google-genai raises for an event that begins with `{"error":` (seen in 3.4, 2026-11-21).
    """
    return b"data: " + _body(error, request_id) + b"\r\n\r\n"


def _code(error: GatewayError) -> int:
    # 529 is Anthropic's own; Google's clients know an overload as 503.
    return 503 if error.status == 529 else error.status


def _body(error: GatewayError, request_id: str) -> bytes:
    code = _code(error)
    usual = "INVALID_ARGUMENT" if code < 500 else "INTERNAL"
    told: Fields = {
        "code": code,
        "message": _message(error),
        "status": _STATUSES.get(code, usual),
        "details": _details(error, request_id),
    }
    return json.encode({"error": told})


def _message(error: GatewayError) -> str:
    """Clients know an overlong prompt by Google's words for it."""
    if isinstance(error, ContextLengthExceeded) and "token count" not in error.message:
        return (
            f"The input token count exceeds the maximum number of tokens allowed: {error.message}"
        )
    return error.message


def _details(error: GatewayError, request_id: str) -> list[Fields]:
    reason = error.upstream_code or error.code
    details: list[Fields] = [
        {"@type": _INFO, "reason": reason.upper(), "domain": _OURS},
        {"@type": _REQUEST, "requestId": request_id},
    ]
    if error.param is not None:
        violation = {"field": error.param, "description": error.message}
        details.append({"@type": _BAD, "fieldViolations": [violation]})
    if error.retry_after is not None:
        details.append({"@type": _RETRY, "retryDelay": f"{_pause(error.retry_after)}s"})
    return details


def _pause(seconds: float) -> int:
    return max(1, ceil(seconds))
