"""One event of a stream, read as far as we know its kind."""

from typing import Final

from msgspec import UNSET, ValidationError

from trunkline.dialects.openai_responses.decoder_quick import DELTA, DELTAS, Delta
from trunkline.dialects.openai_responses.upstream_wire import (
    EVENT,
    KIND,
    NO_ERRORS,
    TERMINAL,
    EventIn,
)

UNREADABLE: Final = "the provider sent an unreadable event"
# The events of built-in tools are not: their items come whole when they are done.
_READ = (
    "error",
    "response.created",
    "response.output_",
    "response.content_part",
    "response.refusal",
    "response.reasoning_",
    "response.function_call_",
    "response.custom_tool_call_",
)


def read_event(payload: bytes) -> EventIn:
    """
    Of an event whose fields mean something else than ours of the same name, only its type.

    Raises one of raws.NOT_JSON.
    """
    if not payload.isascii():
        payload.decode()
    try:
        return EVENT.decode(payload)
    except ValidationError:
        kind = KIND.decode(payload).type
        if kind.encode() in DELTAS:
            return _delta(DELTA.decode(payload))
        if not kind or kind in TERMINAL or kind.startswith(_READ):
            raise
        return EventIn(type=kind)


def _delta(read: Delta) -> EventIn:
    """No more than the quick way wants of it: where reads cut must not decide what is forgiven."""
    return EventIn(
        type=read.type,
        delta=read.delta,
        output_index=read.output_index,
        content_index=read.content_index,
        summary_index=read.summary_index,
        logprobs=read.logprobs,
    )


def tells_error(event: EventIn) -> bool:
    """By its type as the specification has it, or by its field as the API does."""
    told = event.error is not UNSET and bytes(event.error) not in NO_ERRORS
    return event.type == "error" or told
