"""
What Google says of its failure, told by whose fault it is and what may help.

{"error":{code,message,status,details}}, alone or in a JSON array; `details` name the reason, the
quota and the pause asked for (cloud.google.com/apis/design/errors, seen 2026-11-21).
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Raw, Struct, json

from trunkline.canon import errors
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.dialects.raws import NOT_JSON, RAW_LIST
from trunkline.dialects.retry_after import retry_after
from trunkline.dialects.scrub import scrub

_CODES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""google.rpc.Code in HTTP, for an error in a stream that leaves out its number."""

_TOO_LONG = re.compile(
    r"input token count|maximum context length|token count .{0,40}exceeds|exceeds the maximum number of tokens",
    re.IGNORECASE,
)
_BROKE = re.compile(
    r"credits? (are|is|have|has) (been )?(depleted|exhausted)|billing", re.IGNORECASE
)
_FILTERED = re.compile(
    r"content management policy|content policy|prohibited content|\bflagged\b", re.IGNORECASE
)
_DELAY = re.compile(r"(\d{1,6}(\.\d{1,9})?)s")
_KEY = re.compile(r"api[ _]key", re.IGNORECASE)


class _Violation(Struct, rename="camel"):
    quota_id: str = ""


class _Detail(Struct, rename="camel"):
    reason: str = ""
    retry_delay: str = ""
    violations: list[_Violation] = []


class _Error(Struct):
    message: str = ""
    code: int | None = None
    status: str = ""
    details: list[Raw] = []


class _Body(Struct):
    error: _Error | str | None = None


_BODY = json.Decoder(_Body)
_ERROR = json.Decoder(_Error)
_DETAIL = json.Decoder(_Detail)


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """An answer that is no answer, as one of our own; never raises."""
    told = _read(body)
    return _classify(status, told, retry_after(headers))


def decode_inline(error: Raw) -> GatewayError:
    """The error of a stream's event, or in a body that came with status 200."""
    try:
        told = _ERROR.decode(error)
    except NOT_JSON:
        told = _Error()
    code = told.code if told.code and 400 <= told.code < 600 else _CODES.get(told.status, 500)
    return _classify(code, told, None)


def _read(body: bytes) -> _Error:
    try:
        if body.lstrip()[:1] == b"[":
            body = next(map(bytes, RAW_LIST.decode(body)), b"{}")
        error = _BODY.decode(body).error
    except NOT_JSON:
        text = body[:4096].decode("utf-8", "replace").strip()
        return _Error("" if text.startswith("<") else text)  # a web page is not what it says
    return error if isinstance(error, _Error) else _Error(error or "")


def _classify(status: int, told: _Error, wait: float | None) -> GatewayError:
    text, code = scrub(told.message), told.status[:64] or None
    details = _details(told.details)
    if wait is None:
        wait = next(
            (delay for d in details if (delay := _seconds(d.retry_delay)) is not None), None
        )
    if status in (401, 403) or (status == 400 and _names_key(told, details)):
        # The credential is ours: its troubles are for our log.
        return errors.BadCredential(
            "the provider refused this gateway's credential", detail=text, code=code
        )
    if status == 429:
        return _limited(text, code, details, wait)
    if status == 404:
        return errors.ModelMissing(text or "the provider knows no such model", code=code)
    if status in (408, 504):
        return errors.TimedOut(text or "the provider took too long", code=code)
    if status >= 500:
        kept = status if status in (503, 529) else 502
        message = text or "the provider is overloaded"
        return errors.Overloaded(message, code=code, status=kept, retry_after=wait)
    if status < 400:
        return errors.Garbled(
            "the provider gave no answer this gateway understands",
            detail=f"status {status}: {text}",
        )
    return _refused(status, text, code)


def _refused(status: int, text: str, code: str | None) -> GatewayError:
    if _TOO_LONG.search(text):
        return errors.ContextLengthExceeded(text, code=code)
    if _FILTERED.search(text):
        return errors.ContentRejected(text, code=code)
    if code == "FAILED_PRECONDITION" and _BROKE.search(text):
        return errors.QuotaExhausted(text, code=code)
    message = text or f"the provider refused the request ({status})"
    return errors.Refused(message, status=status, code=code)


def _limited(
    text: str, code: str | None, details: Sequence[_Detail], wait: float | None
) -> GatewayError:
    """A day's quota is used up; a minute's comes back by itself."""
    quotas = [violation.quota_id for detail in details for violation in detail.violations]
    used_up = any("PerDay" in quota for quota in quotas)
    if used_up or (wait is None and not quotas and _BROKE.search(text)):
        return errors.QuotaExhausted(text, code=code, retry_after=wait)
    return errors.Throttled(text or "the provider limits our rate", code=code, retry_after=wait)


def _names_key(told: _Error, details: Sequence[_Detail]) -> bool:
    """Google answers 400 to a key that is none."""
    named = any(detail.reason.startswith("API_KEY") for detail in details)
    return named or (_KEY.search(told.message) is not None and told.status == "INVALID_ARGUMENT")


def _details(raws: Sequence[Raw]) -> list[_Detail]:
    found = []
    for raw in raws[:16]:
        try:
            found.append(_DETAIL.decode(raw))
        except NOT_JSON:
            continue
    return found


def _seconds(delay: str) -> float | None:
    """RetryInfo: {"retryDelay": "34.4s"}."""
    match = _DELAY.fullmatch(delay)
    return None if match is None else float(match[1])
