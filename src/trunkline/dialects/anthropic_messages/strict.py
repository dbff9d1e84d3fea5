"""Reading a client's JSON: what we know typed, what we do not know kept, what is wrong located."""

import re
from collections.abc import Mapping
from typing import Generic, TypeVar, cast

from msgspec import DecodeError, Raw, Struct, ValidationError, json

from trunkline.canon.errors import Malformed
from trunkline.dialects.anthropic_messages.wire import RAW_MAP

T = TypeVar("T")

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<at>.*?)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(\w+)`")
_INDEX = re.compile(r"\[(\d+)\]")


class Reader(Generic[T]):
    """
    One of `known`, and the fields beyond it.

    `known` forbid unknown fields, so that the usual case, nothing unknown, is one call.
    """

    __slots__ = ("_decoder", "_known")

    def __init__(self, union: object, *known: type[Struct]) -> None:
        self._decoder: json.Decoder[T] = json.Decoder(cast("type[T]", union))
        self._known: dict[str, tuple[str, ...]] = {}
        for kind in known:
            tag = str(kind.__struct_config__.tag or "")
            # Only a struct with a tag reads its `type` without a field of that name.
            self._known[tag] = (*kind.__struct_fields__, *(("type",) if tag else ()))

    def knows(self, tag: str) -> bool:
        return tag in self._known

    def read(self, raw: Raw, path: str, tag: str = "") -> tuple[T, Mapping[str, Raw]]:
        """Raises Malformed with the field's whole path, beginning with `path`."""
        try:
            return self._decoder.decode(raw), {}
        except ValidationError as error:
            fields = object_of(raw, path)
            known = self._known[tag]
            extra = {name: value for name, value in fields.items() if name not in known}
            if not extra:
                raise malformed(error, path) from error
        rest = {name: value for name, value in fields.items() if name in known}
        try:
            return self._decoder.decode(json.encode(rest)), extra
        except DecodeError as error:
            raise malformed(error, path) from error


def object_of(raw: Raw, path: str) -> Mapping[str, Raw]:
    """The fields of a JSON object. Raises Malformed where it is something else."""
    try:
        return RAW_MAP.decode(raw)
    except DecodeError as error:
        raise malformed(error, path) from error


def malformed(error: Exception, path: str = "") -> Malformed:
    """
    A complaint of msgspec's as the API words its own: "messages.0.content.1.text: Field required".

    `path` leads to the value msgspec was given.
    """
    match = _AT.match(str(error))
    what, at = (match["what"], match["at"] or "") if match else (str(error), "")
    where = path + _INDEX.sub(r".\1", at).replace("[...]", "")
    missing = _MISSING.search(what)
    if missing:
        where, what = f"{where}.{missing[1]}", "Field required"
    where = where.strip(".")
    return Malformed(f"{where}: {what}" if where else what, param=where or None)
