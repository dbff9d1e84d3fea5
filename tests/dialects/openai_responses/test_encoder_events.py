"""Events as bytes."""

from tests.dialects.openai_responses.kit import parsed
from trunkline.dialects.openai_responses.encoder_events import Events, Place


def test_numbers():
    """From 0 without a gap, whatever is said."""
    events = Events()
    place = Place(b'"msg_1"', 3, b'"content_index":1,')
    events.say(b"response.output_text.done", place.fields(b'"text":"a"'))
    _, template = place.delta(b"response.output_text.delta", b',"logprobs":[]')
    events.deltas(template, ["a\n"])
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


def test_deltas_in_a_row():
    """Each with its own number, whatever letters stand in the text or the item's id."""
    events = Events()
    events.say(b"response.created", b'"response":{}')
    before, template = Place(b'"msg_%d"', 0, b'"content_index":0,').delta(b"d")
    texts = ["a", "", "%b", '","', "\\", "🦘"]

    events.deltas(template, texts)
    events.deltas(template, ["end"])

    told = parsed(b"".join(events.out))[1:]
    assert [*texts, "end"] == [event["delta"] for event in told]
    assert [*range(1, 8)] == [event["sequence_number"] for event in told]
    assert {"msg_%d"} == {event["item_id"] for event in told}
    assert 7 == b"".join(events.out).count(before)
