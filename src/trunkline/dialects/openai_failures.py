"""
What an OpenAI-like upstream says of its failure, told by whose fault it is and what may help.

Bodies differ more than answers do: OpenAI {"error":{message,type,param,code}}, OpenRouter integer
codes, Gemini's endpoint [{"error":{..,"status"}}], Cohere {"message"}, Mistral {"detail"} or
{"message"}, gateways in between plain text or HTML (all seen 2026-11-21).
"""

import re
from collections.abc import Mapping

from msgspec import Struct, json

from trunkline.canon.errors import (
    BadCredential,
    ContentRejected,
    ContextLengthExceeded,
    Garbled,
    GatewayError,
    ModelMissing,
    Overloaded,
    QuotaExhausted,
    Refused,
    Throttled,
    UpstreamError,
)
from trunkline.canon.exchange import Headers
from trunkline.dialects.raws import NOT_JSON
from trunkline.dialects.retry_after import retry_after
from trunkline.dialects.scrub import scrub

# Codes, types and Google's statuses, in lower case, that say what the status alone does not.
_WORDS: Mapping[str, type[UpstreamError]] = {
    "context_length_exceeded": ContextLengthExceeded,
    "content_filter": ContentRejected,
    "content_policy_violation": ContentRejected,
    "responsibleaipolicyviolation": ContentRejected,
    "moderation_blocked": ContentRejected,
    "insufficient_quota": QuotaExhausted,
    "billing_hard_limit_reached": QuotaExhausted,
    "billing_not_active": QuotaExhausted,
    "insufficient_balance": QuotaExhausted,
    "rate_limit_exceeded": Throttled,
    "rate_limit_error": Throttled,
    "resource_exhausted": Throttled,
    "too_many_requests": Throttled,
    "invalid_api_key": BadCredential,
    "authentication_error": BadCredential,
    "unauthenticated": BadCredential,
    "permission_denied": BadCredential,
    "model_not_found": ModelMissing,
    "server_error": Overloaded,
    "internal_server_error": Overloaded,
    "api_error": Overloaded,
    "overloaded_error": Overloaded,
    "engine_overloaded": Overloaded,
    "internal": Overloaded,
    "unavailable": Overloaded,
    "timeout": Overloaded,
    "invalid_request_error": Refused,
    "invalid_argument": Refused,
    "tool_use_failed": Refused,
}
# An error in a stream has no status of its own; these say what 503 does.
_SATED = frozenset({"overloaded_error", "engine_overloaded"})
# Last resorts, for the many that have no code for it.
_TEXTS: tuple[tuple[re.Pattern[str], type[UpstreamError]], ...] = (
    (
        re.compile(
            r"context[ _](length|window|size)|(prompt|input) is too long|too many input tokens"
            r"|reduce the length of|input token count|maximum prompt length|too large to process",
            re.IGNORECASE,
        ),
        ContextLengthExceeded,
    ),
    (
        re.compile(
            r"content management policy|content policy|requires moderation|\bflagged\b",
            re.IGNORECASE,
        ),
        ContentRejected,
    ),
    (
        re.compile(
            r"insufficient (balance|funds|credit)|credit balance|out of credits", re.IGNORECASE
        ),
        QuotaExhausted,
    ),
    (
        re.compile(r"api key (not valid|expired)|(invalid|incorrect) api key", re.IGNORECASE),
        BadCredential,
    ),
    (
        re.compile(
            r"model\b[^.]{0,80}(not exist|not found|decommissioned)|invalid model\b"
            r"|not a valid model|unknown model",
            re.IGNORECASE,
        ),
        ModelMissing,
    ),
)
# Where OpenAI says that a string of the prompt is longer than it takes, as in "messages[17].content"
# (seen 2026-11-22).
_PROMPT = re.compile(
    r"(input|prompt)(\.?\[\d{1,9}\])?|instructions"
    r"|(messages|input)\.?\[\d{1,9}\]\..{0,150}?\b(content|text|output|arguments|input)(\.?\[\d{1,9}\])?"
)
_READ = 4096
"""Characters of a message that are looked through: in a megabyte of it, that took a quarter second."""
_DELAY = re.compile(r"(\d{1,6}(\.\d{1,9})?)s")


class _Said(Struct):
    """What a body of any shape comes down to."""

    message: str = ""
    words: tuple[str, ...] = ()
    """Its code, type and status, where they are words; the code first."""
    number: int = 0
    """A status in the body."""
    param: str | None = None
    delay: float | None = None


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """`status` 2xx is an answer that turned out to be an error, whole or in a stream."""
    if 300 <= status < 400:
        return Garbled(f"the provider answered with a redirect ({status}), which is not followed")
    said = _listen(body)
    if not 400 <= status < 600:
        status = said.number or (503 if _SATED.intersection(said.words) else 0)
    kind = _kind(status, said)
    if kind is BadCredential:
        # Nothing of it reaches the client, whose own credential is not meant.
        return BadCredential(
            "the provider refused this gateway's credential",
            detail=scrub(f"{status}: {said.message}"),
        )
    message = scrub(said.message) or f"the provider answered with status {status or 'unknown'}"
    wait = retry_after(headers)
    return kind(
        message,
        detail=f"status {status}",
        code=said.words[0] if said.words else None,
        param=said.param,
        status=_status(kind, status),
        retry_after=said.delay if wait is None else wait,
    )


def _kind(status: int, said: _Said) -> type[UpstreamError]:
    if status == 402:
        return QuotaExhausted
    named = next((_WORDS[word.lower()] for word in said.words if word.lower() in _WORDS), None)
    if named is not None and named not in (Refused, Overloaded):
        return named
    if _prompt_too_long(said):
        return ContextLengthExceeded
    if status not in (401, 404, 429):
        message = said.message[:_READ]
        for pattern, kind in _TEXTS:
            if pattern.search(message) and not _about_the_answer(kind, said):
                return kind
    if 400 <= status < 600:
        return _by_status(status)
    return named or Overloaded


def _about_the_answer(kind: type[UpstreamError], said: _Said) -> bool:
    """Too many tokens were asked for, not sent: no larger context helps."""
    return kind is ContextLengthExceeded and (said.param or "").startswith("max_")


def _prompt_too_long(said: _Said) -> bool:
    """Of a name or an id that is too long another model would say the same."""
    return "string_above_max_length" in said.words and bool(_PROMPT.fullmatch(said.param or ""))


def _by_status(status: int) -> type[UpstreamError]:
    if status in (401, 403):
        return BadCredential
    if status == 404:
        return ModelMissing
    if status == 429:
        return Throttled
    if status >= 500 or status in (408, 425):
        return Overloaded
    return Refused


def _status(kind: type[UpstreamError], status: int) -> int | None:
    if kind is Refused:
        return status if 400 <= status < 500 else 400
    if kind is Overloaded:
        return status if status in (503, 529) else 502
    return None


def _listen(body: bytes) -> _Said:
    try:
        found = json.decode(body)
    except NOT_JSON:
        return _Said(_prose(body))
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return _Said(_text(found))
    inner = next((found[key] for key in ("error", "detail") if found.get(key)), found)
    return _fields(inner if isinstance(inner, dict) else {**found, "message": inner})


def _fields(error: Mapping[str, object]) -> _Said:
    message = _text(error.get("message") or error.get("msg"))
    extra = error.get("metadata")
    if isinstance(extra, dict) and isinstance(extra.get("raw"), str):
        # OpenRouter: "Provider returned error", and here what the provider said.
        message = f"{message}: {extra['raw']}"
    param, code, inner = error.get("param"), error.get("code"), error.get("innererror")
    numbers = (code, error.get("status_code"), error.get("status"))
    # Azure says in the inner one which filter it was.
    words = (
        inner.get("code") if isinstance(inner, dict) else None,
        code,
        error.get("type"),
        error.get("status"),
    )
    return _Said(
        message=message,
        words=tuple(word[:64] for word in words if isinstance(word, str) and word),
        number=next((n for n in numbers if isinstance(n, int) and 400 <= n < 600), 0),
        param=param[:200] if isinstance(param, str) else None,
        delay=_delay(error.get("details")),
    )


def _text(found: object, depth: int = 3) -> str:
    """The words in whatever stands where a message should."""
    if isinstance(found, str):
        return found
    if isinstance(found, list) and depth:
        return "; ".join(_text(one, depth - 1) for one in found[:3])
    if isinstance(found, dict) and depth:
        return _text(found.get("message") or found.get("msg"), depth - 1)
    return ""


def _prose(body: bytes) -> str:
    text = body[:2048].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else text


def _delay(details: object) -> float | None:
    """Google's RetryInfo: {"retryDelay": "34s"}."""
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        match = _DELAY.fullmatch(delay) if isinstance(delay, str) else None
        if match is not None:
            return float(match[1])
    return None
