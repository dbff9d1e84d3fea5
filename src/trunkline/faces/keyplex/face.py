"""The keyplex face: OpenAI's shapes under /api/v1, with keyplex's error object."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.errors import (
    BudgetExceeded,
    ClientError,
    ContextLengthExceeded,
    Forbidden,
    GatewayError,
    RateLimited,
    Throttled,
    Unauthenticated,
    UnknownModel,
    UpstreamError,
)
from trunkline.canon.exchange import Exchange, Headers
from trunkline.dialects.base import ErrorTeller, WireError
from trunkline.faces import limits
from trunkline.faces.base import FaceSpec, Mount, trunkline_headers
from trunkline.flow.base import Face


class Keyplex:
    name = "keyplex"

    def prepare(self, envelope: dict[str, Raw], headers: Mapping[bytes, bytes]) -> bool:
        return False

    def headers(self, exchange: Exchange, *, streaming: bool) -> Headers:
        headers = trunkline_headers(exchange, streaming=streaming)
        if exchange.allowances:
            headers += limits.pairs(exchange, limits.timestamp)
        return tuple(headers)

    def extend(self, body: bytes, exchange: Exchange) -> bytes:
        return body

    def refuse(self, error: GatewayError, request_id: str, server: ErrorTeller) -> WireError:
        rendered = server.render_error(error, request_id)
        kind, code = _kind(error)
        body = {
            "error": {
                "type": kind,
                "code": code,
                "message": error.message,
                "param": error.param,
                "request_id": request_id,
            }
        }
        return WireError(rendered.status, rendered.headers, json.encode(body))


def _kind(error: GatewayError) -> tuple[str, str]:
    """(type, code) in keyplex's vocabulary."""
    code = error.upstream_code or error.code
    match error:
        case UnknownModel():
            return "invalid_request_error", "invalid_model"
        case Unauthenticated():
            return "authentication_error", code
        case Forbidden():
            return "permission_error", code
        case RateLimited() | BudgetExceeded() | Throttled():
            return "rate_limit_error", code
        case ContextLengthExceeded():
            return "context_length_error", code
        case ClientError():
            return "invalid_request_error", code
        case UpstreamError() if error.status < 500:
            return "invalid_request_error", code
        case UpstreamError():
            return "model_error", code
        case _:
            return "server_error", code


_face: Face = Keyplex()
SPEC = FaceSpec(
    _face,
    (
        Mount(b"/api/v1/chat/completions", "openai-chat", "chat", "chat:write"),
        Mount(b"/api/v1/completions", "openai-completions", "text_completion", "completions:write"),
        Mount(b"/api/v1/embeddings", "openai-embeddings", "embeddings", "embeddings:write"),
    ),
    root="/api/v1",
)
