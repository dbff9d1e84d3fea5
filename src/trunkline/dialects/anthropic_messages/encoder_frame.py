"""What stands around the blocks of a stream: message_start and message_delta."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.event import Started
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.encode_answer import message_id
from trunkline.dialects.anthropic_messages.usage import counts, extra_of, full
from trunkline.dialects.anthropic_messages.wire import NAME, Fields
from trunkline.dialects.base import Stamp

_IN_DELTA = ("container",)
"""Late fields of an answer that stand in message_delta's `delta`; others stand beside it."""


def message_start(started: Started, usage: Usage, stamp: Stamp) -> bytes:
    """With what an upstream of this dialect said about its answer besides."""
    extra = started.extra if started.origin == NAME else {}
    message: Fields = {
        "model": started.model or stamp.model,
        "id": message_id(started.id, started.origin, stamp),
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        **{field: raw for field, raw in extra.items() if field != "usage"},
        "usage": full(usage) | dict(extra_of(extra)),
    }
    return _event("message_start", {"message": message})


def message_delta(
    started: Started,
    extra: Mapping[str, Raw],
    reason: tuple[str, Raw | None],
    sequence: str | None,
    usage: Usage,
) -> bytes:
    """`extra`: of the end; of the usage it repeats what `started` said only where it has changed."""
    own = extra if started.origin == NAME else {}
    delta: Fields = {
        "stop_reason": reason[0],
        "stop_sequence": sequence,
        "stop_details": reason[1],
    }
    delta |= {field: own[field] for field in _IN_DELTA if field in own}
    beside = {k: v for k, v in own.items() if k not in {*_IN_DELTA, "usage"}}
    known = extra_of(started.extra) if own else {}
    news = {k: v for k, v in extra_of(own).items() if known.get(k) != v}
    return _event("message_delta", {"delta": delta, "usage": counts(usage) | news, **beside})


def _event(name: str, fields: Fields) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), json.encode({"type": name, **fields}))
