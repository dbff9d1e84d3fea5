"""What Bedrock says of its own failures, decoded: by the exception's name, else by the status."""

import re
from collections.abc import Callable, Mapping

from trunkline.canon import errors
from trunkline.canon.errors import GatewayError
from trunkline.canon.exchange import Headers
from trunkline.dialects.bedrock_converse.wire import BROKEN, ERROR, ErrorIn
from trunkline.dialects.retry_after import retry_after
from trunkline.dialects.scrub import scrub

# docs.aws.amazon.com/bedrock, "Troubleshooting Amazon Bedrock API error codes", seen 2026-11-21.
_STATUS: Mapping[str, int] = {
    "ValidationException": 400,
    "ServiceQuotaExceededException": 400,
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "UnrecognizedClientException": 403,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "ModelErrorException": 424,
    "ModelStreamErrorException": 424,
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}
_TOO_LONG = re.compile(
    r"input is too long|prompt is too long|too many input tokens|context (?:length|window|limit)"
    r"|exceeds? the (?:maximum|model's) (?:number of |input )?tokens",
    re.IGNORECASE,
)
_NO_SUCH_MODEL = re.compile(
    r"model identifier is invalid|on-demand throughput isn.t supported|access to the model"
    r"|model use case details|could not resolve the foundation model|end of its life"
    r"|marked by provider as legacy",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content filter|blocked by .*polic", re.IGNORECASE)
_DAILY = re.compile(r"per day|daily", re.IGNORECASE)
# An ARN names the account.
_ARN = re.compile(r"\barn:aws[a-z-]*:\S+")


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """An answer that is no answer, as one of our own; never raises."""
    told = _read(body)
    kind = next((v.decode("latin-1") for n, v in headers if n == b"x-amzn-errortype"), "")
    message = told.message or told.other or ""
    return _classify(status, _named(kind or told.type or ""), message, retry_after(headers))


def decode_exception(kind: str, payload: bytes) -> GatewayError:
    """An exception that came as an event of a stream: `kind` is its :exception-type or :error-code."""
    told = _read(payload)
    name = _named(kind)
    return _classify(_STATUS.get(name, 500), name, told.message or told.other or "", None)


def in_answer(body: bytes) -> GatewayError | None:
    """The error that a 200 carries, if it carries one."""
    told = _read(body)
    if not (told.message or told.other or told.type):
        return None
    name = _named(told.type or "")
    return _classify(_STATUS.get(name, 500), name, told.message or told.other or "", None)


def _named(kind: str) -> str:
    """
    "throttlingException", "com.amazon.coral.service#ThrottlingException" and
    "ThrottlingException:http://internal.amazon.com/" are all the same.
    """
    name = kind.rpartition("#")[2].partition(":")[0].strip()
    return name[:1].upper() + name[1:]


def _read(body: bytes) -> ErrorIn:
    try:
        return ERROR.decode(body)
    except BROKEN:
        text = body[:4096].decode("utf-8", "replace").strip()
        # A web page, and JSON of another shape, are not what it says.
        return ErrorIn() if text[:1] in ("<", "{", "[") else ErrorIn(message=text)


def _classify(status: int, kind: str, message: str, wait: float | None) -> GatewayError:
    text = _ARN.sub("(a resource)", scrub(message))
    status = _STATUS.get(kind, status)
    if _NO_SUCH_MODEL.search(message) and status in (400, 403, 404):
        return errors.ModelMissing(text, code=kind or None)
    by_kind = _BY_KIND.get(kind)
    if by_kind is not None:
        return by_kind(text, kind, wait)
    code = kind or None
    if status == 429:
        return _throttled(text, kind, wait)
    if status in {401, 403}:
        # The credential is ours: its troubles are for our log.
        return errors.BadCredential(
            "the provider refused this gateway's credential", detail=text, code=code
        )
    if status == 404:
        return errors.ModelMissing(text or "the provider knows no such model", code=code)
    if status in {408, 504}:
        return errors.TimedOut(text or "the provider took too long", code=code)
    if status >= 500 or status == 424:
        return _overloaded(text, kind, wait, status=status)
    if status < 400:
        return errors.Garbled(
            "the provider gave no answer this gateway understands",
            detail=f"status {status}: {text}",
        )
    return _refused(status, text, code)


def _throttled(text: str, kind: str, wait: float | None) -> GatewayError:
    if _DAILY.search(text):
        return errors.QuotaExhausted(text, code=kind or None)
    return errors.Throttled(
        text or "the provider limits our rate", code=kind or None, retry_after=wait
    )


def _overloaded(text: str, kind: str, wait: float | None, status: int = 503) -> GatewayError:
    return errors.Overloaded(
        text or "the provider is overloaded",
        code=kind or None,
        status=503 if status == 503 else 502,
        retry_after=wait,
    )


def _exhausted(text: str, kind: str, _wait: float | None) -> GatewayError:
    return errors.QuotaExhausted(text, code=kind)


_BY_KIND: Mapping[str, Callable[[str, str, float | None], GatewayError]] = {
    # A 429 that says nothing of our rate: the model is being loaded.
    "ModelNotReadyException": _overloaded,
    "ServiceQuotaExceededException": _exhausted,
    "ThrottlingException": _throttled,
}


def _refused(status: int, text: str, code: str | None) -> GatewayError:
    if _TOO_LONG.search(text):
        return errors.ContextLengthExceeded(text, code=code)
    if _FILTERED.search(text):
        return errors.ContentRejected(text, code=code)
    return errors.Refused(
        text or f"the provider refused the request ({status})", status=status, code=code
    )
