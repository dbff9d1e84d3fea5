"""The native face: OpenAI's and Anthropic's shapes exactly as they are, under /v1, and Google's."""

from collections.abc import Mapping
from typing import Final

from msgspec import Raw

from trunkline.canon.errors import GatewayError, Malformed
from trunkline.canon.exchange import Exchange, Headers
from trunkline.dialects.base import ErrorTeller, WireError
from trunkline.faces import limits
from trunkline.faces.base import FaceSpec, Mount, trunkline_headers
from trunkline.flow.base import Face

# Which pipeline a request shall pass: to serve it without one would be another thing than was asked for.
_PIPES: Final = (b"x-trunkline-pipe", b"x-prxy-pipe")


class Native:
    name = "native"

    def prepare(self, envelope: dict[str, Raw], headers: Mapping[bytes, bytes]) -> bool:
        for name in _PIPES:
            if headers.get(name):
                shown = name.decode()
                raise Malformed(
                    f"'{shown}' names modules that are not known: this version has none yet. Leave"
                    " the header out.",
                    param=shown,
                )
        return False

    def headers(self, exchange: Exchange, *, streaming: bool) -> Headers:
        headers = trunkline_headers(exchange, streaming=streaming)
        if exchange.allowances:
            if exchange.dialect == "anthropic-messages":
                headers += limits.anthropic(exchange)
            elif not exchange.dialect.startswith("gemini"):  # which tells of none
                headers += limits.pairs(exchange, limits.duration)
        return tuple(headers)

    def extend(self, body: bytes, exchange: Exchange) -> bytes:
        return body

    def refuse(self, error: GatewayError, request_id: str, server: ErrorTeller) -> WireError:
        return server.render_error(error, request_id)


_face: Face = Native()
SPEC = FaceSpec(
    _face,
    (
        Mount(b"/v1/chat/completions", "openai-chat", "chat", "chat:write"),
        Mount(b"/v1/responses", "openai-responses", "chat", "chat:write", remembers=True),
        Mount(b"/v1/messages", "anthropic-messages", "chat", "chat:write"),
        Mount(b"/v1/messages/count_tokens", "anthropic-messages", "count_tokens", "chat:write"),
        Mount(
            b"/v1/responses/input_tokens",
            "openai-responses",
            "count_tokens",
            "chat:write",
            remembers=True,
        ),
        Mount(b"/v1beta/{model}:generateContent", "gemini", "chat", "chat:write"),
        Mount(
            b"/v1beta/{model}:streamGenerateContent", "gemini", "chat", "chat:write", streams=True
        ),
        Mount(b"/v1beta/{model}:countTokens", "gemini", "count_tokens", "chat:write"),
        # Vertex AI's paths, and those of the SDKs' other versions.
        Mount(b"/v1beta1/{model}:generateContent", "gemini", "chat", "chat:write"),
        Mount(
            b"/v1beta1/{model}:streamGenerateContent", "gemini", "chat", "chat:write", streams=True
        ),
        Mount(b"/v1beta1/{model}:countTokens", "gemini", "count_tokens", "chat:write"),
        Mount(b"/v1/{model}:generateContent", "gemini", "chat", "chat:write"),
        Mount(b"/v1/{model}:streamGenerateContent", "gemini", "chat", "chat:write", streams=True),
        Mount(b"/v1/{model}:countTokens", "gemini", "count_tokens", "chat:write"),
        Mount(b"/v1/completions", "openai-completions", "text_completion", "completions:write"),
        Mount(b"/v1/embeddings", "openai-embeddings", "embeddings", "embeddings:write"),
        *(
            Mount(path, "gemini-embeddings", "embeddings", "embeddings:write")
            for version in (b"/v1beta", b"/v1beta1", b"/v1")
            for path in (
                version + b"/{model}:embedContent",
                version + b"/{model}:batchEmbedContents",
            )
        ),
    ),
)
