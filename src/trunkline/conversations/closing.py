"""What a stream of the Responses API amounts to: the object its last event carries."""

from typing import Final

from msgspec import UNSET, MsgspecError, Raw, Struct, UnsetType, json

from trunkline.wire.sse import frames

_LAST: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})


_END: Final = b"\n\n"


class _Event(Struct):
    type: str = ""
    response: Raw | UnsetType = UNSET
    sequence_number: int = -1


class _Id(Struct):
    id: str = ""


_EVENT: Final = json.Decoder(_Event)
_ID: Final = json.Decoder(_Id)


def last_word(piece: bytes) -> bytes | None:
    """The Response object in the event that ends a stream, if `piece` holds it."""
    # Nearly always it is the last event, and the piece may be a whole answer.
    return _last_in(piece[piece.rstrip().rfind(_END) + 1 :]) or _last_in(piece)


def _last_in(events: bytes) -> bytes | None:
    for _, data in reversed(frames(events)):
        event = _read(data)
        if event.type in _LAST and event.response is not UNSET:
            return bytes(event.response)
    return None


def id_in(piece: bytes) -> str:
    """The id that a stream's first event gives the response; empty where there is none."""
    return _first_in(piece[: piece.find(_END) + len(_END)]) or _first_in(piece)


def _first_in(events: bytes) -> str:
    for _, data in frames(events):
        event = _read(data)
        if event.response is not UNSET:
            try:
                return _ID.decode(event.response).id
            except MsgspecError:
                return ""
    return ""


def behind(events: bytes, number: int) -> bytes:
    """The events of a stream with a sequence number greater than that."""
    return b"".join(
        b"%bdata: %b\n\n"
        % (b"event: %b\n" % name if name else b"", data.replace(b"\n", b"\ndata: "))
        for name, data in frames(events)
        if _read(data).sequence_number > number
    )


def _read(data: bytes) -> _Event:
    try:
        return _EVENT.decode(data)
    except MsgspecError:
        return _Event()
