"""The client role as a whole."""

from tests.dialects.cohere_chat.kit import DIALECT, chat, decode, encode, end, text, to, whole
from tests.dialects.cohere_chat.kit import START as BEGUN
from trunkline.canon.errors import Overloaded
from trunkline.dialects.registry import UPSTREAM_ONLY


def test_where_it_is_asked():
    """One path, whole or streamed: the body says which."""
    assert "/v2/chat" == DIALECT.path("command-a-03-2025", stream=True)
    assert "/v2/chat" == DIALECT.path("command-a-03-2025", stream=False)
    assert [False, True] == [encode(chat(stream=s))[0]["stream"] for s in (False, True)]


def test_what_it_speaks():
    """Event streams, to upstreams alone."""
    assert b"text/event-stream" == DIALECT.stream_type
    assert "cohere-chat" in UPSTREAM_ONLY
    assert "cohere-chat" == to().dialect


def test_its_parts_are_joined():
    """Answers, streams and errors."""
    assert "c1" == DIALECT.decode_answer(whole(content=[{"text": "x"}])).id
    assert "c1" == decode(BEGUN, text(0, "x"), end())[0].id
    assert isinstance(DIALECT.decode_error(500, (), b"{}"), Overloaded)
