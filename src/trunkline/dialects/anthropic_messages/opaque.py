"""A streamed block that only this dialect understands (a server's tool call, a compaction), kept whole."""

from collections.abc import Mapping

from msgspec import Raw, Struct, json

from trunkline.dialects.anthropic_messages.wire import RAW_MAP, Fields, present

_FILLED_LATER: Mapping[str, tuple[str, ...]] = {"compaction": ("content", "encrypted_content")}
"""Blocks whose text comes as one delta of their own, and the fields it fills."""


class _Told(Struct):
    delta: dict[str, object]


_EVENT = json.Decoder(_Told)
_ANY = json.Decoder()


class OpaqueBlock:
    """Deltas fill its fields: pieces of JSON its `input`, text what bears the same name."""

    __slots__ = ("_fields", "_input", "_raw")

    def __init__(self, raw: Raw) -> None:
        """Raises UnicodeDecodeError: kept raw, nobody else would look."""
        bytes(raw).decode()
        self._raw = raw
        self._fields: Fields = {}
        self._input: list[str] = []

    def feed(self, data: bytes) -> None:
        """Takes a content_block_delta. Raises msgspec.DecodeError."""
        for name, value in _EVENT.decode(data).delta.items():
            if name == "partial_json" and isinstance(value, str):
                self._input.append(value)
            elif name != "type":
                before = self._fields.get(name)
                joined = isinstance(before, str) and isinstance(value, str)
                self._fields[name] = f"{before}{value}" if joined else value

    def close(self) -> Raw:
        """The block as a whole answer would hold it. Raises msgspec.DecodeError."""
        pieces = "".join(self._input)
        if not pieces and not self._fields:
            return self._raw
        fields: Fields = {**RAW_MAP.decode(self._raw), **self._fields}
        if pieces:
            _ANY.decode(pieces)
            fields["input"] = Raw(pieces.encode())
        return Raw(json.encode(fields))


def streamed(raw: Raw) -> tuple[Raw, tuple[bytes, ...]]:
    """
    Such a block as it is streamed: its start, and the deltas that fill it.

    A call's input comes as JSON in pieces, as clients expect of every tool call; a
    compaction's text as one delta; all else whole in its start.
    """
    fields = RAW_MAP.decode(raw)
    kind = json.decode(fields["type"], type=str) if "type" in fields else ""
    given = present(fields.get("input"))
    if kind.endswith("tool_use") and given is not None:
        start = Raw(json.encode({**fields, "input": {}}))
        if bytes(given) == b"{}":
            return start, ()
        return start, tuple(
            json.encode({"type": "input_json_delta", "partial_json": piece})
            for piece in ("", bytes(given).decode())
        )
    late = {f: fields[f] for f in _FILLED_LATER.get(kind, ()) if present(fields.get(f))}
    if not late:
        return raw, ()
    start = Raw(json.encode({**fields, **dict.fromkeys(late)}))
    return start, (json.encode({"type": f"{kind}_delta", **late}),)
