"""AWS event streams: any chunking gives the same messages, and whatever is corrupt is Garbled."""

from struct import pack
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.canon.errors import Garbled
from trunkline.wire.awsstream import MAX_HEADER_BYTES, Message, Reader, encode

# The specification's own test vectors (smithy.io, Amazon Event Stream Specification, and the
# encoded_vectors of AWS's SDKs): an empty message, a payload alone, and one 32-bit header.
EMPTY = bytes.fromhex("000000100000000005c248eb7d98c8ff")
PAYLOAD = bytes.fromhex("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936")
INT32 = bytes.fromhex(
    "0000002d0000001041c424b80a6576656e742d74797065040000a00c7b27666f6f273a27626172277d36f480a0"
)
HEADERS = {":message-type": "event", ":event-type": "messageStart", "n": 7, "b": b"\x01", "t": True}
VALUES = st.one_of(
    st.text(max_size=20), st.binary(max_size=20), st.integers(-(2**63), 2**63 - 1), st.booleans()
)
MESSAGES = st.lists(
    st.builds(
        Message,
        st.dictionaries(st.text(min_size=1, max_size=10), VALUES, max_size=4),
        st.binary(max_size=80),
    ),
    max_size=5,
)


def read(pieces):
    reader = Reader()
    return [message for piece in pieces for message in reader.feed(piece)]


@pytest.mark.parametrize(
    ("vector", "message"),
    (
        (EMPTY, Message({}, b"")),
        (PAYLOAD, Message({}, b"{'foo':'bar'}")),
        (INT32, Message({"event-type": 40972}, b"{'foo':'bar'}")),
    ),
    ids=("empty", "payload", "int32"),
)
def test_the_specifications_vectors(vector, message):
    """What AWS's own SDKs are tested with is read alike."""
    assert [message] == read([vector])


@given(MESSAGES, st.integers(1, 40))
def test_any_chunking_gives_the_same(messages, width):
    """What was encoded comes back, however the bytes are cut."""
    stream = b"".join(encode(m.headers, m.payload) for m in messages)

    assert messages == read([stream])
    assert messages == read(stream[at : at + width] for at in range(0, len(stream), width))


@given(st.binary(max_size=200))
def test_only_garbled_escapes(data):
    """Bytes of no form are refused, or wait for more."""
    try:
        read([data])
    except Garbled:
        return


@given(st.data())
def test_one_wrong_byte_is_garbled(data):
    """No single changed byte of a message goes unnoticed."""
    message = bytearray(encode(HEADERS, b"payload"))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(Garbled):
        read([bytes(message)])


def test_what_came_before_corruption_is_given_first():
    """A message, then rubbish in the same read: the message, and Garbled from then on."""
    good = encode(HEADERS, b"x")
    reader = Reader()

    assert [Message(HEADERS, b"x")] == reader.feed(good + b"\xff" * 12)
    with pytest.raises(Garbled):
        reader.feed(b"")
    with pytest.raises(Garbled):
        _ = reader.cut


def test_a_message_that_is_too_large_is_garbled():
    """Refused by its prelude, before it has arrived."""
    prelude = encode({}, b"x" * 100)[:12]

    with pytest.raises(Garbled, match="larger"):
        Reader(limit=99).feed(prelude)


@pytest.mark.parametrize(
    ("size", "headers"), ((15, 0), (20, 8), (MAX_HEADER_BYTES * 2, MAX_HEADER_BYTES + 1))
)
def test_impossible_lengths_are_garbled(size, headers):
    """A right checksum over lengths that cannot be."""
    lengths = pack(">II", size, headers)

    with pytest.raises(Garbled):
        Reader().feed(lengths + pack(">I", crc32(lengths)))


@pytest.mark.parametrize(
    "block",
    (b"\x01a", b"\x01a\x63", b"\x01a\x07\x00\x09x", b"\x01a\x04\x00", b"\x01\xff\x00", b"\x05a"),
    ids=("no type", "no such type", "cut string", "cut integer", "no UTF-8", "cut name"),
)
def test_broken_headers_are_garbled(block):
    """Right checksums around headers that cannot be read."""
    lengths = pack(">II", 16 + len(block), len(block))
    message = lengths + pack(">I", crc32(lengths)) + block

    with pytest.raises(Garbled):
        Reader().feed(message + pack(">I", crc32(message)))


def test_every_type_of_header():
    """The types we never write: bytes, shorts, a time and a UUID."""
    block = (
        b"\x01b\x02\xff" + b"\x01s\x03\x01\x00" + b"\x01l\x05" + pack(">q", -5)
        + b"\x01t\x08" + pack(">q", 1_795_000_000_000) + b"\x01u\x09" + bytes(range(16))
    )  # fmt: skip
    lengths = pack(">II", 16 + len(block), len(block))
    message = lengths + pack(">I", crc32(lengths)) + block
    expected = {"b": -1, "s": 256, "l": -5, "t": 1_795_000_000_000, "u": bytes(range(16))}

    assert [Message(expected, b"")] == read([message + pack(">I", crc32(message))])


def test_half_a_message_is_seen():
    """At the end of the body one can tell a cut from an end."""
    reader = Reader()
    reader.feed(EMPTY)
    whole = reader.cut
    reader.feed(EMPTY[:5])

    assert (False, True) == (whole, reader.cut)
