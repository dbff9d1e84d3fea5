"""A JSON object read field by field: what is mistyped is told by its path, what is left is kept."""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import MsgspecError, Raw, json

from trunkline.canon.errors import Malformed
from trunkline.dialects.raws import NOT_JSON, NULL, RAW_LIST, RAW_MAP

ValueT = TypeVar("ValueT")

_QUOTE = ord('"')
STR = json.Decoder(str)
BOOL = json.Decoder(bool)
INT = json.Decoder(int)
NUMBER = json.Decoder(float)


class Fields:
    """`path` is the object's own place in the body, "" at the top: "messages[2].content[0]"."""

    __slots__ = ("_left", "path")

    def __init__(self, fields: Mapping[str, Raw], path: str = "") -> None:
        self._left = {name: raw for name, raw in fields.items() if raw != NULL}
        self.path = path

    @classmethod
    def of(cls, raw: Raw | bytes, path: str) -> "Fields":
        """Raises Malformed."""
        fields: dict[str, Raw] = read(raw, RAW_MAP, path)
        return cls(fields, path)

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def raw(self, name: str) -> Raw | None:
        """None where it is absent or null."""
        return self._left.pop(name, None)

    def get(self, name: str, decoder: json.Decoder[ValueT]) -> ValueT | None:
        raw = self._left.pop(name, None)
        if raw is None:
            return None
        try:
            return decoder.decode(raw)
        except NOT_JSON as error:
            raise _malformed(self.at(name), error) from None

    def need(self, name: str, decoder: json.Decoder[ValueT]) -> ValueT:
        value = self.get(name, decoder)
        if value is None:
            raise missing(self.at(name))
        return value

    def inner(self, name: str) -> "Fields | None":
        raw = self._left.pop(name, None)
        return None if raw is None else Fields.of(raw, self.at(name))

    def items(self, name: str) -> list[tuple[Raw, str]] | None:
        """The entries of an array, each with its path."""
        raw = self._left.pop(name, None)
        if raw is None:
            return None
        path = self.at(name)
        entries: list[Raw] = read(raw, RAW_LIST, path)
        return [(entry, f"{path}[{i}]") for i, entry in enumerate(entries)]

    def keep(self, name: str, raw: Raw) -> None:
        """Back among what is left: it has a form we do not know."""
        self._left[name] = raw

    def rest(self) -> Mapping[str, Raw]:
        """What nobody asked for."""
        return self._left


def is_string(raw: Raw) -> bool:
    """Told by its first character."""
    return memoryview(raw)[0] == _QUOTE


def read(raw: Raw | bytes, decoder: json.Decoder[ValueT], path: str) -> ValueT:
    """Raises Malformed, its param the path."""
    try:
        return decoder.decode(raw)
    except NOT_JSON as error:
        raise _malformed(path, error) from None


def missing(path: str) -> Malformed:
    return Malformed(f"missing required parameter: '{path}'", param=path)


def _malformed(path: str, error: Exception) -> Malformed:
    why = str(error) if isinstance(error, MsgspecError) else "is not valid JSON"
    where = f"'{path}'" if path else "the body"
    return Malformed(f"invalid {where}: {why}", param=path or None)
