"""A client's request for embeddings, as OpenAI documents it (platform.openai.com, 2026-11-21)."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Raw, json

from trunkline.canon.embedding import EmbeddingRequest, Input
from trunkline.canon.errors import Malformed
from trunkline.dialects.fields import STR, Fields, missing, read
from trunkline.dialects.raws import RAW_LIST

NAME = "openai-embeddings"

# As OpenAI has them: platform.openai.com, Create embeddings (2026-11-21).
MOST_INPUTS = 2048
_FORMATS = ("float", "base64")

_Token = Annotated[int, Meta(ge=0, lt=1 << 31)]
_TEXTS = json.Decoder(tuple[str, ...])
_TOKENS = json.Decoder(tuple[_Token, ...])
_TOKEN_LISTS = json.Decoder(tuple[tuple[_Token, ...], ...])
_LENGTH = json.Decoder(Annotated[int, Meta(ge=1, le=1 << 20)])
_QUOTE, _LIST = ord('"'), ord("[")


def decode_request(envelope: Mapping[str, Raw]) -> EmbeddingRequest:
    """Raises Malformed."""
    fields = Fields(envelope)
    model = fields.need("model", STR)
    raw = fields.raw("input")
    if raw is None:
        raise missing("input")
    encoding = fields.get("encoding_format", STR) or "float"
    if encoding not in _FORMATS:
        raise Malformed('\'encoding_format\' must be "float" or "base64"', param="encoding_format")
    return EmbeddingRequest(
        model=model,
        inputs=_inputs(raw),
        origin=NAME,
        base64=encoding == "base64",
        dimensions=fields.get("dimensions", _LENGTH),
        user=fields.get("user", STR),
        extra=dict(fields.rest()),
    )


def _inputs(raw: Raw) -> tuple[Input, ...]:
    """A text, texts, the tokens of one, or those of several."""
    first = memoryview(raw)[0]
    inputs: tuple[Input, ...]
    if first == _QUOTE:
        inputs = (read(raw, STR, "input"),)
    elif first == _LIST:
        entries: list[Raw] = read(raw, RAW_LIST, "input")
        inputs = _listed(raw, entries)
    else:
        raise Malformed(
            "'input' must be a string, a list of strings, a list of tokens or a list of those",
            param="input",
        )
    if len(inputs) > MOST_INPUTS:
        raise Malformed(
            f"'input' has {len(inputs)} entries; at most {MOST_INPUTS} are taken", param="input"
        )
    if not all(inputs):
        raise Malformed("'input' must not be empty, nor may any entry of it", param="input")
    return inputs


def _listed(raw: Raw, entries: list[Raw]) -> tuple[Input, ...]:
    if not entries:
        raise Malformed("'input' must have at least one entry", param="input")
    inner = memoryview(entries[0])[0]
    if inner == _QUOTE:
        return read(raw, _TEXTS, "input")
    if inner == _LIST:
        return read(raw, _TOKEN_LISTS, "input")
    return (read(raw, _TOKENS, "input"),)
