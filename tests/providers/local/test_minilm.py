"""A MiniLM of one layer and six words, written for llama.cpp under its names."""

import struct

import pytest
from msgspec import json

from trunkline.providers.local.minilm import convert

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hell", "##o", "[unused0]")
CONFIG = {
    "hidden_size": 4,
    "intermediate_size": 8,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
}
LAYER = "encoder.layer.0."
SHAPES = {
    "embeddings.word_embeddings.weight": (8, 4),
    "embeddings.position_embeddings.weight": (16, 4),
    "embeddings.token_type_embeddings.weight": (2, 4),
    "embeddings.LayerNorm.weight": (4,),
    "embeddings.LayerNorm.bias": (4,),
    "pooler.dense.bias": (4,),
    **{
        f"{LAYER}{name}.{part}": ((4,) if part == "bias" else (4, 4))
        for name in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "attention.output.LayerNorm",
            "intermediate.dense",
            "output.dense",
            "output.LayerNorm",
        )
        for part in ("weight", "bias")
    },
}


def plant(folder, shapes=SHAPES, dtype="F32"):
    """A package's folder; each tensor is filled with its own number."""
    head, data = {"__metadata__": {"format": "pt"}}, b""
    for number, (name, shape) in enumerate(shapes.items()):
        size = 1
        for length in shape:
            size *= length
        end = len(data) + 4 * size
        head[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), end]}
        data += struct.pack("<f", float(number)) * size
    encoded = json.encode(head)
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", "utf-8")
    (folder / "config.json").write_bytes(json.encode({**CONFIG, "model_type": "bert"}))
    return folder


def test_every_tensor_has_its_name_there(tmp_path):
    """All that the model needs, and not the pooler."""
    convert(plant(tmp_path / "m"), tmp_path / "m.gguf", "small")
    data = (tmp_path / "m.gguf").read_bytes()

    assert (len(SHAPES) - 1,) == struct.unpack_from("<Q", data, 8)
    for name in ("token_embd.weight", "blk.0.attn_q.bias", "blk.0.layer_output_norm.weight"):
        assert name.encode() in data
    assert b"pool" not in data.replace(b"bert.pooling_type", b"")


def test_words_are_marked_where_they_begin(tmp_path):
    """BERT marks what continues one; what stands in brackets stays."""
    convert(plant(tmp_path / "m"), tmp_path / "m.gguf", "small")
    data = (tmp_path / "m.gguf").read_bytes()

    assert struct.pack("<Q", 7) + "\u2581hell".encode() in data
    assert struct.pack("<Q", 1) + b"o" in data
    assert struct.pack("<Q", 5) + b"[CLS]" in data
    assert b"##o" not in data


@pytest.mark.parametrize("change", ({"dtype": "F16"}, {"shapes": {"pooler.dense.bias": (4,)}}))
def test_another_kind_of_model(tmp_path, change):
    """Is refused, rather than loaded wrongly."""
    with pytest.raises(ValueError):
        convert(plant(tmp_path / "m", **change), tmp_path / "m.gguf", "small")
