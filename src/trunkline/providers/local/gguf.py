"""
GGUF, the file format of llama.cpp's models: written, never read.

github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3 (seen 2026-11-21).
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

Value = bool | int | float | str | list[int] | list[str]
"""What a field may be: integers unsigned but in lists, floats single."""

_MAGIC, _VERSION = b"GGUF", 3
_ALIGNMENT = 32
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_F32 = 0
"""The one type of tensors that we write."""


class Tensor(Struct, frozen=True):
    """A tensor of float32 in some file."""

    name: str
    shape: tuple[int, ...]
    """Rows first, as everybody but GGUF has it."""
    offset: int
    size: int
    """Both in bytes."""


def write(
    file: Path, fields: Mapping[str, Value], tensors: Sequence[Tensor], source: BinaryIO
) -> None:
    """`source` holds the tensors. Raises OSError."""
    head = [_MAGIC, struct.pack("<IQQ", _VERSION, len(tensors), len(fields))]
    head += (_string(name) + _value(value) for name, value in fields.items())
    offset = 0
    for tensor in tensors:
        head.append(_described(tensor, offset))
        offset += tensor.size + _padding(tensor.size)
    start = b"".join(head)
    with file.open("wb") as out:
        out.write(start + bytes(_padding(len(start))))
        for tensor in tensors:
            source.seek(tensor.offset)
            out.write(source.read(tensor.size))
            out.write(bytes(_padding(tensor.size)))


def _described(tensor: Tensor, offset: int) -> bytes:
    count = len(tensor.shape)
    shape = struct.pack(f"<I{count}Q", count, *reversed(tensor.shape))
    return _string(tensor.name) + shape + struct.pack("<IQ", _F32, offset)


def _value(value: Value) -> bytes:
    if isinstance(value, bool):  # before int, which it is, too
        return struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _UINT32, value)
    if isinstance(value, float):
        return struct.pack("<If", _FLOAT32, value)
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _string(value)
    if value and isinstance(value[0], str):
        return _array(_STRING, value, _string)
    return _array(_INT32, value, struct.Struct("<i").pack)


def _array(kind: int, values: Sequence[object], write_one: Callable[..., bytes]) -> bytes:
    return struct.pack("<IIQ", _ARRAY, kind, len(values)) + b"".join(map(write_one, values))


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _padding(size: int) -> int:
    return -size % _ALIGNMENT
