"""Single events of a stream."""

import pytest

from trunkline.dialects.openai_responses.decoder_event import read_event, tells_error
from trunkline.dialects.raws import NOT_JSON


def test_an_event_of_a_built_in_tool():
    """Its fields may mean anything: only what it is, is read."""
    read = read_event(b'{"type":"response.shell_call_command.added","command":"ls","delta":{}}')
    assert ("response.shell_call_command.added", None) == (read.type, read.delta)


def test_a_delta_with_odd_fields():
    """What it says and where are all that the quick way reads of it, and so does the long one."""
    payload = b'{"type":"response.output_text.delta","delta":"a","output_index":1,"item_id":0}'
    read = read_event(payload)
    assert ("response.output_text.delta", "a", 1, None) == (
        read.type,
        read.delta,
        read.output_index,
        read.item_id,
    )


@pytest.mark.parametrize(
    "payload",
    (
        b'{"type":"response.output_text.delta","delta":7}',
        b'{"type":"response.completed","response":"\xff"}',
        b'{"delta":7}',
        b"[]",
    ),
)
def test_events_that_must_be_read(payload):
    """Where content may be lost, nothing is forgiven."""
    with pytest.raises(NOT_JSON):
        read_event(payload)


def test_errors():
    """By type, or by a field that holds one."""
    assert tells_error(read_event(b'{"type":"error","message":"m"}'))
    assert tells_error(read_event(b'{"error":{"message":"m"}}'))
    assert not tells_error(read_event(b'{"type":"response.created","error":null}'))
