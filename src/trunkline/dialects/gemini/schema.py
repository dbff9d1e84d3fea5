"""
Google's own schemas as JSON Schema, for those who know only that.

`parameters` and `responseSchema` are a message of protocol buffers in OpenAPI's manner: types in
capitals, `nullable`, counts that may be strings (ai.google.dev/api/caching, Schema, seen
2026-11-21). gemini-cli writes such types where full JSON Schema is asked for, too.
"""

from collections.abc import Callable, Mapping

from msgspec import Raw, json

from trunkline.canon.errors import Malformed
from trunkline.dialects.raws import NOT_JSON

_Tree = dict[str, object]

_COUNTS = frozenset(
    ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
)
_OWN = frozenset(("nullable", "propertyOrdering", "example"))
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "$defs", "defs", "definitions", "patternProperties")
_INNER = ("items", "additionalProperties", "not")
_SPELT = {
    "any_of": "anyOf",
    "prefix_items": "prefixItems",
    "additional_properties": "additionalProperties",
    "property_ordering": "propertyOrdering",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
}
"""The fields of Google's message in the other spelling."""
_UNSPECIFIED = "TYPE_UNSPECIFIED"
_DEEPEST = 64


def json_schema(raw: Raw, path: str) -> Raw:
    """The same object where it is JSON Schema already. Raises Malformed."""
    try:
        tree = json.decode(raw)
    except NOT_JSON:
        raise Malformed(f"invalid '{path}': is not valid JSON", param=path) from None
    if not isinstance(tree, dict):
        raise Malformed(f"invalid '{path}': expected an object", param=path)
    converted = _convert(tree, path, 0)
    return raw if converted == tree else Raw(json.encode(converted))


def _convert(tree: Mapping[str, object], path: str, depth: int) -> _Tree:
    if depth > _DEEPEST:
        raise Malformed(f"invalid '{path}': nested too deeply", param=path)

    def inner(value: object) -> object:
        return _convert(value, path, depth + 1) if isinstance(value, dict) else value

    converted: _Tree = {}
    for name, value in tree.items():
        word = _SPELT.get(name, name)
        if word not in _OWN:
            converted[word] = _value(word, value, inner)
    kind = converted.get("type")
    if tree.get("nullable") is True and isinstance(kind, str):
        converted["type"] = [kind, "null"]
    if converted.get("type") == _UNSPECIFIED:
        del converted["type"]
    return converted


def _value(word: str, value: object, inner: Callable[[object], object]) -> object:
    if word in _MAPS and isinstance(value, dict):
        return {name: inner(schema) for name, schema in value.items()}
    if word in _LISTS and isinstance(value, list):
        return [inner(schema) for schema in value]
    if word in _INNER:
        return inner(value)
    if word == "type" and isinstance(value, str) and value.isupper() and value != _UNSPECIFIED:
        return value.lower()
    if word in _COUNTS and isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    return value
