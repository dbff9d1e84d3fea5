"""
Our errors as OpenAI writes them: all four keys, always, null where there is nothing to say.

Types and codes follow platform.openai.com/docs/guides/error-codes (seen 2026-11-21).
"""

from msgspec import Struct, json

from trunkline.canon.errors import (
    BudgetExceeded,
    ClientError,
    ContentRejected,
    ContextLengthExceeded,
    CredentialMissing,
    Forbidden,
    GatewayError,
    Malformed,
    ModelMissing,
    NotFound,
    QuotaExhausted,
    RateLimited,
    Refused,
    Throttled,
    TimedOut,
    TokensLimited,
    UnknownModel,
)
from trunkline.canon.exchange import Headers
from trunkline.dialects.base import WireError
from trunkline.dialects.retry_after import retry_headers

_INVALID = "invalid_request_error"
_SERVER = "server_error"

# By class or its nearest ancestor. A code of None is the upstream's own, or null.
_TYPES: dict[type[GatewayError], tuple[str, str | None]] = {
    Malformed: (_INVALID, None),
    Forbidden: (_INVALID, "permission_denied"),
    UnknownModel: (_INVALID, "model_not_found"),
    NotFound: (_INVALID, None),
    # OpenAI's type of a rate limit is what ran out: requests or tokens.
    RateLimited: ("requests", "rate_limit_exceeded"),
    TokensLimited: ("tokens", "rate_limit_exceeded"),
    Throttled: ("requests", "rate_limit_exceeded"),
    BudgetExceeded: ("insufficient_quota", None),
    QuotaExhausted: ("insufficient_quota", "insufficient_quota"),
    TimedOut: ("timeout", "upstream_timeout"),
    CredentialMissing: (_INVALID, "credential_missing"),
    ModelMissing: (_INVALID, "model_not_found"),
    ContextLengthExceeded: (_INVALID, "context_length_exceeded"),
    ContentRejected: (_INVALID, "content_filter"),
    Refused: (_INVALID, None),
}


class ErrorOut(Struct):
    message: str
    type: str
    param: str | None
    code: str | None


class _Body(Struct):
    error: ErrorOut


def render_error(error: GatewayError, request_id: str) -> WireError:
    headers: Headers = (
        (b"content-type", b"application/json"),
        (b"x-request-id", request_id.encode()),
        *retry_headers(error),
    )
    # 529 is Anthropic's own; OpenAI's clients know an overload as 503.
    status = 503 if error.status == 529 else error.status
    return WireError(status, headers, _body(error))


def stream_error(error: GatewayError) -> bytes:
    """The last event of a stream that broke: openai-python raises APIError for it. No [DONE] follows."""
    return b"data: " + _body(error) + b"\n\n"


def error_out(error: GatewayError) -> ErrorOut:
    kind, code = _shape(error)
    param = error.param
    if param is None and isinstance(error, UnknownModel):
        param = "model"
    return ErrorOut(error.message, kind, param, code)


def _body(error: GatewayError) -> bytes:
    return json.encode(_Body(error_out(error)))


def _shape(error: GatewayError) -> tuple[str, str | None]:
    if isinstance(error, BudgetExceeded):
        # A cap with a name of its own is known by it: cost_limit_per_day.
        kind = error.upstream_code or error.code
        return kind, kind
    for ancestor in type(error).__mro__:
        if ancestor in _TYPES:
            kind, code = _TYPES[ancestor]
            told = error.upstream_code
            if isinstance(error, ClientError) and told is not None:
                return kind, told  # ours, and more telling than its class
            # An upstream without a code is known by its type, which is no code.
            return kind, code or (None if told == kind else told)
    # No row of its own: its status tells whose fault it is, its code what happened.
    return (_INVALID if isinstance(error, ClientError) else _SERVER), error.code
