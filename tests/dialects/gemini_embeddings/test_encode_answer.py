"""Answers as Google writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from tests.dialects.openai_embeddings.making import asked
from trunkline.canon.embedding import Embeddings
from trunkline.canon.errors import Garbled
from trunkline.canon.usage import Usage
from trunkline.canon.vectors import packed
from trunkline.dialects.gemini_embeddings.decode_answer import decode_answer
from trunkline.dialects.gemini_embeddings.encode_answer import encode_answer

LISTED, WRITTEN = Raw(b"[1.0,-2.0]"), packed([1.0, -2.0])
TOLD = {
    "promptTokenCount": 7,
    "promptTokenDetails": [{"modality": "TEXT", "tokenCount": 7}],
}


def answered(*vectors, single=False, **more):
    found = Embeddings(vectors=vectors, size=2, **more)
    return json.decode(b"".join(encode_answer(found, asked(single=single))))


def test_one_alone_and_a_list():
    """Numbers, whatever came: there is no base64 here."""
    values = {"values": [1.0, -2.0]}

    assert {"embedding": values, "usageMetadata": TOLD} == answered(
        WRITTEN, single=True, usage=Usage(input=7)
    )
    assert {"embeddings": [values, values], "usageMetadata": TOLD} == answered(
        LISTED, WRITTEN, usage=Usage(input=7)
    )
    assert {"embeddings": [values]} == answered(LISTED)


def test_a_vector_that_is_none_is_never_written():
    """Only the first was looked into when the answer came."""
    with pytest.raises(Garbled):
        answered(LISTED, Raw(b'[1.0,"2"]'))


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1),
    st.none() | st.integers(1, 1 << 40).map(lambda tokens: Usage(input=tokens)),
)
def test_what_is_written_is_read_as_it_was(vectors, usage):
    """By the other role of the dialect."""
    found = Embeddings(
        vectors=tuple(Raw(json.encode(vector)) for vector in vectors), size=2, usage=usage
    )

    assert found == decode_answer(b"".join(encode_answer(found, asked())), len(vectors))
