"""Gemini's batches: requests as recorded, answers with and without usage."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_embeddings.making import asked
from tests.dialects.openai_embeddings.recorded import pairs
from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.errors import BadCredential, Garbled, Refused, Throttled
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini_embeddings.dialect import GeminiEmbeddings

DIALECT = GeminiEmbeddings()


def target(model="gemini-embedding-001"):
    embeds = Embeds(dialect="gemini-embeddings")
    return Deployment(
        id=f"gemini/{model}",
        provider="gemini",
        model=model,
        dialect="gemini-embeddings",
        embeds=embeds,
    )


def canonical(body):
    """What a client would have asked for, to be sent this."""
    requests = body["requests"]
    texts = [one["content"]["parts"][0]["text"] for one in requests]
    extra = {"task_type": requests[0].get("taskType")}
    return asked(
        *texts,
        dimensions=requests[0].get("outputDimensionality"),
        extra={k: Raw(json.encode(v)) for k, v in extra.items() if v is not None},
    )


def test_recorded_exchanges(shared):
    """The request is what was recorded; the answer's numbers stay as they are."""
    for pair in pairs(shared, "gemini", "Google", "google"):
        model = pair.path.rpartition("/")[2].partition(":")[0]
        request = canonical(pair.request)
        found = DIALECT.decode_answer(json.encode(pair.answer), len(request.inputs))

        assert pair.path == DIALECT.path(model)
        assert pair.request == json.decode(DIALECT.encode_request(request, target(model)).body)
        assert [e["values"] for e in pair.answer["embeddings"]] == [
            json.decode(vector) for vector in found.vectors
        ]
        told = pair.answer.get("usageMetadata", {}).get("promptTokenCount")
        assert (None if told is None else Usage(input=told)) == found.usage


def test_what_gemini_does_not_know_is_dropped_with_a_note():
    """An unknown field is a 400 there."""
    encoded = DIALECT.encode_request(asked(user="u", extra={"x": Raw(b"1")}), target())

    assert ["user", "x"] == [note.field for note in encoded.notes]
    assert {"model", "content"} == set(json.decode(encoded.body)["requests"][0])


@pytest.mark.parametrize(
    "body",
    (b"", b"[]", b'{"embeddings":[]}', b'{"embeddings":[{"values":[]}]}', b'{"embeddings":[{}]}'),
)
def test_what_is_no_answer(body):
    """Garbled, and nothing else."""
    with pytest.raises(Garbled):
        DIALECT.decode_answer(body, 1)


def test_errors_in_google_s_words():
    """A status, a word for it, and a pause."""
    body = b'{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}'
    with pytest.raises(Throttled):
        DIALECT.decode_answer(body, 1)
    refused = b'{"error":{"code":400,"message":"at most 100","status":"INVALID_ARGUMENT"}}'

    assert isinstance(DIALECT.decode_error(400, (), refused), Refused)
    assert isinstance(DIALECT.decode_error(403, (), b"{}"), BadCredential)
