"""Vectors from OpenAI or one of the many who speak as it does, put into the order of the inputs."""

from msgspec import UNSET, Raw, Struct, UnsetType, json

from trunkline.canon.embedding import Embeddings
from trunkline.canon.errors import Garbled
from trunkline.canon.usage import Usage
from trunkline.canon.vectors import one_each, size_of
from trunkline.dialects.openai_failures import decode_error
from trunkline.dialects.raws import NOT_JSON


class _Vector(Struct, gc=False):
    embedding: Raw
    index: int | None = None


class _Usage(Struct, gc=False):
    prompt_tokens: int | float | None = None
    total_tokens: int | float | None = None


class _Answer(Struct, gc=False):
    data: list[_Vector] | None = None
    model: str | None = None
    usage: _Usage | None = None
    error: Raw | UnsetType = UNSET


_ANSWER = json.Decoder(_Answer)


def decode_answer(body: bytes, inputs: int) -> Embeddings:
    """Raises Garbled, or the decoded error when a 200 carries one."""
    try:
        answer = _ANSWER.decode(body)
    except NOT_JSON:
        raise Garbled("the provider answered with something that is no list of vectors") from None
    if answer.data is None:
        raise decode_error(200, (), body)
    vectors = _ordered(answer.data, inputs)
    return Embeddings(
        vectors=vectors,
        size=size_of(vectors[0]),
        usage=_read(answer.usage),
        model=answer.model or "",
    )


def _ordered(found: list[_Vector], inputs: int) -> tuple[Raw, ...]:
    """By index where every vector has one, else as they came."""
    one_each(found, inputs)
    places = [vector.index for vector in found]
    if places == list(range(inputs)) or None in places:
        return tuple(vector.embedding for vector in found)
    by_place = {vector.index: vector.embedding for vector in found}
    if by_place.keys() != set(range(inputs)):
        raise Garbled("the provider answered with vectors that belong to no input")
    return tuple(by_place[place] for place in range(inputs))


def _read(usage: _Usage | None) -> Usage | None:
    """Voyage tells only the total, Mistral both; nothing is written, so they are the same."""
    told = (usage.prompt_tokens or usage.total_tokens or 0) if usage is not None else 0
    return Usage(input=int(told)) if 0 < told < 1 << 53 else None
