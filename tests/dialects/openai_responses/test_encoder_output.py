"""Items announced, filled and done."""

from msgspec import Raw, json

from tests.dialects.openai_responses.kit import STAMP, decode, parsed, types
from trunkline.dialects.openai_responses.encode_items import ItemWriter, text_content
from trunkline.dialects.openai_responses.encoder_events import Events
from trunkline.dialects.openai_responses.encoder_output import Output


def begun(*, own=False):
    events = Events()
    return events, Output(events, ItemWriter(decode(), STAMP, own=own))


def test_a_message_goes_on():
    """Until another item comes, or one with another id."""
    events, output = begun(own=True)
    given = {"id": Raw(b'"msg_1"')}
    first = output.message(given)
    for extra in (given, {}):
        output.fill(first)
        assert first is output.message(extra)
    output.fill(first)
    assert first is not output.message({"id": Raw(b'"msg_x"')})
    told = parsed(b"".join(events.out))
    assert ["output_item.added", "output_item.done", "output_item.added"] == types(told)
    assert [0, 0, 1] == [event["output_index"] for event in told]


def test_the_last_item_tells_how_it_ended():
    """It is done with the answer only."""
    events, output = begun()
    item = output.message({})
    item.contents.append(text_content(b'"a"'))
    output.fill(item)
    assert [] == json.decode(b"[" + output.written() + b"]")
    output.put_away(b"incomplete")
    output.put_away(b"completed")
    (done,) = json.decode(b"[" + output.written() + b"]")
    assert ("incomplete", "a") == (done["status"], done["content"][0]["text"])
    assert ["output_item.added", "output_item.done"] == types(parsed(b"".join(events.out)))


def test_whole_items():
    """Added and done as they are, in order of their places."""
    _, output = begun()
    output.insert(b'{"type":"a"}')
    output.insert(b'{"type":"b"}')
    assert b'{"type":"a"},{"type":"b"}' == output.written()
