"""Other dialects' JSON schemas within what Claude compiles, at Anthropic and at Bedrock."""

from msgspec import Raw, json

from trunkline.canon.errors import Unsupported

# platform.claude.com, structured outputs, "JSON Schema limitations", seen 2026-11-21.
_UNCOMPILED = frozenset({
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "minProperties",
    "maxProperties",
    "uniqueItems",
})  # fmt: skip
_COMBINED = ("anyOf", "oneOf", "allOf")

Schema = dict[str, object]

_BROKEN = (ValueError, RecursionError)
_RAW_MAP = json.Decoder(dict[str, Raw])


def closed(schema: Raw, param: str) -> tuple[Raw, bool]:
    """
    For structured output: objects take no properties but their own, and bounds go.

    Tells whether anything changed. Raises Unsupported where it is no schema at all.
    """
    try:
        tree = json.decode(schema)
        changed = _close(tree)
        return (Raw(json.encode(tree)) if changed else schema), changed
    except _BROKEN as error:
        raise Unsupported(f"{param} is not a JSON schema", param=param) from error


def _close(node: object) -> bool:
    changed = False
    if isinstance(node, list):
        for item in node:
            changed |= _close(item)
    if not isinstance(node, dict):
        return changed
    if node.get("type") == "object" and node.get("additionalProperties") is not False:
        node["additionalProperties"] = False
        changed = True
    if "type" in node:
        for keyword in _UNCOMPILED & node.keys():
            del node[keyword]
            changed = True
    for key, value in node.items():
        if key in {"properties", "$defs", "definitions"} and isinstance(value, dict):
            for child in value.values():
                changed |= _close(child)
        elif key not in {"enum", "const", "default", "examples"}:
            changed |= _close(value)
    return changed


def tool_schema(schema: Raw | None, param: str) -> tuple[Raw, bool]:
    """
    A tool's input_schema: an object, with nothing combined at the top.

    The API refuses anyOf, oneOf and allOf there (400, seen in its clients' issue trackers).
    Tells whether a combination was flattened, which loosens what the schema allows.
    """
    if schema is None or bytes(schema) in {b"null", b"{}"}:
        return Raw(b'{"type":"object"}'), False
    try:
        fields = _RAW_MAP.decode(schema)
        if fields.get("type") is not None and not any(key in fields for key in _COMBINED):
            return schema, False
        if not any(key in fields for key in _COMBINED):
            return Raw(json.encode({"type": "object", **fields})), False
        return Raw(json.encode(_flat(json.decode(schema)))), True
    except _BROKEN as error:
        raise Unsupported(f"{param} is not a JSON schema", param=param) from error


def _flat(schema: Schema) -> Schema:
    """All the properties of all the branches; required is what every way through requires."""
    flat: Schema = {key: value for key, value in schema.items() if key not in _COMBINED}
    properties: Schema = {}
    required = _names(schema)
    for key in _COMBINED:
        branches = [branch for branch in _list(schema.get(key)) if isinstance(branch, dict)]
        needs = [_names(branch) for branch in branches]
        if needs:
            required |= set.union(*needs) if key == "allOf" else set.intersection(*needs)
        for branch in branches:
            properties |= _properties(branch)
    flat |= {"type": "object", "properties": properties | _properties(schema)}
    if required:
        flat["required"] = sorted(required)
    return flat


def _names(schema: Schema) -> set[str]:
    return {name for name in _list(schema.get("required")) if isinstance(name, str)}


def _properties(schema: Schema) -> Schema:
    own = schema.get("properties")
    return own if isinstance(own, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
