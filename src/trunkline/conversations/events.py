"""
Events of the Responses API that no upstream sends: those around a background response, and those of
an answer that was never streamed.

Shapes are those of OpenAI's API reference, Responses, Streaming events (seen 2026-11-21).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import MsgspecError, Raw, Struct, json

from trunkline.wire.sse import frames

# OpenAI's types name response.cancelled among the webhooks only, not among a stream's events (openai
# 3.52, seen 2026-11-22). But no stream of ours ends without saying how.
_LAST: Final = frozenset({"completed", "incomplete", "failed", "cancelled"})
_MAP: Final = json.Decoder(dict[str, Raw])
_MAPS: Final = json.Decoder(list[dict[str, Raw]])
_NOTHING: Final = Raw(b'""')


class _Object(Struct):
    status: str = ""
    output: list[dict[str, Raw]] = []


_OBJECT: Final = json.Decoder(_Object)
_TEXT: Final = json.Decoder(str)

Fields = Mapping[str, object]


class Grown(Struct, frozen=True):
    """A text that streams in pieces: the events' common name, and the field that holds it."""

    name: str
    field: str


_CONTENT: Final[Mapping[str, Grown]] = {
    "output_text": Grown("output_text", "text"),
    "refusal": Grown("refusal", "refusal"),
    "reasoning_text": Grown("reasoning_text", "text"),
}
_ARGUMENTS: Final[Mapping[str, Grown]] = {
    "function_call": Grown("function_call_arguments", "arguments"),
    "custom_tool_call": Grown("custom_tool_call_input", "input"),
    "mcp_call": Grown("mcp_call_arguments", "arguments"),
}


def event(kind: str, number: int, fields: Fields) -> bytes:
    body = json.encode({"type": kind, **fields, "sequence_number": number})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), body)


def opening(body: bytes) -> bytes:
    """What the reader of a background response is told at once: that it is queued, and its id."""
    told = {"response": Raw(body)}
    return event("response.created", 0, told) + event("response.queued", 1, told)


def failing(body: bytes, number: int) -> bytes:
    return event("response.failed", number, {"response": Raw(body)})


def cancelling(body: bytes, number: int) -> bytes:
    return event("response.cancelled", number, {"response": Raw(body)})


def breaking(message: str, number: int) -> bytes:
    """Readers are told no more, though it is not over. The API's own `error`, as it nests it."""
    told = {"type": "server_error", "code": "server_error", "message": message, "param": None}
    return event("error", number, {"error": told})


def behind_opening(piece: bytes, number: int, theirs: str, ours: str) -> tuple[bytes, int]:
    """
    Events of an upstream as they go on from `opening`, the first of them numbered so; and the next.

    They tell of the response by `ours`. An event that is not readable is left out.
    """
    before, after = f'"{theirs}"'.encode(), f'"{ours}"'.encode()
    told = []
    for _, data in frames(piece.replace(before, after)):
        try:
            fields = _MAP.decode(data)
            kind = _TEXT.decode(fields.pop("type", _NOTHING))
        except (MsgspecError, UnicodeDecodeError):
            continue
        if kind and kind != "response.created":
            told.append(event(kind, number, fields))
            number += 1
    return b"".join(told), number


def replayed(body: bytes) -> bytes:
    """The stream that a whole answer could have come in. Raises MsgspecError."""
    whole = _OBJECT.decode(body)
    begun: Fields = {"status": "in_progress", "output": [], "usage": None, "completed_at": None}
    before = {"response": {**_MAP.decode(body), **begun}}
    told: list[tuple[str, Fields]] = [
        ("response.created", before),
        ("response.in_progress", before),
    ]
    for index, item in enumerate(whole.output):
        told += _item(index, item)
    if whole.status in _LAST:
        told.append((f"response.{whole.status}", {"response": Raw(body)}))
    return b"".join(event(kind, number, fields) for number, (kind, fields) in enumerate(told))


def _item(index: int, item: Mapping[str, Raw]) -> Iterator[tuple[str, Fields]]:
    kind = _TEXT.decode(item.get("type", _NOTHING))
    here: Fields = {"item_id": item.get("id", _NOTHING), "output_index": index}
    emptied: Fields = {
        name: [] if name in ("content", "summary") else _NOTHING
        for name in ("content", "summary", "arguments", "input")
        if name in item and (name in ("content", "summary") or kind in _ARGUMENTS)
    }
    begun: Fields = {"status": "in_progress"} if "status" in item else {}
    yield (
        "response.output_item.added",
        {"output_index": index, "item": {**item, **emptied, **begun}},
    )
    for number, part in enumerate(_parts(item, "summary")):
        at = {**here, "summary_index": number}
        yield from _part("response.reasoning_summary_part", at, part)
    for number, part in enumerate(_parts(item, "content")):
        yield from _part("response.content_part", {**here, "content_index": number}, part)
    if kind in _ARGUMENTS:
        yield from _grown(_ARGUMENTS[kind], here, item)
    yield "response.output_item.done", {"output_index": index, "item": item}


def _parts(item: Mapping[str, Raw], name: str) -> Sequence[Mapping[str, Raw]]:
    raw = item.get(name)
    return [] if raw is None or bytes(raw) == b"null" else _MAPS.decode(raw)


def _part(name: str, at: Fields, part: Mapping[str, Raw]) -> Iterator[tuple[str, Fields]]:
    kind = _TEXT.decode(part.get("type", _NOTHING))
    grown = Grown("reasoning_summary_text", "text") if "summary_index" in at else _CONTENT.get(kind)
    if grown is None:
        yield f"{name}.added", {**at, "part": part}
    else:
        yield f"{name}.added", {**at, "part": {**part, grown.field: _NOTHING}}
        yield from _grown(grown, at, part)
    yield f"{name}.done", {**at, "part": part}


def _grown(grown: Grown, at: Fields, whole: Mapping[str, Raw]) -> Iterator[tuple[str, Fields]]:
    """In one piece."""
    text = whole.get(grown.field, _NOTHING)
    more: Fields = {"logprobs": []} if grown.name == "output_text" else {}
    yield f"response.{grown.name}.delta", {**at, **more, "delta": text}
    yield f"response.{grown.name}.done", {**at, **more, grown.field: text}
