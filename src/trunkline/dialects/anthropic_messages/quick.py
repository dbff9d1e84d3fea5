"""The quick way through the one event that makes up a stream: a delta that holds content."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, json

DELTA_HEAD: Final = b"event: content_block_delta\ndata: "
"""As the API and all who imitate it write it; any other form takes the long way."""
DELTA_TYPE: Final = b'"content_block_delta"'
DATA_AT: Final = len(DELTA_HEAD)


class TextDelta(Struct, tag_field="type", tag="text_delta", rename={"piece": "text"}, gc=False):
    piece: str


class ThinkingDelta(
    Struct, tag_field="type", tag="thinking_delta", rename={"piece": "thinking"}, gc=False
):
    piece: str


class JsonDelta(
    Struct, tag_field="type", tag="input_json_delta", rename={"piece": "partial_json"}, gc=False
):
    piece: str


class ContentDelta(Struct, gc=False):
    type: Literal["content_block_delta"]  # no tag: a struct's tag may be left out
    index: int
    delta: TextDelta | ThinkingDelta | JsonDelta


CONTENT_DELTA: Final = json.Decoder(ContentDelta)
"""Raises msgspec.ValidationError on any other delta."""

MARKERS: Final[Mapping[type, bytes]] = {
    TextDelta: b'"text":"',
    ThinkingDelta: b'"thinking":"',
    JsonDelta: b'"partial_json":"',
}
"""What the content of a delta stands behind, for wire.run."""

_PADDED: Final = b" }\n\n"
_PADS: Final = tuple(b" " * length + b"}\n\n" for length in (8, 4, 2, 1))


def squeezed(events: bytes) -> bytes:
    """
    The same events without the spaces that the API puts before an event's last brace.

    Their number is random, so that sizes tell less (recorded, seen 2026-11-21): up to 15 are
    taken out. No string of JSON holds a newline, so none is changed.
    """
    if _PADDED in events:
        for pad in _PADS:
            events = events.replace(pad, b"}\n\n")
    return events
