"""A whole answer of an upstream to the canonical one."""

from collections.abc import Container, Mapping, Sequence

from msgspec import UNSET, Raw, json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Part, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.usage import Usage
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.openai_responses.decode_item import custom_names, known_item, read_item
from trunkline.dialects.openai_responses.finish import finish_reason, native_of
from trunkline.dialects.openai_responses.upstream_wire import (
    KNOWN,
    NO_ERRORS,
    RESPONSE,
    TOLD,
    ResponseIn,
)
from trunkline.dialects.openai_responses.usage import read_raw_usage, read_usage
from trunkline.dialects.openai_responses.wire import NAME
from trunkline.dialects.raws import NOT_JSON, NULL, RAW_MAP

UNFINISHED = "the provider ended its answer before saying why it finished"
CHAT = "the provider answered with a Chat Completions object to a Responses request"
_LATEST = 1 << 53
_ENDINGS = ("completed", "incomplete")


def decode_answer(body: bytes) -> Answer:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    fields = read_fields(body)
    response = read_response(fields)
    status = response.status or "completed"
    check_status(status)
    if response.output is None:
        raise Garbled(
            CHAT if "choices" in fields else "the provider's answer is no Responses object"
        )
    customs = custom_names(fields.get("tools"))
    parts = _parts(response.output, customs)
    native = native_of(status, reason_of(response))
    called = any(isinstance(part, ToolCall) for part in parts)
    return Answer(
        id=response.id or "",
        model=response.model or "",
        created=created(response),
        choices=(
            Choice(
                parts=parts,
                finish=finish_reason(native, called=called),
                native=native,
                logprobs=_logprobs(response.output),
            ),
        ),
        usage=read_raw_usage(fields.get("usage"), fields.get("service_tier")),
        extra=extra_fields(fields),
        origin=NAME,
    )


def read_usage_of(body: bytes) -> Usage | None:
    """Only the usage. Raises as `decode_answer`, but for what is wrong inside the output."""
    if body.isascii():
        try:
            told = TOLD.decode(body)
        except NOT_JSON:
            pass  # looked at again below, where an odd usage is no reason to lose the answer
        else:
            if told.error is UNSET or bytes(told.error) in NO_ERRORS:
                return read_usage(told.usage, told.service_tier)
    fields = read_fields(body)
    return read_raw_usage(fields.get("usage"), fields.get("service_tier"))


def read_fields(body: bytes) -> Mapping[str, Raw]:
    """One level deep. Raises Garbled, or the error it tells of."""
    try:
        if not body.isascii():
            body.decode()
        fields = RAW_MAP.decode(body)
    except NOT_JSON as error:
        if body.lstrip()[:1] == b"[" and b'"error"' in body[:200]:
            raise decode_error(200, (), body) from None
        raise Garbled("the provider's answer is not JSON", detail=str(error)) from None
    error_told(fields)
    return fields


def error_told(fields: Mapping[str, Raw]) -> None:
    """Raises the error a response holds."""
    if "error" in fields and bytes(fields["error"]) not in NO_ERRORS:
        raise decode_error(200, (), b'{"error":' + bytes(fields["error"]) + b"}")


def read_response(fields: Mapping[str, Raw]) -> ResponseIn:
    """Raises Garbled."""
    try:
        return RESPONSE.decode(json.encode({k: v for k, v in fields.items() if k in KNOWN}))
    except NOT_JSON as error:
        raise Garbled("the provider's answer cannot be read", detail=str(error)) from None


def check_status(status: str) -> None:
    """Raises what a status other than an ending tells of."""
    if status not in _ENDINGS:
        raise broken_off(status)


def broken_off(status: str) -> GatewayError:
    return Disconnected("the provider broke off its answer", detail=f"status {status[:40]}")


def reason_of(response: ResponseIn) -> str | None:
    details = response.incomplete_details
    return details.reason if details is not None else None


def created(response: ResponseIn) -> int:
    """Unix seconds; 0 for what cannot be."""
    at = response.created_at
    return int(at) if at is not None and 0 < at < _LATEST else 0


def extra_fields(fields: Mapping[str, Raw]) -> Mapping[str, Raw]:
    return {k: v for k, v in fields.items() if k not in KNOWN and v != NULL}


def joined_logprobs(pieces: Sequence[Raw]) -> Raw | None:
    """As Chat Completions writes them, whose entries are the same."""
    return Raw(json.encode({"content": pieces, "refusal": None})) if pieces else None


def _parts(output: Sequence[Raw], customs: Container[str] | None) -> tuple[Part, ...]:
    try:
        return tuple(part for raw in output for part in read_item(raw, customs))
    except NOT_JSON as error:
        raise Garbled("the provider's answer has an unreadable item", detail=str(error)) from None


def _logprobs(output: Sequence[Raw]) -> Raw | None:
    items = [known_item(raw) for raw in output]
    return joined_logprobs(
        [
            entry
            for item in items
            if item.type == "message"
            for part in item.content or ()
            for entry in part.logprobs or ()
        ]
    )
