"""Events as bytes."""

from tests.dialects.openai_responses.kit import parsed
from trunkline.dialects.openai_responses.encoder_events import Events, Place


def test_numbers():
    """From 0 without a gap, whatever is said."""
    events = Events()
    place = Place(b'"msg_1"', 3, b'"content_index":1,')
    events.say(b"response.output_text.done", place.fields(b'"text":"a"'))
    events.delta(*_around(place, "a\n"))
    assert [
        {
            "type": "response.output_text.done",
            "content_index": 1,
            "item_id": "msg_1",
            "text": "a",
            "output_index": 3,
            "sequence_number": 0,
        },
        {
            "type": "response.output_text.delta",
            "content_index": 1,
            "delta": "a\n",
            "item_id": "msg_1",
            "logprobs": [],
            "output_index": 3,
            "sequence_number": 1,
        },
    ] == parsed(b"".join(events.out))


def _around(place, text):
    before, after = place.around_delta(b"response.output_text.delta", b',"logprobs":[]')
    return before, text, after
