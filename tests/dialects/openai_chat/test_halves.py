"""Characters cut in two by a stream: whole again in the part they belong to."""

import pytest
from msgspec import json

from trunkline.canon.event import Ended, PartClosed, PartDelta
from trunkline.dialects.openai_chat.decoder import StreamDecoder
from trunkline.dialects.openai_chat.halves import Halves, marked

SMILE = "\U0001f600"
LOST = "\ufffd"


def said(deltas: list[bytes], *, joined: bool = False) -> str:
    """The text that a decoder reads from deltas of these fields, each in a chunk of its own or not."""
    events = [
        b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m",'
        b'"choices":[{"index":0,"delta":{%b}}]}\n\n' % delta
        for delta in [b'"role":"assistant"', *deltas]
    ] + [b"data: [DONE]\n\n"]
    decoder = StreamDecoder()
    found = [e for piece in ([b"".join(events)] if joined else events) for e in decoder.feed(piece)]
    return "".join(e.text for e in found if isinstance(e, PartDelta))


def content(*texts: bytes) -> list[bytes]:
    return [b'"content":"%b"' % text for text in texts]


@pytest.mark.parametrize("joined", (False, True))
@pytest.mark.parametrize(
    ("texts", "meant"),
    (
        ((rb"a\ud83d", rb"\ude00b"), f"a{SMILE}b"),
        ((rb"\uD83D", rb"\uDE00"), SMILE),
        ((rb"a\ud83d", b"", rb"\ude00b"), f"a{SMILE}b"),
        ((rb"\ud83d\ude00\ud83d", rb"\ude00\ud83d", rb"\ude00"), SMILE * 3),
        ((b"one", b"two", rb"a\ud83d", rb"\ude00b", b"three"), f"onetwoa{SMILE}bthree"),
        ((rb"a\ud83d", b"b", b"c"), f"a{LOST}bc"),
        ((rb"a\ud83d", rb"\ud83d", rb"\ude00"), f"a{LOST}{SMILE}"),
        ((rb"a\ud83d",), f"a{LOST}"),
        ((b"a", rb"\ude00b"), f"a{LOST}b"),
        ((rb"a\ud83db", rb"\ude00"), f"a{LOST}b{LOST}"),
        ((rb"\\\\ud83d", rb"\ude00"), rf"\\ud83d{LOST}"),
    ),
)
def test_a_character_cut_in_two_is_whole_again(texts, meant, joined):
    """However the bytes are cut; a half that stays alone is replaced, and nothing else changes."""
    assert meant == said(content(*texts), joined=joined)


def test_each_part_waits_for_its_own():
    """Text that comes between leaves a call's arguments as they are."""
    call = b'"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"%b"}}]'
    deltas = [call % rb"\ud83d", *content(b"x"), call % rb"\ude00"]
    assert f"x{SMILE}" == said(deltas)


def test_one_that_is_lost_stands_before_the_end_of_its_part():
    """Not behind it."""
    [sign] = json.decode(b"[%b]" % marked(rb'"content":"\ud83d"').partition(b":")[2])
    told = Halves().joined([PartDelta(3, sign), PartClosed(3), Ended()])
    assert [PartDelta(3, LOST), PartClosed(3), Ended()] == told


@pytest.mark.parametrize(
    "block",
    (
        b'"content":"plain"',
        rb'"content":"\ud83d\ude00"',
        rb'"token":"\ud83d"',
        rb'"content":"\u00e9"',
    ),
)
def test_all_else_stays(block):
    """Whole characters, and strings that go on in no other."""
    assert block == marked(block)
