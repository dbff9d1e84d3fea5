"""Vectors from Gemini's batchEmbedContents, in the order of the texts."""

from msgspec import UNSET, Raw, Struct, UnsetType, json

from trunkline.canon.embedding import Embeddings
from trunkline.canon.errors import Garbled
from trunkline.canon.usage import Usage
from trunkline.canon.vectors import one_each, size_of
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.raws import NOT_JSON


class _Values(Struct, gc=False):
    values: Raw


class _Usage(Struct, rename="camel", gc=False):
    prompt_token_count: int | None = None


class _Answer(Struct, rename="camel", gc=False):
    embeddings: list[_Values] | None = None
    usage_metadata: _Usage | None = None
    error: Raw | UnsetType = UNSET


_ANSWER = json.Decoder(_Answer)


def decode_answer(body: bytes, inputs: int) -> Embeddings:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    try:
        answer = _ANSWER.decode(body)
    except NOT_JSON:
        raise Garbled("the provider answered with something that is no vectors") from None
    if answer.embeddings is None:
        raise decode_error(200, (), body)
    vectors = tuple(found.values for found in answer.embeddings)
    one_each(vectors, inputs)
    # Recorded: gemini-embedding-2 tells of its usage, gemini-embedding-001 does not.
    told = answer.usage_metadata.prompt_token_count if answer.usage_metadata else None
    usage = Usage(input=told) if told and told > 0 else None
    return Embeddings(vectors=vectors, size=size_of(vectors[0]), usage=usage)
