"""Fields in either spelling."""

import pytest

from trunkline.canon.errors import Malformed
from trunkline.dialects.camel import Camel, camel
from trunkline.dialects.fields import STR


def test_names():
    """What is written in snake case is the same as in camel case."""
    assert "functionCall" == camel("function_call")
    assert "functionCall" == camel("functionCall")
    assert "parametersJsonSchema" == camel("parameters_json_schema")


def test_inner():
    """Objects inside are read alike, and mistakes told by their path."""
    outer = Camel.of(b'{"a_b":{"c_d":1}}', "x")
    inner = outer.inner("aB")
    assert inner is not None
    with pytest.raises(Malformed) as caught:
        inner.get("cD", STR)
    assert "x.aB.cD" == caught.value.param


def test_an_object_for_a_list():
    """Where Google takes one entry for a list of one, so do we."""
    assert ["a"] == [path for _, path in Camel.of(b'{"a":{"b":1}}', "").entries("a")]
    assert ["a[0]", "a[1]"] == [path for _, path in Camel.of(b'{"a":[1,2]}', "").entries("a")]
    assert [] == Camel.of(b"{}", "").entries("a")
    with pytest.raises(Malformed):
        Camel.of(b'{"a":7}', "").entries("a")
