"""
What Cohere says of its own failures, decoded: {"message": "...", "id": "..."}.

docs.cohere.com, "Errors", seen 2026-11-21. What holds of every such body is in openai_failures.
"""

import re

from trunkline.canon import errors
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.dialects import openai_failures
from trunkline.dialects.cohere_chat.wire import BROKEN, ERROR
from trunkline.dialects.retry_after import retry_after
from trunkline.dialects.scrub import scrub

# "too many tokens: max tokens must be less than or equal to ..." is of the answer, not of the prompt.
_TOO_LONG = re.compile(
    r"too many tokens(?!: max tokens)|tokens in the prompt (?:cannot exceed|exceeds)|size limit exceeded",
    re.IGNORECASE,
)
_MONTHLY = re.compile(r"calls? ?(?:/|per|a) ?month|monthly", re.IGNORECASE)
_NO_SUCH_MODEL = re.compile(
    r"model .{1,200} is not supported by|model .{1,200} was removed", re.IGNORECASE
)
_BLOCKED = 498
"""Its own status for input or output that its filter stopped."""


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """An answer that is no answer, as one of our own; never raises."""
    message = _message(body)
    text, told = scrub(message), f"status {status}"
    if status == _BLOCKED:
        return errors.ContentRejected(text or "the provider's filter blocked this", detail=told)
    if status == 429 and _MONTHLY.search(message):
        # Of a trial key: no wait that anybody would wait helps.
        return errors.QuotaExhausted(text, detail=told, retry_after=retry_after(headers))
    if status in (400, 413, 422):
        if _TOO_LONG.search(message):
            return errors.ContextLengthExceeded(text, detail=told)
        if _NO_SUCH_MODEL.search(message):
            return errors.ModelMissing(text, detail=told)
    return openai_failures.decode_error(status, headers, body)


def in_answer(body: bytes) -> GatewayError | None:
    """The error that a 200 carries, whole or as an event, if it carries one."""
    return openai_failures.decode_error(200, (), body) if _message(body) else None


def _message(body: bytes) -> str:
    try:
        return ERROR.decode(body).message or ""
    except BROKEN:
        return ""
