"""The quick way through the one event that makes up a stream: a delta that holds content."""

from typing import Final

from msgspec import Struct, json

DELTA_HEAD: Final = b"event: content_block_delta\ndata: "
"""As the API and all who imitate it write it; any other form takes the long way."""
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


class ContentDelta(Struct, tag_field="type", tag="content_block_delta", gc=False):
    index: int
    delta: TextDelta | ThinkingDelta | JsonDelta


CONTENT_DELTA: Final = json.Decoder(ContentDelta)
"""Raises msgspec.ValidationError on any other delta."""
