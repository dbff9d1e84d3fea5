"""
all-MiniLM-L6-v2 as its package holds it, written as llama.cpp reads it.

The package has safetensors and a vocabulary; llama.cpp knows the same BERT under other names
(convert_hf_to_gguf.py and gguf-py's tensor_mapping.py there, seen 2026-11-21). A third of a
second and no library: each tensor stays as it is.
"""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Raw, Struct, json

from trunkline.providers.local.gguf import Tensor, Value, write

_WORDS = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_NORMAL, _CONTROL = 1, 3
_MEAN = 1
"""llama.cpp's pooling type, and sentence-transformers' for this model."""


class _Config(Struct):
    """config.json"""

    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_hidden_layers: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float


class _Entry(Struct):
    """One tensor in the head of model.safetensors."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def convert(folder: Path, file: Path, name: str) -> None:
    """Raises OSError, or ValueError for a model that is not of this kind."""
    config = json.decode((folder / "config.json").read_bytes(), type=_Config)
    words = (folder / "vocab.txt").read_text("utf-8").split("\n")
    fields = {"general.architecture": "bert", "general.name": name}
    with (folder / "model.safetensors").open("rb") as weights:
        size = int.from_bytes(weights.read(8), "little")
        head = json.decode(weights.read(size), type=dict[str, Raw])
        tensors = [
            _tensor(head, 8 + size, theirs, ours)
            for theirs, ours in _names(config.num_hidden_layers).items()
        ]
        write(file, {**fields, **_shape(config), **_vocabulary(words)}, tensors, weights)


def _names(layers: int) -> Mapping[str, str]:
    """Every tensor that counts, by the package's name. The pooler's is not used."""
    names = {f"{theirs}.weight": f"{ours}.weight" for theirs, ours in _WORDS.items()}
    names["embeddings.LayerNorm.bias"] = "token_embd_norm.bias"
    for layer in range(layers):
        for theirs, ours in _LAYER.items():
            for part in ("weight", "bias"):
                names[f"encoder.layer.{layer}.{theirs}.{part}"] = f"blk.{layer}.{ours}.{part}"
    return names


def _tensor(head: Mapping[str, Raw], start: int, theirs: str, ours: str) -> Tensor:
    raw = head.get(theirs)
    if raw is None:
        raise ValueError(f"no tensor {theirs}")
    entry = json.decode(raw, type=_Entry)
    if entry.dtype != "F32":
        raise ValueError(f"{theirs} is {entry.dtype}, not F32")
    first, end = entry.data_offsets
    return Tensor(ours, entry.shape, start + first, end - first)


def _shape(config: _Config) -> Mapping[str, Value]:
    return {
        "bert.block_count": config.num_hidden_layers,
        "bert.context_length": config.max_position_embeddings,
        "bert.embedding_length": config.hidden_size,
        "bert.feed_forward_length": config.intermediate_size,
        "bert.attention.head_count": config.num_attention_heads,
        "bert.attention.layer_norm_epsilon": config.layer_norm_eps,
        "bert.attention.causal": False,
        "bert.pooling_type": _MEAN,
        "tokenizer.ggml.token_type_count": config.type_vocab_size,
    }


def _vocabulary(words: list[str]) -> Mapping[str, Value]:
    known = [word for word in words if word]
    place = {word: at for at, word in enumerate(known)}
    unknown, start, end = place["[UNK]"], place["[CLS]"], place["[SEP]"]
    return {
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.tokens": [_piece(word) for word in known],
        "tokenizer.ggml.token_type": [_CONTROL if word in _SPECIAL else _NORMAL for word in known],
        "tokenizer.ggml.unknown_token_id": unknown,
        "tokenizer.ggml.bos_token_id": start,
        "tokenizer.ggml.cls_token_id": start,
        "tokenizer.ggml.eos_token_id": end,
        "tokenizer.ggml.seperator_token_id": end,  # so it is spelt there
        "tokenizer.ggml.padding_token_id": place["[PAD]"],
        "tokenizer.ggml.mask_token_id": place["[MASK]"],
    }


def _piece(word: str) -> str:
    """BERT marks what continues a word, llama.cpp what begins one."""
    if word.startswith("[") and word.endswith("]"):
        return word
    return word[2:] if word.startswith("##") else "\u2581" + word
