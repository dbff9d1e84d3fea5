"""Tests of other dialects' JSON schemas within what this API compiles."""

from typing import Any

import pytest
from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import raw
from trunkline.canon.errors import Unsupported
from trunkline.dialects.claude_schema import closed, tool_schema


def close(schema: Any) -> tuple[Any, str]:
    fits = closed(raw(schema), "p")
    assert fits is not None
    return json.decode(fits[0]), fits[1]


def flatten(schema: Any) -> tuple[Any, bool]:
    found, flattened = tool_schema(raw(schema), "p")
    return json.decode(found), flattened


def test_objects_are_closed_at_every_depth() -> None:
    """In properties, definitions, items and alternatives."""
    inner = {"type": ["object", "null"], "properties": {"n": {"type": "null"}}}
    shut = {**inner, "additionalProperties": False}
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": inner}, "b": {"anyOf": [inner]}},
        "$defs": {"c": inner},
    }

    assert (
        {
            "type": "object",
            "properties": {"a": {"type": "array", "items": shut}, "b": {"anyOf": [shut]}},
            "$defs": {"c": shut},
            "additionalProperties": False,
        },
        "objects closed",
    ) == close(schema)


SOME = {"type": "object", "properties": {"a": {"type": "string"}}}
SHUT = {**SOME, "additionalProperties": False}


@pytest.mark.parametrize(
    "inner",
    (
        {"type": "object"},
        {"type": "object", "properties": {}},
        {"type": ["object", "null"]},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {**SOME, "additionalProperties": True},
        {**SOME, "patternProperties": {"^x": {}}},
        {**SOME, "anyOf": [{"properties": {"b": {}}}]},
        {**SOME, "allOf": [{"$ref": "#/$defs/b"}]},
        {"allOf": [SOME, {"type": "object", "properties": {"b": {"type": "null"}}}]},
        {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]},
        {"type": "array", "items": {"type": "object"}},
        {"$defs": {"free": {"type": "object"}}},
    ),
)
def test_what_closing_would_forbid_stays_open(inner: Any) -> None:
    """An object with properties it does not name: closed, only {} could be said, or nothing."""
    schema = {**SHUT, "properties": {"m": inner}}

    assert closed(raw(schema), "p") is None


@pytest.mark.parametrize(
    "inner",
    (
        {"type": "object", "additionalProperties": False},
        {**SHUT, "anyOf": [{"properties": {"a": {}}}]},
        {"allOf": [{"$ref": "#/$defs/b"}]},
        {"enum": [{"type": "object"}]},
    ),
)
def test_what_is_closed_already_stays_as_it_is(inner: Any) -> None:
    """It forbids what its client wants forbidden."""
    schema = {**SHUT, "properties": {"m": inner}}

    assert (schema, "") == close(schema)


def test_one_of_is_any_of() -> None:
    """There is no other; what stands in it is closed, too."""
    assert ({"anyOf": [SHUT, {"type": "null"}]}, "objects closed, oneOf taken as anyOf") == close(
        {"oneOf": [SOME, {"type": "null"}]}
    )


@pytest.mark.parametrize("least, kept", ((0, True), (1, True), (2, False)))
def test_the_least_number_of_items(least: int, kept: bool) -> None:
    """None or one can be asked for."""
    found, changes = close({"type": "array", "items": {"type": "null"}, "minItems": least})

    assert (kept, not kept) == ("minItems" in found, "bounds dropped" in changes)


@pytest.mark.parametrize("form, kept", (("date-time", True), ("regex", False), ({}, False)))
def test_formats(form: object, kept: bool) -> None:
    """Those that are compiled; a property may be called so."""
    schema = {**SHUT, "properties": {"format": {"type": "string", "format": form}}}
    found, changes = close(schema)

    assert (kept, not kept) == ("format" in found["properties"]["format"], bool(changes))


def test_bounds_go() -> None:
    """They are not compiled; a property that bears such a name stays."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"minimum": {"type": "number", "minimum": 0, "maxLength": 3}},
    }

    assert {"minimum": {"type": "number"}} == close(schema)[0]["properties"]


def test_a_fitting_schema_keeps_its_bytes() -> None:
    """So that prompt caches hold."""
    written = Raw(
        b'{ "type": "object", "additionalProperties": false, "const": {"type": "object"} }'
    )

    assert (written, "") == closed(written, "p")


@pytest.mark.parametrize("schema", (b"{", b"[" * 9000 + b"]" * 9000))
def test_what_is_no_schema_is_refused(schema: bytes) -> None:
    """Broken or absurd."""
    with pytest.raises(Unsupported):
        closed(Raw(schema), "p")


@pytest.mark.parametrize("schema", (None, Raw(b"null"), Raw(b"{}")))
def test_no_schema_is_any_object(schema: Raw | None) -> None:
    """The API wants one."""
    assert (Raw(b'{"type":"object"}'), False) == tool_schema(schema, "p")


def test_the_type_is_added() -> None:
    """It must be an object's, and said."""
    assert ({"type": "object", "properties": {}}, False) == flatten({"properties": {}})


@pytest.mark.parametrize(
    "key, required", (("anyOf", ["a"]), ("oneOf", ["a"]), ("allOf", ["a", "b", "c"]))
)
def test_alternatives_at_the_top_are_merged(key: str, required: list[str]) -> None:
    """Into the properties of all; required is what every way requires."""
    schema = {
        key: [
            {"properties": {"b": {}}, "required": ["a", "b"]},
            {"properties": {"c": {}}, "required": ["a", "c"]},
        ],
        "properties": {"a": {}},
    }

    assert (
        {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "required": required},
        True,
    ) == flatten(schema)


def test_alternatives_within_stay() -> None:
    """Only the top may not have them."""
    written = Raw(b'{"type":"object", "properties":{"a":{"anyOf":[{}]}}}')

    assert (written, False) == tool_schema(written, "p")
