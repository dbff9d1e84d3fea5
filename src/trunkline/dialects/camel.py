"""A JSON object of protocol buffers, whose fields may be written function_call or functionCall."""

from msgspec import Raw

from trunkline.dialects.fields import Fields, read
from trunkline.dialects.raws import RAW_MAP

_BRACE = ord("{")


class Camel(Fields):
    """As Fields; every name is read, and kept, as the API's documentation writes it."""

    __slots__ = ()

    @classmethod
    def of(cls, raw: Raw | bytes, path: str) -> "Camel":
        """Raises Malformed."""
        fields: dict[str, Raw] = read(raw, RAW_MAP, path)
        return cls({camel(name): value for name, value in fields.items()}, path)

    def inner(self, name: str) -> "Camel | None":
        raw = self.raw(name)
        return None if raw is None else Camel.of(raw, self.at(name))

    def entries(self, name: str) -> "list[tuple[Raw, str]]":
        """Of an array; an object alone is taken for an array of one, as Google does (recorded)."""
        raw = self.raw(name)
        if raw is None:
            return []
        if memoryview(raw)[0] == _BRACE:
            return [(raw, self.at(name))]
        self.keep(name, raw)
        return self.items(name) or []


def camel(name: str) -> str:
    if "_" not in name:
        return name
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
