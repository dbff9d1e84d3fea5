"""Answers as bytes."""

import msgspec
import pytest

from trunkline.canon.errors import Busy, Malformed
from trunkline.edge import answers

DATE = answers.date_line(1_795_255_200.0)


def test_a_whole_answer() -> None:
    """Status line, date, headers, length, blank line, body."""
    expected = (
        b"HTTP/1.1 200 OK\r\ndate: Sat, 21 Nov 2026 10:00:00 GMT\r\na: 1\r\nb: 2\r\n"
        b"content-length: 2\r\n\r\nhi"
    )
    headers = ((b"a", b"1"), (b"b", b"2"))
    assert expected == answers.whole(200, DATE, headers, b"hi", keep=True)


def test_the_last_answer_of_a_connection() -> None:
    """It says so; without headers there is no empty line too many."""
    expected = (
        b"HTTP/1.1 529 Overloaded\r\n" + DATE + b"connection: close\r\ncontent-length: 0\r\n\r\n"
    )
    assert expected == answers.whole(529, DATE, (), b"", keep=False)


def test_a_head() -> None:
    """Of a stream: its framing as given."""
    expected = b"HTTP/1.1 200 OK\r\n" + DATE + b"a: 1\r\ntransfer-encoding: chunked\r\n\r\n"
    assert expected == answers.head(200, DATE, ((b"a", b"1"),), answers.CHUNKED)


@pytest.mark.parametrize("value", (b"a\r\nb: c", b"a\nb", b"a\rb", b"\r\n", b"a\r\n\r\n<html>"))
def test_a_header_that_breaks_its_line(value: bytes) -> None:
    """Refused wherever it stands: the rest of the answer would be somebody else's words."""
    for headers in (((b"x", value),), ((b"x", b"1"), (value, b"2")), ((b"x", value), (b"y", b"1"))):
        with pytest.raises(ValueError, match="line break"):
            answers.whole(200, DATE, headers, b"", keep=True)
        with pytest.raises(ValueError, match="line break"):
            answers.head(200, DATE, headers, answers.CHUNKED)


def test_chunks() -> None:
    """Size in hexadecimal, data, each with its line end."""
    assert b"1a\r\n" + b"x" * 26 + b"\r\n" == answers.chunk(b"x" * 26)


def test_a_plain_error() -> None:
    """Message, type and code; when to come again, in whole seconds, where that is known."""
    told = answers.plain_error(Busy("full", retry_after=0.2), "req_1")
    error = {"message": "full", "type": "server_error", "code": "overloaded", "param": None}
    assert (503, {"error": error}) == (told.status, msgspec.json.decode(told.body))
    assert b"1" == dict(told.headers)[b"retry-after"]
    assert b"retry-after" not in dict(answers.plain_error(Malformed("x"), "req_1").headers)
