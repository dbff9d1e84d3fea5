"""Instances of JSON schemas."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from trunkline.providers.sim.schema import instance

SEED = b"s"


@pytest.mark.parametrize(
    ("schema", "made"),
    (
        ({"const": 5}, 5),
        ({"enum": ["only"]}, "only"),
        ({"type": "null"}, None),
        ({"type": "object"}, {}),
        ({"type": "string", "format": "date"}, "2026-11-21"),
        ({"type": ["null", "object"], "properties": {"a": {"const": 1}}}, {"a": 1}),
        ({"anyOf": [{"type": "null"}, {"const": 2}]}, 2),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"required": ["a"]}]}, {"a": 1}),
        ({"properties": {"a": {"const": 1}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"items": {"const": 1}, "minItems": 3}, [1, 1, 1]),
        ({"items": {"const": 1}, "maxItems": 0}, []),
        ({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}]}, [1, 2]),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 3}}}, 3),
        ({"type": "number", "multipleOf": 0.5, "minimum": 1.1}, 1.5),
        ({"type": "integer", "exclusiveMinimum": 3, "maximum": 4}, 4),
        ({"type": "integer", "minimum": 7, "exclusiveMaximum": 8}, 7),
        ({"type": "integer", "maximum": -3, "minimum": -3}, -3),
        ({"items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True, "x": 1}, None),
    ),
)
def test_an_instance_fits(schema: dict, made: object) -> None:
    """Where a schema leaves no choice, the instance is that value."""
    found = instance(schema, SEED)

    if "uniqueItems" in schema:
        assert {"a", "b"} == set(found)
    else:
        assert made == found


@pytest.mark.parametrize("pattern", (r"^\d{3}$", r"^[A-Z]{2,3}$", r"^#[0-9a-f]{6}$", r"^[a-z]+$"))
def test_common_patterns_are_met(pattern: str) -> None:
    """A pattern of a kind seen in tools is met by the string."""
    assert re.search(pattern, instance({"type": "string", "pattern": pattern}, SEED))


@given(low=st.integers(-50, 50), room=st.integers(0, 40), step=st.integers(1, 7), seed=st.binary())
def test_integers_stay_in_range(low: int, room: int, step: int, seed: bytes) -> None:
    """Minimum, maximum and step are kept wherever they leave a value."""
    schema = {"type": "integer", "minimum": low, "maximum": low + room, "multipleOf": step}
    found = instance(schema, seed)

    assert isinstance(found, int)
    if any(value % step == 0 for value in range(low, low + room + 1)):
        assert low <= found <= low + room
        assert 0 == found % step


@given(least=st.integers(0, 60), room=st.integers(0, 30), seed=st.binary())
def test_strings_have_their_length(least: int, room: int, seed: bytes) -> None:
    """minLength and maxLength are kept."""
    schema = {"type": "string", "minLength": least, "maxLength": least + room}

    assert least <= len(instance(schema, seed)) <= least + room


def test_recursion_ends() -> None:
    """A tree of itself ends in null or an empty list, and an endless one in null."""
    tree = {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                    "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                },
                "required": ["next", "kids"],
            }
        },
    }
    endless = {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}

    assert {"next", "kids"} == set(instance(tree, SEED))
    assert {"a"} == set(instance(endless, SEED))
    nested: dict = {}
    for _ in range(2000):
        nested = {"allOf": [nested]}
    instance(nested, SEED)


@pytest.mark.parametrize(
    "schema",
    (
        {"type": "array", "minItems": 1e308},
        {"type": "array", "minItems": 900, "items": {"type": "array", "minItems": 900}},
        {"type": "string", "minLength": 1e300},
        {"type": "object", "minProperties": 1e300},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]},
        {
            "type": "object",
            "properties": {key: {"$ref": "#"} for key in "abcdef"},
            "required": [*"abcdef"],
        },
    ),
)
def test_a_greedy_schema_gets_little(schema: dict) -> None:
    """A schema comes from outside: neither time nor memory may explode."""
    assert 1 << 18 > len(json.encode(instance(schema, SEED)))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "required",
                    "items",
                    "enum",
                    "anyOf",
                    "allOf",
                    "oneOf",
                    "$ref",
                    "minimum",
                    "maximum",
                    "minItems",
                    "maxItems",
                    "minLength",
                    "maxLength",
                    "multipleOf",
                    "format",
                    "pattern",
                    "const",
                    "uniqueItems",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_nonsense_does_not_break_it(schema: object) -> None:
    """Whatever stands where a schema should be, something comes out."""
    instance(schema, SEED)
