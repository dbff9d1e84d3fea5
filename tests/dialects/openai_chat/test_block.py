"""Many events in one call."""

import pytest
from msgspec import Struct, json

from trunkline.dialects.openai_chat.block import DONE, decode_block, is_done


class Thing(Struct):
    a: int = 0


DECODER = json.Decoder(Thing)


def block(*payloads: bytes) -> bytes:
    return b"".join(b"data: " + payload + b"\n\n" for payload in payloads)


@pytest.mark.parametrize("count", (1, 2, 5))
def test_plain_events(count):
    """As many things as events, in order."""
    payloads = [b'{"a":%d}' % n for n in range(count)]
    assert [Thing(n) for n in range(count)] == decode_block(block(*payloads), DECODER)


@pytest.mark.parametrize(
    "odd",
    (
        b"",
        b": comment\n\n",
        b"data:{}\n\n",
        b"event: x\ndata: {}\n\n",
        b"data: {}\r\n\r\n",
        block(b"{}") + b": comment\n\n",
        block(b"[]"),
        block(b"{", b"}"),
        block(b'{"a":[{}', b"{}]}", b"{},{}"),
        block(b'{"b":{}', b'{"a":1}}'),
        block(b"{} {}"),
        block(b"{} {}", b'{"a":'),
        block(b'{"b":\n1}'),
        block(b'{"b":\r1}'),
        block(b'{"a":"x"}'),
        block(b"{}", b'{"a":"x"}'),
        block(b'{"b":"\xff"}'),
        block(b"{}", b'{"b":"\xff"}'),
        b"data: {}\n",
        b"data: {}",
    ),
)
def test_anything_else(odd):
    """Whatever is not that, or is wrong, is left to be looked at event by event."""
    assert decode_block(odd, DECODER) is None


def test_other_alphabets():
    """Text is UTF-8."""
    assert [Thing(1), Thing(2)] == decode_block(
        block('{"a":1,"b":"é"}'.encode(), b'{"a":2}'), DECODER
    )


@pytest.mark.parametrize(
    ("before", "done"),
    ((b"", True), (block(b"{}"), True), (b"data: {}\n", False), (b"data: {}\n\n\x16", False)),
)
def test_sentinel(before, done):
    """An event of its own, not the end of another."""
    assert done == is_done(before + DONE)
    assert not is_done(block(b"{}"))
