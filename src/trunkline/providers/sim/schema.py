"""Makes an instance of a JSON schema: what a well-behaved model would have answered."""

import re
from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor

from trunkline.providers.sim.ids import dice

_DEPTH = 12
"""Recursive schemas end here."""
_NODES, _ITEMS, _LENGTH = 5000, 1000, 1 << 16
"""Values in one instance, items in one array, characters in one string: a schema comes from outside."""
_FORMATS: Mapping[str, str] = {
    "date-time": "2026-11-21T10:00:00Z",
    "date": "2026-11-21",
    "time": "10:00:00Z",
    "duration": "PT1H30M",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "www.example.com",
    "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7",
    "uri": "https://example.com/a",
    "url": "https://example.com/a",
    "uri-reference": "/a/b",
    "uuid": "6f3c1a52-8b0e-4d7a-9c1f-2e5b7a904d13",
    "json-pointer": "/a/0",
    "regex": "^a+$",
    "byte": "c2ltdWxhdGVk",
    "binary": "c2ltdWxhdGVk",
}
_LARGEST = 10**12
"""Bounds beyond it are as good as none."""
_WORDS = ("amber", "birch", "cobalt", "delta", "ember", "fjord", "grove", "harbor")
_CANDIDATES = (
    *_FORMATS.values(), *_WORDS, "a", "A", "ab", "AB", "abc", "ABC", "abc123", "ABC-123", "a_b", "0",
    "1", "7", "12", "123", "1234", "12345", "12345678", "1234567890", "1.0", "1.2.3", "#a1b2c3",
    "+15550100", "555-0100", "en", "en-US", "EUR", "user@host", "/a", "A1", "a1", "X", "true",
)  # fmt: skip


def instance(schema: object, seed: bytes) -> object:
    """A value that the schema accepts; the same for the same seed."""
    return _Maker(schema, seed).make(schema, "$", 0)


class _Maker:
    def __init__(self, root: object, seed: bytes) -> None:
        self._root = root
        self._seed = seed
        self._left = _NODES

    def _spent(self, depth: int) -> bool:
        """One more step; True when there have been too many: a schema without a finite instance."""
        self._left -= 1
        return self._left < 0 or depth > _DEPTH * 2

    def make(self, schema: object, path: str, depth: int) -> object:
        if self._spent(depth):
            return None
        if not isinstance(schema, dict):
            return f"value-{self._word(path)}"
        schema = self._resolve(schema, depth)
        if "const" in schema:
            return schema["const"]
        if isinstance(options := schema.get("enum"), list) and options:
            return options[self._pick(path, len(options))]
        make: Callable[[Mapping[str, object], str, int], object] = {
            "object": self._object, "array": self._array, "string": self._string,
            "integer": self._integer, "number": self._float,
            "boolean": lambda _, at, __: bool(self._pick(at, 2)),
            "null": lambda _, __, ___: None,
        }.get(_type(schema, depth), self._string)  # fmt: skip
        return make(schema, path, depth)

    def _resolve(self, schema: Mapping[str, object], depth: int) -> Mapping[str, object]:
        """Follow references and choose among alternatives until one plain schema is left."""
        merged = dict(schema)
        for _ in range(0 if self._spent(depth) else _DEPTH):
            if isinstance(ref := merged.pop("$ref", None), str):
                merged = {**_mapping(_follow(self._root, ref)), **merged}
            elif isinstance(parts := merged.pop("allOf", None), list):
                for part in parts:
                    merged = dict(_merge(merged, self._resolve(_mapping(part), depth + 1)))
            elif "anyOf" in merged or "oneOf" in merged:
                choices = merged.pop("anyOf", None) or merged.pop("oneOf", None)
                merged = {**merged, **_choose(choices, depth)}
            else:
                break
        return merged

    def _object(self, schema: Mapping[str, object], path: str, depth: int) -> object:
        properties = _mapping(schema.get("properties"))
        required = schema.get("required")
        names = list(properties)
        if isinstance(required, list):
            names = [name for name in required if isinstance(name, str)]
        if depth >= _DEPTH // 2 and not isinstance(required, list):
            names = []
        made = {
            name: self.make(properties.get(name, {}), f"{path}.{name}", depth + 1) for name in names
        }
        extra = schema.get("additionalProperties")
        while len(made) < min(_number(schema, "minProperties", 0), _ITEMS):
            key = f"key{len(made)}"
            made[key] = self.make(extra, f"{path}.{key}", depth + 1)
        return made

    def _array(self, schema: Mapping[str, object], path: str, depth: int) -> object:
        first = schema.get("prefixItems")
        heads: Sequence[object] = first if isinstance(first, list) else ()
        least = _number(schema, "minItems", 0 if depth >= _DEPTH // 2 else max(1, len(heads)))
        most = _number(schema, "maxItems", max(least, len(heads)))
        size = int(min(max(least, len(heads)), most, _ITEMS))
        made: list[object] = []
        for at in range(size):
            item = heads[at] if at < len(heads) else schema.get("items", {"type": "string"})
            value = self.make(item, f"{path}[{at}]", depth + 1)
            if schema.get("uniqueItems") and value in made:
                value = _other(value, item, made)
            made.append(value)
        return made

    def _string(self, schema: Mapping[str, object], path: str, depth: int) -> object:
        if isinstance(known := schema.get("format"), str) and known in _FORMATS:
            return _FORMATS[known]
        least = int(min(_number(schema, "minLength", 0), _LENGTH))
        most = _number(schema, "maxLength", _LENGTH)
        if isinstance(pattern := schema.get("pattern"), str):
            for candidate in _CANDIDATES:
                if least <= len(candidate) <= most and _matches(pattern, candidate):
                    return candidate
        text = word = self._word(path)
        if len(word) < least:
            text = " ".join([word] * (least // len(word) + 1))
        return text[: int(max(least, min(most, max(least, len(word)))))]

    def _integer(self, schema: Mapping[str, object], path: str, depth: int) -> object:
        low, high, step = _range(schema, 1)
        first = ceil(low / step) * step
        room = int(min((high - first) / step, 9))
        return int(first + step * self._pick(path, max(1, room + 1)))

    def _float(self, schema: Mapping[str, object], path: str, depth: int) -> object:
        if "multipleOf" in schema:
            low, high, step = _range(schema, 0)
            return step * max(ceil(low / step), floor(min(high, low + step) / step))
        low, high, _ = _range(schema, 0)
        return round(low + (min(high, low + 10) - low) * 0.25, 6)

    def _word(self, path: str) -> str:
        return _WORDS[self._pick(path, len(_WORDS))]

    def _pick(self, path: str, among: int) -> int:
        return int(dice(self._seed, path) * among)


def _type(schema: Mapping[str, object], depth: int) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        plain = [name for name in kind if name != "null"]
        kind = "null" if depth >= _DEPTH and "null" in kind else (plain or ["null"])[0]
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "string"


def _follow(root: object, ref: str) -> object:
    """A local reference, "#/$defs/Name"; anything else means nothing here."""
    found = root
    for step in ref.removeprefix("#").split("/")[1:]:
        found = _mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
    return found


def _choose(choices: object, depth: int) -> Mapping[str, object]:
    """The first alternative that is not null; deep down null, so that recursion ends."""
    found = [_mapping(choice) for choice in choices] if isinstance(choices, list) else []
    nulls = [choice for choice in found if choice.get("type") == "null"]
    plain = [choice for choice in found if choice.get("type") != "null"]
    if depth >= _DEPTH // 2 and nulls:
        return nulls[0]
    return (plain or nulls or [{}])[0]


def _merge(one: Mapping[str, object], other: Mapping[str, object]) -> Mapping[str, object]:
    merged = {**one, **other}
    for key in ("properties", "$defs"):
        if key in one and key in other:
            merged[key] = {**_mapping(one[key]), **_mapping(other[key])}
    left, right = one.get("required"), other.get("required")
    if isinstance(left, list) and isinstance(right, list):
        merged["required"] = list(dict.fromkeys([*left, *right]))
    return merged


def _range(schema: Mapping[str, object], unit: int) -> tuple[float, float, float]:
    """Lowest and highest value (for integers the next inside exclusive bounds), and the step."""
    nudge = unit or 0.001
    low, high = _number(schema, "minimum", 0), _number(schema, "maximum", float("inf"))
    if "exclusiveMinimum" in schema:
        low = max(low, floor(_number(schema, "exclusiveMinimum", 0) / nudge) * nudge + nudge)
    if "exclusiveMaximum" in schema:
        high = min(high, ceil(_number(schema, "exclusiveMaximum", 0) / nudge) * nudge - nudge)
    if "minimum" not in schema and "exclusiveMinimum" not in schema and high < 0:
        low = high
    step = abs(_number(schema, "multipleOf", 1))
    return low, high, step if step > 1 / _LARGEST else 1


def _number(schema: Mapping[str, object], key: str, default: float) -> float:
    value = schema.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return default
    return max(-_LARGEST, min(_LARGEST, value))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _other(value: object, schema: object, taken: Sequence[object]) -> object:
    """A value not yet taken, where the schema leaves room for one."""
    if isinstance(options := _mapping(schema).get("enum"), list):
        return next((option for option in options if option not in taken), value)
    if isinstance(value, str):
        return f"{value}-{len(taken)}"
    if isinstance(value, int | float):
        return value + len(taken)
    return value
