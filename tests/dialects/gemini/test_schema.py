"""Google's own schemas as JSON Schema."""

import pytest
from msgspec import Raw, json

from trunkline.canon.errors import Malformed
from trunkline.dialects.gemini.schema import json_schema


def converted(schema):
    return json.decode(json_schema(Raw(json.encode(schema)), "parameters"))


def test_types_and_counts():
    """Capitals become small, strings of digits numbers, `nullable` a second type."""
    given = {
        "type": "OBJECT",
        "properties": {
            "names": {"type": "ARRAY", "items": {"type": "STRING"}, "minItems": "1"},
            "type": {"type": "STRING", "nullable": True, "enum": ["A", "B"]},
        },
        "propertyOrdering": ["type", "names"],
        "required": ["names"],
    }
    assert {
        "type": "object",
        "properties": {
            "names": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "type": {"type": ["string", "null"], "enum": ["A", "B"]},
        },
        "required": ["names"],
    } == converted(given)


def test_snake_case():
    """Fields in either spelling; names of properties are left alone."""
    given = {"type": "OBJECT", "properties": {"a_b": {"any_of": [{"type": "INTEGER"}]}}}
    expected = {"type": "object", "properties": {"a_b": {"anyOf": [{"type": "integer"}]}}}
    assert expected == converted(given)


def test_json_schema_is_left_alone():
    """To the byte, so that prompt caches still match."""
    raw = Raw(b'{ "type":"object", "$defs":{"A":{"const":"X"}}, "additionalProperties":false }')
    assert raw is json_schema(raw, "parameters")


def test_no_schema():
    """What is no object is refused by its place, and so is nesting without end."""
    for raw in (b"7", b"[", b'{"items":' * 70 + b"{}" + b"}" * 70):
        with pytest.raises(Malformed) as caught:
            json_schema(Raw(raw), "tools[0].parameters")
        assert "tools[0].parameters" == caught.value.param
