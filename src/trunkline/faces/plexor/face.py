"""The plexor face: both SDKs under /gateway, with plexor's headers and extension fields."""

from collections.abc import Mapping, Sequence

from msgspec import MsgspecError, Raw, json

from trunkline.canon.errors import (
    ClientError,
    Forbidden,
    GatewayError,
    Malformed,
    Overloaded,
    Unauthenticated,
)
from trunkline.canon.exchange import Exchange, Headers
from trunkline.dialects.base import ErrorTeller, WireError
from trunkline.dialects.raws import NOT_JSON
from trunkline.faces import limits
from trunkline.faces.base import (
    FaceSpec,
    Mount,
    answering,
    cost,
    header_safe,
    trunkline_headers,
    usd,
)
from trunkline.flow.base import Face

_ENVELOPE = json.Decoder(dict[str, Raw])
_DEFAULT_MAX_TOKENS = Raw(b"1024")
# Body twins of the X-Plexor headers: ours to read, never the upstream's to see.
_EXTENSIONS = ("plexor_mode", "plexor_provider", "plexor_session_id")
# What they may say: no mode and no forced provider has an effect yet, but a typing error shall show.
_MODES = ("eco", "balanced", "quality", "passthrough")
_PROVIDERS = ("auto", "claude", "anthropic", "openai", "deepseek", "mistral", "gemini")
_FIELDS = {"plexor_mode": _MODES, "plexor_provider": _PROVIDERS}
_HEADERS = {
    b"x-plexor-mode": _MODES,
    b"x-plexor-provider": _PROVIDERS,
    b"x-force-provider": _PROVIDERS,
}


class Plexor:
    name = "plexor"

    def prepare(self, envelope: dict[str, Raw], headers: Mapping[bytes, bytes]) -> bool:
        for name, known in _HEADERS.items():
            value = headers.get(name)
            if value is not None:
                _check(name.decode(), value.decode("latin-1"), known)
        changed = False
        for field in _EXTENSIONS:
            own = envelope.pop(field, None)
            if own is not None:
                changed = True
                _check(field, _text(field, own), _FIELDS.get(field))
        if "max_tokens" not in envelope and "max_completion_tokens" not in envelope:
            envelope["max_tokens"] = _DEFAULT_MAX_TOKENS
            changed = True
        return changed

    def headers(self, exchange: Exchange, *, streaming: bool) -> Headers:
        headers = trunkline_headers(exchange, streaming=streaming)
        headers.append((b"x-plexor-request-id", exchange.id.encode()))
        headers.append((b"x-plexor-mode", b"passthrough"))
        if exchange.allowances:
            headers += limits.single(exchange)
        answered = exchange.answered_by
        if answered is not None:
            headers.append((b"x-plexor-provider-used", header_safe(answered.deployment.provider)))
            latency = round(exchange.first_content_ms or 0.0)
            headers.append((b"x-plexor-latency-ms", b"%d" % latency))
            paid = None if streaming else cost(answering(exchange))
            if paid is not None:
                headers.append((b"x-plexor-actual-cost", usd(paid).encode()))
        return tuple(headers)

    def extend(self, body: bytes, exchange: Exchange) -> bytes:
        """`model` becomes the model requested; provider and cost, where it is known, are added."""
        answered = exchange.answered_by
        if answered is None:
            return body
        try:
            answer = _ENVELOPE.decode(body)
        except NOT_JSON:
            return body
        answer["model"] = Raw(json.encode(exchange.model))
        answer["plexor_provider_used"] = Raw(json.encode(answered.deployment.provider))
        paid = cost(answering(exchange))
        if paid is not None:
            answer["plexor_cost_usd"] = Raw(usd(paid).encode())
        return json.encode(answer)

    def refuse(self, error: GatewayError, request_id: str, server: ErrorTeller) -> WireError:
        """Anthropic's shape on both mounts; an OpenAI SDK finds its `error` object in it, too."""
        rendered = server.render_error(error, request_id)
        detail: dict[str, str | None] = {"type": _type(error), "message": error.message}
        if server.name == "openai-chat":
            detail |= {"param": error.param, "code": error.upstream_code or error.code}
        body = {"type": "error", "error": detail, "request_id": request_id}
        return WireError(rendered.status, rendered.headers, json.encode(body))


def _text(field: str, raw: Raw) -> str | None:
    try:
        return json.decode(raw, type=str | None)
    except (MsgspecError, UnicodeDecodeError):
        raise Malformed(f"'{field}' must be a string", param=field) from None


def _check(name: str, value: str | None, known: Sequence[str] | None) -> None:
    """Raises Malformed."""
    if value is not None and known is not None and value.strip().lower() not in known:
        raise Malformed(f"'{name}' must be one of {', '.join(known)}", param=name)


def _type(error: GatewayError) -> str:
    match error:
        case Unauthenticated() | Forbidden():
            return "authentication_error"
        case GatewayError(status=429):
            return "rate_limit_error"  # plexor's table of statuses knows no other reason for a 429
        case ClientError():
            return "invalid_request_error"
        case Overloaded():
            return "overloaded_error"
        case _:
            return "invalid_request_error" if error.status < 500 else "api_error"


_face: Face = Plexor()
SPEC = FaceSpec(
    _face,
    (
        Mount(b"/gateway/openai/v1/chat/completions", "openai-chat", "chat", "chat:write"),
        Mount(b"/gateway/anthropic/v1/messages", "anthropic-messages", "chat", "chat:write"),
        Mount(
            b"/gateway/anthropic/v1/messages/count_tokens",
            "anthropic-messages",
            "count_tokens",
            "chat:write",
        ),
    ),
)
