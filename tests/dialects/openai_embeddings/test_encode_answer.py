"""Answers as OpenAI writes them, in the form that was asked for."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_embeddings.making import asked
from trunkline.canon.embedding import Embeddings
from trunkline.canon.errors import Garbled
from trunkline.canon.usage import Usage
from trunkline.canon.vectors import packed
from trunkline.dialects.openai_embeddings.encode_answer import encode_answer

LISTED, WRITTEN = Raw(b"[1.0,-2.0]"), packed([1.0, -2.0])
BOTH = (LISTED, WRITTEN)


def answered(*vectors, base64=False, **more):
    found = Embeddings(vectors=vectors, size=2, **more)
    return json.decode(b"".join(encode_answer(found, asked(base64=base64))))


@pytest.mark.parametrize(("base64", "written"), ((False, LISTED), (True, WRITTEN)))
def test_the_form_asked_for_whatever_came(base64, written):
    """openai-node takes a list for base64 without a word, and gives its user nothing."""
    body = answered(*BOTH, base64=base64, usage=Usage(input=7), model="up")

    expected = json.decode(written)
    assert {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": expected},
            {"object": "embedding", "index": 1, "embedding": expected},
        ],
        "model": "up",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    } == body


def test_a_model_without_a_name_has_the_client_s():
    """Gemini and Cohere do not name it."""
    assert "alias" == answered(LISTED)["model"]


@pytest.mark.parametrize("base64", (False, True))
def test_a_vector_that_is_none_is_never_written(base64):
    """Only the first was looked into when the answer came."""
    with pytest.raises(Garbled):
        answered(LISTED, Raw(b'[1.0,"2"]'), base64=base64)
