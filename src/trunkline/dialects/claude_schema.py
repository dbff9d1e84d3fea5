"""Other dialects' JSON schemas within what Claude compiles, at Anthropic and at Bedrock."""

from msgspec import Raw, json

from trunkline.canon.errors import Unsupported

# platform.claude.com, structured outputs, "JSON Schema limitations", seen 2026-11-21; the formats and
# what becomes of oneOf and minItems are those of the SDK (anthropic 2.12, lib/_parse/_transform.py,
# seen 2026-11-22).
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
_FORMATS = frozenset({
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "uri",
    "ipv4",
    "ipv6",
    "uuid",
})  # fmt: skip
_COMBINED = ("anyOf", "oneOf", "allOf")
_NAMED_CHILDREN = frozenset({"properties", "$defs", "definitions"})
_VALUES = frozenset({"enum", "const", "default", "examples"})

OPEN = "dropped: the schema has an object with properties that it does not name"
"""Why a tool is not strict."""

Schema = dict[str, object]

_BROKEN = (ValueError, RecursionError)
_RAW_MAP = json.Decoder(dict[str, Raw])


def closed(schema: Raw, param: str) -> tuple[Raw, str] | None:
    """
    For structured output: objects take no properties but their own, and bounds go.

    With what was changed, in a few words, empty for nothing. None where the schema wants an object
    that has properties it does not name: closed, it would be held to something else. Raises
    Unsupported where it is no schema at all.
    """
    try:
        tree = json.decode(schema)
        changes: set[str] = set()
        if not _close(tree, changes):
            return None
        return Raw(json.encode(tree)) if changes else schema, ", ".join(sorted(changes))
    except _BROKEN as error:
        raise Unsupported(f"{param} is not a JSON schema", param=param) from error


def _close(node: object, changes: set[str]) -> bool:
    """False where that would forbid what the schema allows."""
    if isinstance(node, list):
        return all(_close(item, changes) for item in node)
    if not isinstance(node, dict):
        return True
    if _is_object(node) and node.get("additionalProperties") is not False:
        if _is_open(node):
            return False
        node["additionalProperties"] = False
        changes.add("objects closed")
    if _contradicts_itself(node):
        return False
    _loosen(node, changes)
    for key, value in node.items():
        children = (
            list(value.values()) if key in _NAMED_CHILDREN and isinstance(value, dict) else value
        )
        if key not in _VALUES and not _close(children, changes):
            return False
    return True


def _is_object(node: Schema) -> bool:
    kind = node.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _is_open(node: Schema) -> bool:
    """An object that says more than which properties it names, or names none."""
    own = _properties(node)
    if not own or not {"additionalProperties", "patternProperties"}.isdisjoint(node):
        return True
    branches = [branch for key in _COMBINED for branch in _list(node.get(key))]
    return any(
        isinstance(branch, dict) and ("$ref" in branch or _properties(branch).keys() - own.keys())
        for branch in branches
    )


def _contradicts_itself(node: Schema) -> bool:
    """Two objects at once, neither of which would let the other's properties in."""
    both = [branch for branch in _list(node.get("allOf")) if isinstance(branch, dict)]
    return sum("$ref" in b or (_is_object(b) and "properties" in b) for b in both) > 1


def _loosen(node: Schema, changes: set[str]) -> None:
    if "type" in node:
        least = node.get("minItems", 0)
        gone = _UNCOMPILED & node.keys()
        gone |= {"minItems"} if least not in (0, 1) else set()
        gone |= {"format"} if str(node.get("format", "uuid")) not in _FORMATS else set()
        for keyword in gone:
            del node[keyword]
            changes.add("bounds dropped")
    if "oneOf" in node:
        ways = node.pop("oneOf")
        node.setdefault("anyOf", ways)
        changes.add("oneOf taken as anyOf")


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
