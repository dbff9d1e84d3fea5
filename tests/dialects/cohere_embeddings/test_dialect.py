"""Cohere's own embeddings: what it must be told, and what it answers."""

import pytest
from msgspec import Raw, json

from tests.dialects.gemini_embeddings.making import decoded, texts
from tests.dialects.openai_embeddings.making import asked
from tests.dialects.openai_embeddings.recorded import pairs
from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.errors import Garbled, ModelMissing, Unsupported
from trunkline.canon.usage import Usage
from trunkline.dialects.cohere_embeddings.dialect import CohereEmbeddings

DIALECT = CohereEmbeddings()
TARGET = Deployment(
    id="cohere/embed-v4.0",
    provider="cohere",
    model="embed-v4.0",
    dialect="cohere-embeddings",
    embeds=Embeds(dialect="cohere-embeddings"),
)


def sent(request):
    return json.decode(DIALECT.encode_request(request, TARGET).body)


def answer(**more):
    return json.encode({"id": "x", "embeddings": {"float": [[1.5], [2.5]]}, **more})


def test_a_plain_request():
    """What OpenAI's clients cannot say is said for them: documents, whole or not at all."""
    assert {
        "model": "embed-v4.0",
        "texts": ["a", "b"],
        "input_type": "search_document",
        "truncate": "NONE",
        "embedding_types": ["float"],
    } == sent(asked("a", "b"))


def test_what_a_client_says_in_cohere_s_words_counts():
    """And what Cohere does not know is dropped with a note."""
    extra = {"input_type": Raw(b'"search_query"'), "truncate": Raw(b'"END"'), "x": Raw(b"1")}
    request = asked(dimensions=256, user="u", extra=extra)
    body = sent(request)

    assert ("search_query", "END", 256) == (
        body["input_type"],
        body["truncate"],
        body["output_dimension"],
    )
    notes = DIALECT.encode_request(request, TARGET).notes
    assert ["user", "x"] == [note.field for note in notes]
    assert not {"user", "x"} & set(body)


@pytest.mark.parametrize(
    ("task", "word", "fields"),
    (
        (None, "search_document", []),
        ("RETRIEVAL_DOCUMENT", "search_document", []),
        ("RETRIEVAL_QUERY", "search_query", []),
        ("CLASSIFICATION", "classification", []),
        ("CLUSTERING", "clustering", []),
        ("FACT_VERIFICATION", "search_document", ["taskType"]),
    ),
)
def test_what_gemini_s_clients_want_their_vectors_for(task, word, fields):
    """In Cohere's word where it has one."""
    request = decoded(requests=[texts("a", taskType=task), texts("b", taskType=task)])

    assert word == sent(request)["input_type"]
    notes = DIALECT.encode_request(request, TARGET).notes
    assert fields == [note.field for note in notes]


def test_one_purpose_for_all_texts():
    """Cohere has one field for them; what it never hears of is named."""
    batch = [texts("a", taskType="RETRIEVAL_QUERY"), texts("b", title="T")]
    with pytest.raises(Unsupported, match="one batch for each") as caught:
        sent(decoded(requests=batch))
    assert "taskType" == caught.value.param
    notes = DIALECT.encode_request(decoded(requests=batch[1:]), TARGET).notes
    assert ["title"] == [note.field for note in notes]


def test_an_answer():
    """Vectors by type, tokens as they are billed."""
    found = DIALECT.decode_answer(answer(meta={"billed_units": {"input_tokens": 10}}), 2)

    assert [[1.5], [2.5]] == [json.decode(vector) for vector in found.vectors]
    assert Usage(input=10) == found.usage
    assert DIALECT.decode_answer(answer(), 2).usage is None
    assert "/v2/embed" == DIALECT.path("any")


@pytest.mark.parametrize(
    ("body", "inputs"),
    ((b"", 1), (b"[]", 1), (b'{"embeddings":[[1]]}', 1), (answer(), 1), (answer(), 3)),
)
def test_what_is_no_answer(body, inputs):
    """Garbled, and nothing else."""
    with pytest.raises(Garbled):
        DIALECT.decode_answer(body, inputs)


def test_a_recorded_refusal(shared):
    """Its {"id", "message"} names the model that is missing."""
    for pair in pairs(shared, "Cohere"):
        error = DIALECT.decode_error(pair.status, (), json.encode(pair.answer))

        assert isinstance(error, ModelMissing)
        assert "nonexistent" in error.message
