"""
Every place of the input that a client can put a word in.

"@" is where a canary goes; "#" too, where the ledger tells requests apart by what stands there.
"""

from collections.abc import Mapping
from typing import Any, Final

# Sent one by one, beside a good key and a good request.
HEADERS: Final = (
    "accept",
    "accept-language",
    "anthropic-beta",
    "baggage",
    "content-language",
    "cookie",
    "forwarded",
    "from",
    "idempotency-key",
    "openai-beta",
    "openai-organization",
    "openai-project",
    "origin",
    "proxy-authorization",
    "referer",
    "traceparent",
    "tracestate",
    "user-agent",
    "via",
    "x-api-key",
    "x-canary",
    "x-client-request-id",
    "x-correlation-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-goog-api-key",
    "x-goog-user-project",
    "x-request-id",
    "x-stainless-lang",
    "x-trunkline-anything",
)
SESSIONS: Final = (
    "x-trunkline-session-id",
    "x-plexor-session-id",
    "x-claude-code-session-id",
    "session-id",
    "session_id",
)
"""Headers by which the ledger tells requests apart (docs/reference/sessions.md)."""
# The key itself, wherever one may stand: header and value, or a query.
KEYS: Final = (
    ("authorization", "Bearer @"),
    ("authorization", "Bearer sk-@"),
    ("authorization", "Basic @"),
    ("authorization", "@"),
    ("authorization", "Bearer tl_@_@"),
    ("authorization", "Bearer eyJ@.eyJ@.@"),
    ("x-api-key", "@"),
    ("x-goog-api-key", "AIza@"),
    ("x-plexor-key", "plx_@_@"),
    ("?key=", "@"),
)
_TOOL: Final = {
    "type": "object",
    "properties": {"@": {"type": "string", "description": "@", "enum": ["@"]}},
    "description": "@",
}
_FUNCTION: Final = {"name": "@", "description": "@", "parameters": _TOOL}
_CALL: Final = {"name": "@", "arguments": '{"@": "@"}'}
_IMAGE: Final = "https://example.com/@?token=@"

BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "/v1/chat/completions": {
        "messages": [
            {"role": "system", "content": "@", "name": "@"},
            {"role": "user", "content": [{"type": "text", "text": "@"}], "name": "@"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": _IMAGE}}]},
            {
                "role": "assistant",
                "content": "@",
                "tool_calls": [{"id": "call_@", "type": "function", "function": _CALL}],
            },
            {"role": "tool", "tool_call_id": "call_@", "content": "@"},
            {"role": "user", "content": "@"},
        ],
        "tools": [{"type": "function", "function": _FUNCTION}],
        "metadata": {"@": "@"},
        "user": "@",
        "safety_identifier": "@",
        "prompt_cache_key": "#",
        "stop": ["@"],
        "prediction": {"type": "content", "content": "@"},
        "x_@": "@",
    },
    "/v1/messages": {
        "max_tokens": 40,
        "system": [{"type": "text", "text": "@"}],
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image", "source": {"type": "url", "url": _IMAGE}}],
            },
            {"role": "assistant", "content": [{"type": "text", "text": "@"}]},
            {"role": "user", "content": "@"},
        ],
        "tools": [{"name": "@", "description": "@", "input_schema": _TOOL}],
        "metadata": {"user_id": "@"},
        "stop_sequences": ["@"],
        "x_@": "@",
    },
    "/v1/responses": {
        "store": False,
        "instructions": "@",
        "input": [
            {"role": "user", "content": [{"type": "input_image", "image_url": _IMAGE}]},
            {"role": "user", "content": "@"},
        ],
        "tools": [{"type": "function", **_FUNCTION}],
        "metadata": {"@": "@"},
        "user": "@",
        "safety_identifier": "@",
        "prompt_cache_key": "#",
    },
    "/v1/completions": {"prompt": "@", "suffix": None, "user": "@", "stop": ["@"]},
    "/v1/embeddings": {"input": ["@"], "user": "@"},
    "/v1beta/models/{model}:batchEmbedContents": {
        "requests": [
            {
                "content": {"parts": [{"text": "@"}, {"text": "@"}]},
                "taskType": "@",
                "title": "@",
            }
        ],
    },
    "/v1beta/models/{model}:generateContent": {
        "systemInstruction": {"parts": [{"text": "@"}]},
        "contents": [{"role": "user", "parts": [{"text": "@"}]}],
        "tools": [{"functionDeclarations": [_FUNCTION]}],
        "labels": {"@": "@"},
        "generationConfig": {"stopSequences": ["@"]},
    },
    "/v1/messages/count_tokens": {"messages": [{"role": "user", "content": "@"}]},
}
"""By path; a model is added."""

_SAID: Final = (
    "my key is sk-@, and curl -H 'Authorization: Bearer @' -H 'api-key: @'",
    "-----BEGIN RSA PRIVATE KEY-----\n@\n@\n-----END RSA PRIVATE KEY-----",
    "PASSWORD=@ https://x.example/?token=@ AIza@ plx_ada_@ ghp_@ tl_id_@",
)
_TOLD: Final = '{"path": "x", "api_key": "@", "in": "{\\"password\\": \\"@\\"}"}'
PASTED: Final[Mapping[str, Mapping[str, Any]]] = {
    "/v1/chat/completions": {
        "messages": [
            {"role": "system", "content": _SAID[0]},
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "f", "arguments": _TOLD},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": _TOLD},
            *({"role": "user", "content": said} for said in _SAID),
        ],
        "metadata": {"Client-Secret": "@", "x_badge": "@"},
    },
    "/v1/messages": {
        "max_tokens": 400,
        "system": _SAID[1],
        "messages": [{"role": "user", "content": "\n".join((*_SAID, _TOLD))}],
    },
    "/v1/responses": {"store": False, "input": "\n".join((*_SAID, _TOLD))},
    "/v1/completions": {"prompt": "\n".join(_SAID)},
}
"""Secrets in the shapes and fields in which people tell them to models."""

BROKEN: Final[tuple[Any, ...]] = (
    {"messages": "@"},
    {"messages": [{"role": "@", "content": "@"}]},
    {"messages": [{"role": "user", "content": [{"type": "@", "text": "@"}]}]},
    {"messages": [{"role": "user", "content": {"@": "@"}}]},
    {"messages": [], "stream": "@"},
    {"messages": [], "max_tokens": "@"},
    {"messages": [{"role": "user", "content": "hi"}], "tools": [{"type": "@"}]},
    {"messages": [{"role": "user", "content": "hi"}], "temperature": "@"},
    {"messages": [{"role": "user", "content": "hi"}], "response_format": {"type": "@"}},
    {"messages": [{"role": "user", "content": "hi"}], "tool_choice": "@"},
    {"messages": [{"role": "user", "content": "hi"}], "service_tier": "@"},
    ["@"],
)
"""What no dialect takes, beside a model."""

# Each class of fault once or more, kept short: the clocks of the targets run out soon.
FAULTS: Final = (
    "u1",
    "u2",
    "u3",
    "u4:after=1",
    "u5:after=1",
    "u5:after=0:kind=clean",
    "u6:after=0",
    "u6:after=1:kind=shape",
    "u7:kind=comments+crlf",
    "u8:kind=headers",
    "u9:kind=html",
    "u9:kind=json",
    "u10:retry_after=60",
    "u10:kind=quota",
    "u11",
    "u11:kind=html",
    "u12:kind=context",
    "u12:kind=filter",
    "u12:kind=leak",
    "u12:status=401",
    "u12:status=404",
    "u13:after=0",
    "u13:after=1",
    "u14:kind=gzip:size=10000",
    "u15",
    "u16:every=0.5",
    "u17:kind=negative",
    "u18",
    "u18:kind=forged",
    "u19:rate=1.0",
)
