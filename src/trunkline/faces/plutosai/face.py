"""The plutosai face: so far the errors of what the control plane serves under /plutos/v1."""

from collections.abc import Mapping
from math import ceil

from msgspec import Raw, json

from trunkline.canon.errors import (
    BudgetExceeded,
    ContextLengthExceeded,
    GatewayError,
    Malformed,
    ModelMissing,
    QuotaExhausted,
    RateLimited,
    Refused,
    Throttled,
    Unauthenticated,
    UnknownModel,
    Unsupported,
)
from trunkline.canon.exchange import Exchange, Headers
from trunkline.dialects.base import ErrorTeller, WireError
from trunkline.faces.base import FaceSpec, trunkline_headers
from trunkline.flow.base import Face


class Plutosai:
    name = "plutosai"

    def prepare(self, envelope: dict[str, Raw], headers: Mapping[bytes, bytes]) -> bool:
        return False

    def headers(self, exchange: Exchange, *, streaming: bool) -> Headers:
        return tuple(trunkline_headers(exchange, streaming=streaming))

    def extend(self, body: bytes, exchange: Exchange) -> bytes:
        return body

    def refuse(self, error: GatewayError, request_id: str, server: ErrorTeller) -> WireError:
        """The status is the dialect's; `details` say what is known beyond the message."""
        rendered = server.render_error(error, request_id)
        details: dict[str, str | int] = {}
        if error.param is not None:
            details["param"] = error.param
        if error.retry_after is not None:
            details["retryAfter"] = max(1, ceil(error.retry_after))
        body = {
            "error": {
                "code": _code(error),
                "message": error.message,
                "details": details,
                "requestId": request_id,
            }
        }
        return WireError(rendered.status, rendered.headers, json.encode(body))


def _code(error: GatewayError) -> str:
    """In plutosai's vocabulary, where that has a word for it."""
    match error:
        case Unauthenticated():
            return "invalid_api_key"
        case RateLimited() | Throttled():
            return "rate_limit_exceeded"
        case BudgetExceeded() | QuotaExhausted():
            return "insufficient_quota"
        case UnknownModel() | ModelMissing():
            return "invalid_model"
        case ContextLengthExceeded():
            return "input_too_long"
        case Malformed() | Unsupported() | Refused():
            return "invalid_parameters"
        case _:
            return error.upstream_code or error.code


_face: Face = Plutosai()
SPEC = FaceSpec(_face, (), root="/plutos/v1")
