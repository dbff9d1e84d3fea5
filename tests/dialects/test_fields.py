"""Objects read field by field."""

import pytest
from msgspec import Raw

from trunkline.canon.errors import Malformed
from trunkline.dialects.fields import INT, STR, Fields

BODY = b'{"a":"x","b":{"c":[1,{"d":2}]},"n":null,"z":true}'


def test_get_and_rest():
    """What was asked for is gone from the rest; null is as good as absent."""
    body = Fields.of(BODY, "")
    assert ("x", None, None) == (body.get("a", STR), body.get("n", STR), body.get("q", STR))
    assert ["b", "z"] == list(body.rest())


def test_paths():
    """Every value knows its place."""
    inner = Fields.of(BODY, "").inner("b")
    assert "b.q" == inner.at("q")
    (_, first), (raw, second) = inner.items("c")
    assert ("b.c[0]", "b.c[1]") == (first, second)
    with pytest.raises(Malformed) as raised:
        Fields.of(raw, second).get("d", STR)
    assert "b.c[1].d" == raised.value.param
    assert "str" in raised.value.message


@pytest.mark.parametrize(
    ("read", "param"),
    (
        (lambda body: body.need("q", STR), "q"),
        (lambda body: body.need("n", STR), "n"),
        (lambda body: body.get("a", INT), "a"),
        (lambda body: body.inner("a"), "a"),
        (lambda body: body.items("a"), "a"),
    ),
)
def test_malformed(read, param):
    """Missing or mistyped, it is named."""
    with pytest.raises(Malformed) as raised:
        read(Fields.of(BODY, ""))
    assert param == raised.value.param


def test_keep():
    """A field of an unknown form goes back among the rest."""
    body = Fields.of(BODY, "")
    body.keep("a", Raw(b"1"))
    assert b"1" == bytes(body.rest()["a"])


def test_no_object():
    """The whole body has no name."""
    with pytest.raises(Malformed) as raised:
        Fields.of(b"[]", "")
    assert raised.value.param is None
