"""The usual event of a stream."""

import pytest
from msgspec import json

from tests.dialects.gemini.kit import DIALECT, event, read, response
from trunkline.canon.event import PartDelta, UsageReported
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini.quick import usual

USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 4, "promptTokensDetails": [{"x": 1}]}


def test_text_and_counts():
    """All there is in it."""
    told = usual(json.encode(response({"text": "hi", "thought": True}, usageMetadata=USAGE)))
    assert told is not None
    (piece,) = told.candidates[0].content.parts
    assert ("hi", True) == (piece.text, piece.thought)
    assert told.usage_metadata is not None
    assert 3 == told.usage_metadata.prompt_token_count


@pytest.mark.parametrize(
    "body",
    (
        response({"text": "hi"}, finish="STOP"),
        response({"text": "hi", "thoughtSignature": "c2ln"}),
        response({"functionCall": {"name": "f"}}),
        response({"text": "hi"}, promptFeedback={}),
        {"error": {"code": 500}},
        {"usageMetadata": USAGE},
        {},
    ),
)
def test_anything_more(body):
    """Is no usual event."""
    assert usual(json.encode(body)) is None


def test_both_ways_of_reading_agree():
    """The first event is read the long way, all like it the short one: the same comes of it."""
    pieces = [event({"text": word}, usageMetadata=USAGE) for word in "abc"]
    events = read(DIALECT.decoder(), [*pieces, event(finish="STOP", usageMetadata=USAGE)])
    assert ["a", "b", "c"] == [e.text for e in events if isinstance(e, PartDelta)]
    assert [Usage(input=3, output=4)] == [e.usage for e in events if isinstance(e, UsageReported)]
