"""Errors both ways: what an upstream says decoded, what a client is told rendered."""

import re
from collections.abc import Mapping

from msgspec import Raw, Struct, json

from trunkline.canon import errors
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.dialects.anthropic_messages.wire import BROKEN, ErrorIn
from trunkline.dialects.base import WireError
from trunkline.dialects.retry_after import retry_after, retry_headers
from trunkline.dialects.scrub import scrub

_STATUS: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""platform.claude.com, errors, seen 2026-11-21."""
_TYPES: Mapping[int, str] = {
    **{status: kind for kind, status in _STATUS.items()},
    408: "timeout_error",
    502: "api_error",
}

_TOO_LONG = re.compile(
    r"prompt is too long|exceed(?:s|ed)? (?:the )?context (?:limit|window)|context_length_exceeded"
    r"|maximum context length",
    re.IGNORECASE,
)
_BROKE = re.compile(
    r"credit balance|usage limit|spend(?:ing)?[ -](?:cap|limit)|quota|billing", re.IGNORECASE
)
_FILTERED = re.compile(r"content filter|blocked by .*polic", re.IGNORECASE)
_COUNTS = re.compile(r"\d[\d,]{2,}")


class _Body(Struct):
    """{"error":{type,message}}, or the plainer forms of those in between."""

    error: ErrorIn | str | None = None
    message: str | None = None
    detail: str | None = None


_BODY = json.Decoder(_Body)
_ERROR = json.Decoder(ErrorIn | str)


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """An answer that is no answer, as one of our own; never raises."""
    kind, message = _read(body)
    return _classify(status, kind, message, retry_after(headers))


def decode_inline(error: Raw) -> GatewayError:
    """The error of a stream's `error` event, or in a body that came with status 200."""
    try:
        told = _ERROR.decode(error)
    except BROKEN:
        told = ErrorIn()
    kind, message = ("", told) if isinstance(told, str) else (told.type, told.message)
    return _classify(_STATUS.get(kind, 500), kind, message, None)


def _read(body: bytes) -> tuple[str, str]:
    try:
        told = _BODY.decode(body)
    except BROKEN:
        text = body[:4096].decode("utf-8", "replace").strip()
        return "", "" if text.startswith("<") else text  # a web page is not what it says
    if isinstance(told.error, ErrorIn):
        return told.error.type, told.error.message
    return "", told.error or told.message or told.detail or ""


def _classify(status: int, kind: str, message: str, wait: float | None) -> GatewayError:
    """By the type where there is one, else by the status."""
    text = scrub(message)
    code = kind or None
    if status == 429 or kind == "rate_limit_error":
        if wait is None and _BROKE.search(message):
            return errors.QuotaExhausted(text, code=code)
        return errors.Throttled(text or "the provider limits our rate", code=code, retry_after=wait)
    if status == 402 or kind == "billing_error":
        return errors.QuotaExhausted(text or "the provider's account is not in order", code=code)
    if status in {401, 403}:
        # The credential is ours: its troubles are for our log.
        return errors.BadCredential(
            "the provider refused this gateway's credential", detail=text, code=code
        )
    if status == 404:
        return errors.ModelMissing(text or "the provider knows no such model", code=code)
    if status in {408, 504} or kind == "timeout_error":
        return errors.TimedOut(text or "the provider took too long", code=code)
    if status >= 500 or kind in {"overloaded_error", "api_error"}:
        return _overloaded(status, text, code, wait)
    if status < 400:
        return errors.Garbled(
            "the provider gave no answer this gateway understands",
            detail=f"status {status}: {text}",
        )
    return _refused(status, text, code)


def _overloaded(status: int, text: str, code: str | None, wait: float | None) -> errors.Overloaded:
    if code == "overloaded_error":
        status = 529
    return errors.Overloaded(
        text or "the provider is overloaded",
        code=code,
        status=status if status in {503, 529} else 502,
        retry_after=wait,
    )


def _refused(status: int, text: str, code: str | None) -> GatewayError:
    if _TOO_LONG.search(text):
        return errors.ContextLengthExceeded(text, code=code)
    if "credit balance" in text or "usage limits" in text:
        # Anthropic answers 400 to an account that has run dry.
        return errors.QuotaExhausted(text, code=code)
    if _FILTERED.search(text):
        return errors.ContentRejected(text, code=code)
    return errors.Refused(
        text or f"the provider refused the request ({status})", status=status, code=code
    )


def render_error(error: GatewayError, request_id: str) -> WireError:
    status, kind = _told(error)
    headers = (
        (b"content-type", b"application/json"),
        (b"request-id", request_id.encode()),
        *retry_headers(error),
    )
    return WireError(status, headers, _body(kind, error, request_id))


def stream_error(error: GatewayError, request_id: str = "") -> bytes:
    return b"event: error\ndata: " + _body(_told(error)[1], error, request_id) + b"\n\n"


def _body(kind: str, error: GatewayError, request_id: str) -> bytes:
    body: dict[str, object] = {"type": "error", "error": {"type": kind, "message": _message(error)}}
    if request_id:
        body["request_id"] = request_id
    return json.encode(body)


def _told(error: GatewayError) -> tuple[int, str]:
    """Status and type: 503 has no type of its own here, 529 says the same."""
    match error:
        case errors.LedgerUnavailable():
            return error.status, "api_error"
        case errors.BudgetExceeded() | errors.QuotaExhausted():
            return error.status, "rate_limit_error"
        case _:
            pass
    if error.status == 503:
        return 529, "overloaded_error"
    kind = _TYPES.get(error.status)
    if kind is None:
        kind = "invalid_request_error" if error.status < 500 else "api_error"
    return error.status, kind


def _message(error: GatewayError) -> str:
    """Claude Code finds out that it must compact by "prompt is too long: N tokens > M maximum"."""
    message = scrub(error.message)
    if not isinstance(error, errors.ContextLengthExceeded) or "prompt is too long" in message:
        return message
    numbers = sorted({int(count.replace(",", "")) for count in _COUNTS.findall(message)})
    if len(numbers) < 2:
        return f"prompt is too long: {message}"
    return f"prompt is too long: {numbers[-1]} tokens > {numbers[-2]} maximum"
