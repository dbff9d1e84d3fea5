"""Bytes to answers: framing, caps, and what of a connection is left afterwards."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.canon.errors import Garbled
from trunkline.transport.limits import Limits
from trunkline.transport.message import BODY, DONE, HEAD, AnswerParser

LIMITS = Limits()
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello world"
CHUNKED = (
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: Chunked\r\n\r\n"
    b"5;ext=1\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nx-trailer: 1\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello world"
INTERIM = b"HTTP/1.1 100 Continue\r\nx-i: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
SURPLUS = SIZED + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
CUT_CHUNK = CHUNKED.partition(b"world")[0]
BAD_CHUNK = CHUNKED.replace(b"5\r\nworld", b"zz\r\nworld")
LONG = b"HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n" + b"x" * 70000


def parsed(data: bytes, cuts: list[int], method: bytes = b"POST"):
    """All that a caller can see after feeding `data` cut at `cuts`."""
    parser = AnswerParser(LIMITS)
    parser.begin(method)
    body = b""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        body += parser.feed(data[start:end])
        if parser.fault or parser.stage == DONE:
            break
    fault = parser.fault and parser.fault.message
    return parser.status, parser.headers, body, parser.stage, parser.ends_here(), fault


@pytest.mark.parametrize(
    "data",
    (SIZED, CHUNKED, UNTIL_CLOSE, INTERIM + SIZED, SURPLUS, CUT_CHUNK, BAD_CHUNK, LONG),
)
@given(cuts=st.lists(st.integers(0, 1 << 17), max_size=12))
def test_any_chunking_gives_the_same_answer(data, cuts):
    """Where the network cuts the bytes changes nothing but the cuts."""
    assert parsed(data, []) == parsed(data, cuts)


@pytest.mark.parametrize("data", (SIZED, CHUNKED, UNTIL_CLOSE, INTERIM + SIZED))
def test_every_byte_for_itself(data):
    """One byte per read gives the whole answer."""
    _, _, body, stage, ends_here, fault = parsed(data, list(range(len(data))))

    assert (b"hello world", None) == (body, fault)
    assert stage == DONE or ends_here


@given(data=st.binary(max_size=400), cut=st.integers(0, 400), known=st.booleans())
def test_no_bytes_raise(data, cut, known):
    """Whatever comes, feed returns; what is not HTTP is a fault."""
    start = b"HTTP/1.1 200 OK\r\n" if known else b""

    *_, fault = parsed(start + data, [cut])

    assert fault is None or isinstance(fault, str)


def test_headers_keep_order_and_repeats_with_lower_case_names():
    """What a caller sees of the head."""
    status, headers, *_ = parsed(SIZED, [])

    assert 200 == status
    assert ((b"content-length", b"11"), (b"x-a", b"1"), (b"x-a", b"2")) == headers


def test_interim_answers_leave_no_trace():
    """Headers of a 100 or 103 are not the answer's."""
    status, headers, *_ = parsed(INTERIM + SIZED, [])

    assert 200 == status
    assert b"link" not in dict(headers)


def test_trailers_are_dropped():
    """A trailer never becomes a header: it could overrule one that was already acted upon."""
    _, headers, *_ = parsed(CHUNKED, [])

    assert ((b"transfer-encoding", b"Chunked"),) == headers


@pytest.mark.parametrize(
    "head, reusable",
    (
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", False),
        (SURPLUS, False),
        (SIZED + b"H", False),
        (SIZED + b"garbage", False),
    ),
)
def test_which_connections_may_be_used_again(head, reusable):
    """Only after an answer that ended by itself, at a known place, with nothing behind it."""
    parser = AnswerParser(LIMITS)
    parser.feed(head)

    assert (DONE, None, reusable) == (parser.stage, parser.fault, parser.reusable)


def test_bytes_after_an_answer_are_not_part_of_it():
    """A second answer in the same read, smuggled or not, is thrown away with its connection."""
    parser = AnswerParser(LIMITS)

    assert b"hello world" == parser.feed(SURPLUS)


def test_one_parser_serves_many_answers():
    """Nothing of one answer is left in the next."""
    parser = AnswerParser(LIMITS)
    parser.feed(CHUNKED)
    parser.begin(b"POST")

    assert (HEAD, 0, (), -1) == (parser.stage, parser.status, parser.headers, parser.length)
    assert b"hello world" == parser.feed(SIZED)
    assert (200, 11, True) == (parser.status, parser.length, parser.reusable)


def test_head_has_no_body():
    """The answer to HEAD announces a body that never comes."""
    parser = AnswerParser(LIMITS)
    parser.begin(b"HEAD")
    parser.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")

    assert (DONE, 200, False) == (parser.stage, parser.status, parser.reusable)


@pytest.mark.parametrize(
    "head",
    (
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    ),
)
def test_heads_that_are_refused(head):
    """Not our protocol, an encoding we did not ask for, or a length that two readers could read differently."""
    parser = AnswerParser(LIMITS)
    parser.feed(head)

    assert isinstance(parser.fault, Garbled)
    assert 0 == parser.status


def test_identity_encoding_is_fine():
    """Some servers say what they did not do."""
    parser = AnswerParser(LIMITS)
    parser.feed(b"HTTP/1.1 200 OK\r\ncontent-encoding: Identity\r\ncontent-length: 1\r\n\r\nx")

    assert (None, DONE) == (parser.fault, parser.stage)


def test_no_fault_quotes_the_answer():
    """An upstream may echo our credential in a header; a log must not."""
    for head in (
        b"content-encoding: sk-canary",
        b"transfer-encoding: sk-canary",
        b"sk-canary\0: x",
    ):
        parser = AnswerParser(LIMITS)
        parser.feed(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")
        fault = parser.fault

        assert fault is not None
        assert "canary" not in fault.message + fault.detail


@pytest.mark.parametrize("count, refused", ((128, False), (129, True)))
def test_the_number_of_headers_is_capped(count, refused):
    """128 are accepted, one more is not."""
    parser = AnswerParser(LIMITS)
    parser.feed(b"HTTP/1.1 204 No Content\r\n" + b"a: b\r\n" * count + b"\r\n")

    assert refused == (parser.fault is not None)


@pytest.mark.parametrize("size, refused", ((65535, False), (65536, True)))
@pytest.mark.parametrize("step", (1 << 20, 4096))
def test_the_bytes_of_headers_are_capped(size, refused, step):
    """Names and values count, in whatever pieces they come."""
    head = b"HTTP/1.1 204 No Content\r\na: " + b"x" * size + b"\r\n\r\n"
    parser = AnswerParser(LIMITS)
    for at in range(0, len(head), step):
        parser.feed(head[at : at + step])

    assert refused == (parser.fault is not None)


def endless(start: bytes, piece: bytes) -> tuple[int, int]:
    """How many pieces a parser takes before it refuses, and the most memory it then held."""
    parser = AnswerParser(LIMITS)
    parser.feed(start)
    tracemalloc.start()
    taken = 0
    while parser.fault is None and taken < 5000:
        parser.feed(piece)
        taken += 1
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return taken, most


@pytest.mark.parametrize(
    "start, piece",
    (
        (b"HTTP/1.1 200 OK\r\nx: ", b"v" * 4096),
        (b"HTTP/1.1 200 ", b"r" * 4096),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", b"v" * 4096),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n" * 700),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;", b"e" * 4096),
    ),
)
def test_nothing_endless_fills_the_memory(start, piece):
    """Header, reason, interim answers, trailers, chunk extension: each is refused at its cap."""
    taken, most = endless(start, piece)

    assert taken <= 2 * LIMITS.header_bytes // len(piece) + 2
    assert most < 1 << 20


def test_a_long_answer_may_have_much_framing():
    """What comes between two pieces of body is capped, not the sum over a long stream."""
    parser = AnswerParser(LIMITS)
    parser.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(100):
        parser.feed(b"1;" + b"e" * 4096)
        parser.feed(b"\r\nx\r\n")

    assert (None, BODY) == (parser.fault, parser.stage)


def test_a_long_body_in_tiny_chunks_is_joined():
    """Every read gives one piece, however many chunks it held."""
    parser = AnswerParser(LIMITS)
    parser.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")

    assert b"x" * 1000 == parser.feed(b"1\r\nx\r\n" * 1000)
    assert BODY == parser.stage


@pytest.mark.parametrize(
    "value, patience",
    ((b"timeout=5", 4.0), (b"max=100, Timeout = 10", 9.0), (b"timeout=600", 30.0), (b"x", 30.0)),
)
def test_the_upstreams_own_keep_alive_counts(value, patience):
    """It is left a second before it would close, never later than our own limit."""
    parser = AnswerParser(LIMITS)
    parser.feed(b"HTTP/1.1 204 No Content\r\nkeep-alive: " + value + b"\r\n\r\n")

    assert patience == parser.patience
