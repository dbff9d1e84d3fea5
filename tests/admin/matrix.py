"""
Who may call what: every route of the gateway, by policy and scope.

A route that is not here fails the test: whoever adds one says here who may call it.
"""

from collections.abc import Mapping, Sequence

ADMIN: Sequence[str] = (
    "GET /admin/v1/requests/{request_id}",
    "GET /admin/v1/requests/{request_id}/bodies",
    "GET /admin/v1/requests",
    "GET /admin/v1/usage",
    "POST /admin/v1/reconcile",
    "POST /admin/v1/keys",
    "GET /admin/v1/keys",
    "GET /admin/v1/keys/{key_id}",
    "PATCH /admin/v1/keys/{key_id}",
    "POST /admin/v1/keys/{key_id}/rotate",
    "DELETE /admin/v1/keys/{key_id}",
    "POST /admin/v1/tenants",
    "GET /admin/v1/tenants",
    "GET /admin/v1/tenants/{tenant}",
    "PATCH /admin/v1/tenants/{tenant}",
    "DELETE /admin/v1/tenants/{tenant}",
    "POST /admin/v1/tenants/{tenant}/users",
    "GET /admin/v1/tenants/{tenant}/users",
    "GET /admin/v1/tenants/{tenant}/users/{user}",
    "PATCH /admin/v1/tenants/{tenant}/users/{user}",
    "DELETE /admin/v1/tenants/{tenant}/users/{user}",
    "GET /admin/v1/plans",
    "GET /admin/v1/plans/{plan}",
    "POST /admin/v1/subscriptions",
    "GET /admin/v1/subscriptions",
    "GET /admin/v1/subscriptions/{subscription_id}",
    "POST /admin/v1/subscriptions/{subscription_id}/renew",
    "DELETE /admin/v1/subscriptions/{subscription_id}",
    "POST /admin/v1/config/reload",
    "GET /admin/v1/targets",
    "GET /admin/v1/statistics",
    "GET /admin/v1/openapi.json",
    "GET /metrics",
    "POST /admin/v1/credentials",
    "GET /admin/v1/credentials",
    "DELETE /admin/v1/credentials/{credential_id}",
    "POST /admin/v1/credentials/rotate-kek",
    "POST /admin/v1/webhooks",
    "GET /admin/v1/webhooks",
    "GET /admin/v1/webhooks/{webhook_id}",
    "PATCH /admin/v1/webhooks/{webhook_id}",
    "DELETE /admin/v1/webhooks/{webhook_id}",
    "POST /admin/v1/webhooks/{webhook_id}/rotate",
    "POST /admin/v1/webhooks/{webhook_id}/test",
    "GET /admin/v1/webhooks/{webhook_id}/deliveries",
    "POST /admin/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
)
"""The admin key alone."""

_HOOKS = ("/v1/webhooks", "/api/v1/webhooks", "/plutos/v1/webhooks")

KEY: Mapping[str, Sequence[str]] = {
    "": ("GET /v1/requests", "GET /v1/requests/{request_id}"),
    "usage:read": (
        "GET /v1/usage",
        "GET /api/v1/usage",
        "GET /plutos/v1/usage",
        "GET /v1/me",
    ),
    "models:read": (
        "GET /v1/models",
        "GET /v1/models/{model:path}",
        "GET /v1beta/models",
        "GET /v1beta/models/{model:path}",
    ),
    "chat:write": (
        "GET /v1/responses/{response_id}",
        "DELETE /v1/responses/{response_id}",
        "POST /v1/responses/compact",
        "POST /v1/responses/{response_id}/cancel",
        "GET /v1/responses/{response_id}/input_items",
    ),
    "keys:read": ("GET /api/v1/keys", "GET /api/v1/keys/{key_id}"),
    "keys:write": (
        "POST /api/v1/keys",
        "POST /api/v1/keys/{key_id}/rotate",
        "DELETE /api/v1/keys/{key_id}",
    ),
    "webhooks:read": tuple(
        f"GET {base}{rest}"
        for base in _HOOKS
        for rest in ("", "/{webhook_id}", "/{webhook_id}/deliveries")
    ),
    "webhooks:write": tuple(
        f"{method} {base}{rest}"
        for base in _HOOKS
        for method, rest in (
            ("POST", ""),
            ("PATCH", "/{webhook_id}"),
            ("DELETE", "/{webhook_id}"),
            ("POST", "/{webhook_id}/rotate"),
            ("POST", "/{webhook_id}/test"),
            ("POST", "/{webhook_id}/deliveries/{delivery_id}/redeliver"),
        )
    ),
}
"""Keys that hold this scope, and keys without scopes but for tenancy.keys.NAMED; the admin key, too."""

HOT: Mapping[str, Sequence[str]] = {
    "chat:write": (
        "/v1/chat/completions",
        "/v1/responses",
        "/v1/responses/input_tokens",
        "/v1/messages",
        "/v1/messages/count_tokens",
        *(
            f"/{version}/{{model}}:{verb}"
            for version in ("v1", "v1beta", "v1beta1")
            for verb in ("generateContent", "streamGenerateContent", "countTokens")
        ),
        "/gateway/openai/v1/chat/completions",
        "/gateway/anthropic/v1/messages",
        "/gateway/anthropic/v1/messages/count_tokens",
        "/api/v1/chat/completions",
    ),
    "completions:write": ("/v1/completions", "/api/v1/completions"),
    "embeddings:write": (
        "/v1/embeddings",
        "/api/v1/embeddings",
        *(
            f"/{version}/{{model}}:{verb}"
            for version in ("v1", "v1beta", "v1beta1")
            for verb in ("embedContent", "batchEmbedContents")
        ),
    ),
}
"""Endpoints of faces, each a POST; the admin key is no key for these."""
