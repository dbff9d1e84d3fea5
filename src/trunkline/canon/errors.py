"""
Every way a request can fail, told by whose fault it is.

GatewayError
├── ClientError                 the request cannot be served as sent
│   ├── Malformed               400  not the JSON or the shape the dialect asks for
│   ├── Unsupported             400  well-formed, but this target cannot express it
│   ├── Unauthenticated         401
│   │   └── UnknownKey          401  it looks like ours, and may have been made a moment ago
│   ├── Forbidden               403
│   ├── UnknownModel            404
│   ├── NotFound                404
│   ├── MethodNotAllowed        405
│   ├── TooSlow                 408  headers or body did not arrive in time
│   ├── Conflict                409  what is there already, or not as the caller thinks
│   ├── TooLarge                413
│   ├── IdempotencyInProgress   409  the first request under this key is still under way
│   ├── IdempotencyNotKept      410  it was answered, but with more than is kept
│   ├── IdempotencyMismatch     422  under this key something else was asked
│   ├── RateLimited             429  a limit of ours
│   │   └── TokensLimited       429  in tokens
│   ├── BudgetExceeded          429  a budget of ours
│   └── Blocked                 400  a guard of ours said no
├── UpstreamError               the provider's side failed
│   ├── Unreachable             502  no connection: refused, DNS, TLS
│   ├── Disconnected            502  reset or ended before the answer was whole
│   ├── Garbled                 502  not the protocol it should speak
│   ├── TimedOut                504  one of the three clocks ran out
│   ├── Overloaded              503  500, 502, 503, 529 and the like
│   ├── Throttled               429  the provider's own limit
│   ├── QuotaExhausted          429  the account behind the credential has run dry
│   ├── BadCredential           502  401 or 403: ours, never the client's
│   │   └── CredentialMissing   403  asked with tenants' own alone, and this one has none
│   ├── ModelMissing            404  the provider does not serve the model (to us)
│   ├── ContextLengthExceeded   400  the prompt is longer than the model can read
│   ├── ContentRejected         400  the provider's own filter
│   └── Refused                 4xx  the provider will not have this request
├── NoRouteAvailable            503  every deployment was tried or is cooling
├── LedgerUnavailable           503  the books cannot be written
├── LimitsUnavailable           503  what was used so far cannot be looked up
├── IssuerUnavailable           503  who calls cannot be checked: its issuer's keys were never had
├── Draining                    503  we are shutting down
├── Busy                        503  we hold as many connections as we may
└── InternalError               500  our own bug

`message` is safe to show to the client; `detail` is for our log alone.
"""

from typing import ClassVar


class GatewayError(Exception):
    """The one exception that crosses layers. Never raised itself."""

    status: int = 500
    code: ClassVar[str] = "internal_error"
    """A stable machine-readable word; dialects map it to their own type and code."""
    retryable: ClassVar[bool] = False
    """True where the same target may well answer the same request a moment later."""
    fallback: ClassVar[bool] = False
    """True where another deployment may answer what this one could not."""

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        param: str | None = None,
        code: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.param = param
        self.upstream_code = code
        """The upstream's own code or type ("context_length_exceeded"), where it gave one."""
        self.retry_after = retry_after
        """Seconds."""
        if status is not None:
            self.status = status

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status}, {self.message!r})"


class ClientError(GatewayError):
    status = 400
    code = "invalid_request"


class Malformed(ClientError):
    code = "invalid_request"


class Unsupported(ClientError):
    code = "unsupported_parameter"


class Unauthenticated(ClientError):
    status = 401
    code = "invalid_api_key"


class UnknownKey(Unauthenticated):
    """It looks like a key of ours; perhaps it was made a moment ago, by another process."""


class Forbidden(ClientError):
    status = 403
    code = "permission_denied"


class UnknownModel(ClientError):
    status = 404
    code = "model_not_found"


class NotFound(ClientError):
    status = 404
    code = "not_found"


class MethodNotAllowed(ClientError):
    status = 405
    code = "method_not_allowed"


class TooSlow(ClientError):
    status = 408
    code = "request_timeout"


class Conflict(ClientError):
    status = 409
    code = "conflict"


class TooLarge(ClientError):
    status = 413
    code = "request_too_large"


class IdempotencyInProgress(ClientError):
    status = 409
    code = "idempotency_in_progress"


class IdempotencyNotKept(ClientError):
    status = 410
    code = "idempotency_not_kept"


class IdempotencyMismatch(ClientError):
    status = 422
    code = "idempotency_mismatch"


class RateLimited(ClientError):
    status = 429
    code = "rate_limit_exceeded"


class TokensLimited(RateLimited):
    """A limit of tokens, not of requests: OpenAI tells these apart."""


class BudgetExceeded(ClientError):
    status = 429
    code = "insufficient_quota"


class Blocked(ClientError):
    code = "content_blocked"


class UpstreamError(GatewayError):
    status = 502
    code = "upstream_error"
    fallback = True


class Unreachable(UpstreamError):
    code = "upstream_unreachable"


class Disconnected(UpstreamError):
    code = "upstream_disconnected"
    retryable = True


class Garbled(UpstreamError):
    code = "upstream_garbled"


class TimedOut(UpstreamError):
    status = 504
    code = "upstream_timeout"


class Overloaded(UpstreamError):
    """`status` keeps the provider's meaning: 529 and 503 as they are, other 5xx become 502."""

    status = 503
    code = "upstream_overloaded"
    retryable = True


class Throttled(UpstreamError):
    status = 429
    code = "upstream_rate_limited"
    retryable = True


class QuotaExhausted(UpstreamError):
    status = 429
    code = "upstream_quota_exhausted"


class BadCredential(UpstreamError):
    code = "upstream_auth"


class CredentialMissing(BadCredential):
    """The provider is asked with its tenants' own credentials alone, and this tenant brought none."""

    status = 403
    code = "credential_missing"


class ModelMissing(UpstreamError):
    """The deployment names a model its provider lacks; another deployment may have it."""

    status = 404
    code = "model_not_found"


class ContextLengthExceeded(UpstreamError):
    status = 400
    code = "context_length_exceeded"


class ContentRejected(UpstreamError):
    status = 400
    code = "content_filter"
    fallback = False


class Refused(UpstreamError):
    """A 4xx that any other deployment of the same model would repeat; `status` is the upstream's."""

    status = 400
    code = "invalid_request"
    fallback = False


class NoRouteAvailable(GatewayError):
    status = 503
    code = "no_route_available"


class LedgerUnavailable(GatewayError):
    """The books cannot be written: money fails closed."""

    status = 503
    code = "ledger_unavailable"


class LimitsUnavailable(GatewayError):
    """What was used so far cannot be looked up: money fails closed."""

    status = 503
    code = "limits_unavailable"


class IssuerUnavailable(GatewayError):
    """A token cannot be checked before its issuer has told its keys."""

    status = 503
    code = "issuer_unavailable"


class Draining(GatewayError):
    status = 503
    code = "shutting_down"


class Busy(GatewayError):
    status = 503
    code = "overloaded"


class InternalError(GatewayError):
    status = 500
    code = "internal_error"
