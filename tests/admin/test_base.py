"""A control-plane call: reading its body, and answering."""

import asyncio

import pytest
from msgspec import Struct
from starlette.requests import Request

from trunkline.admin.base import ControlCall, answer
from trunkline.canon.errors import Malformed, TooLarge


class Wish(Struct, forbid_unknown_fields=True):
    name: str
    size: int = 1


def read(*pieces: bytes) -> Wish:
    """The body that arrives in these pieces."""
    coming = [{"type": "http.request", "body": p, "more_body": True} for p in pieces]
    coming.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive():
        return coming.pop(0)

    call = ControlCall(Request({"type": "http"}, receive), None, None)
    return asyncio.run(call.body(Wish))


def test_a_body_may_come_in_pieces():
    """They are one document."""
    assert Wish("x", 2) == read(b'{"na', b'me":"x","si', b'ze":2}')


@pytest.mark.parametrize(
    ("body", "param", "says"),
    (
        (b'{"name":1}', "name", "Expected `str`"),
        (b'{"name":"x","size":"y"}', "size", "Expected `int`"),
        (b'{"name":"x","sise":1}', "sise", "unknown field `sise`"),
        (b"", "name", "missing required field `name`"),
        (b"{", None, "not valid JSON"),
        (b'{"name":"\xff"}', None, "not valid JSON"),
        (b"[" * 100_000, None, "Expected `object`"),
        (b'{"x":' * 100_000, "x", "unknown field `x`"),
    ),
)
def test_a_wrong_body_is_refused_by_its_field(body, param, says):
    """The caller learns which field is wrong, and what belongs there."""
    with pytest.raises(Malformed) as refused:
        read(body)

    assert param == refused.value.param
    assert says in refused.value.message


def test_a_large_body_is_refused_while_it_arrives():
    """With the size that would have been fine; the rest is never read."""
    with pytest.raises(TooLarge, match="at most 1048576 bytes"):
        read(b" " * (1 << 20), b" ", b'{"name":"x"}')


def test_answers_are_json_that_nobody_keeps():
    """A key that is shown once must not lie in a cache."""
    told = answer(Wish("x"), 201)

    assert (201, b'{"name":"x","size":1}') == (told.status_code, told.body)
    assert "no-store" == told.headers["cache-control"]
    assert "application/json" == told.headers["content-type"]
