"""What a stream amounts to, and the part of it that a reader has not seen yet."""

import pytest

from trunkline.conversations.closing import behind, id_in, last_word


def event(kind, number, more=b""):
    return b'event: %b\ndata: {"type":"%b","sequence_number":%d%b}\n\n' % (kind, kind, number, more)


CREATED = event(b"response.created", 0, b',"response":{"id":"resp_1","status":"in_progress"}')
DELTA = event(b"response.output_text.delta", 1, b',"delta":"a"')
DONE = event(b"response.completed", 2, b',"response":{"id":"resp_1","status":"completed"}')


@pytest.mark.parametrize(
    "kind", (b"response.completed", b"response.incomplete", b"response.failed")
)
def test_the_last_event_carries_the_answer(kind):
    """Whichever end it is, and whatever stands before it in the same piece."""
    last = event(kind, 2, b',"response":{"id":"resp_1"}')
    assert b'{"id":"resp_1"}' == last_word(DELTA + last)


@pytest.mark.parametrize("piece", (b"", CREATED, DELTA, b"data: nonsense\n\n", DONE[:-9]))
def test_nothing_else_does(piece):
    """A stream that broke off amounts to nothing."""
    assert last_word(piece) is None


def test_the_first_event_tells_the_id():
    """So that it can be replaced from then on."""
    assert "resp_1" == id_in(CREATED + DELTA)
    assert "" == id_in(DELTA)


def test_reading_on_from_an_event():
    """To the byte, without what was read."""
    assert DONE == behind(CREATED + DELTA + DONE, 1)
    assert CREATED + DELTA + DONE == behind(CREATED + DELTA + DONE, -1)
    assert b"" == behind(CREATED, 0)
