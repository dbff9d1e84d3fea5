"""Files as llama.cpp reads them, byte by byte."""

import io
import struct

from trunkline.providers.local.gguf import Tensor, write


def test_a_file_byte_by_byte(tmp_path):
    """Head, fields of every kind, tensors turned around, all aligned to 32 bytes."""
    source = io.BytesIO(b"junk" + struct.pack("<6f", *range(6)) + struct.pack("<f", 9.0))
    fields = {
        "a": "ä",
        "b": 7,
        "c": 0.5,
        "d": False,
        "e": ["x", "yz"],
        "f": [1, -1],
    }
    tensors = [Tensor("two.by.three", (2, 3), 4, 24), Tensor("one", (1,), 28, 4)]
    write(tmp_path / "m.gguf", fields, tensors, source)
    data = (tmp_path / "m.gguf").read_bytes()

    def text(value):
        raw = value.encode()
        return struct.pack("<Q", len(raw)) + raw

    head = b"".join(
        (
            b"GGUF",
            struct.pack("<IQQ", 3, 2, 6),
            text("a") + struct.pack("<I", 8) + text("ä"),
            text("b") + struct.pack("<II", 4, 7),
            text("c") + struct.pack("<If", 6, 0.5),
            text("d") + struct.pack("<IB", 7, 0),
            text("e") + struct.pack("<IIQ", 9, 8, 2) + text("x") + text("yz"),
            text("f") + struct.pack("<IIQ2i", 9, 5, 2, 1, -1),
            text("two.by.three") + struct.pack("<I2QIQ", 2, 3, 2, 0, 0),
            text("one") + struct.pack("<IQIQ", 1, 1, 0, 32),
        )
    )
    start = len(head) + -len(head) % 32
    assert head == data[: len(head)]
    assert (0.0, 1.0, 2.0, 3.0, 4.0, 5.0) == struct.unpack_from("<6f", data, start)
    assert (9.0,) == struct.unpack_from("<f", data, start + 32)
    assert start + 64 == len(data)
