"""The dialect's two roles, and recorded exchanges through both."""

from msgspec import Raw, json

from tests.dialects.openai_embeddings.recorded import pairs
from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.errors import Malformed, ModelMissing, Refused
from trunkline.dialects.openai_embeddings.dialect import OpenAIEmbeddings

DIALECT = OpenAIEmbeddings()


def test_where_it_is_asked():
    """Relative to a base URL that ends in /v1."""
    assert "/embeddings" == DIALECT.path("any")


def test_errors_are_openai_s():
    """All four keys."""
    told = DIALECT.render_error(Malformed("no", param="input"), "req_1")

    assert (
        400,
        {"message": "no", "type": "invalid_request_error", "param": "input", "code": None},
    ) == (
        told.status,
        json.decode(told.body)["error"],
    )


def test_recorded_exchanges_come_back_as_they_were(shared):
    """Request and answer through both roles: base64 to the byte, and the same in numbers."""
    for pair in pairs(shared, "OpenAI", "VoyageAI-test-query"):
        envelope = json.decode(json.encode(pair.request), type=dict[str, Raw])
        request = DIALECT.decode_request(envelope)
        embeds = Embeds(base64=True)
        deployment = Deployment(
            id="p/m", provider="p", model=request.model, dialect="openai-embeddings", embeds=embeds
        )
        sent = json.decode(DIALECT.encode_request(request, deployment).body)
        found = DIALECT.decode_answer(json.encode(pair.answer), len(request.inputs))
        written = json.decode(b"".join(DIALECT.encode_answer(found, request)))

        assert {k: v for k, v in pair.request.items() if v is not None} == sent
        assert pair.answer["data"] == written["data"]
        assert pair.answer["usage"]["total_tokens"] == written["usage"]["prompt_tokens"]


def test_recorded_refusals_are_told(shared):
    """Voyage's {"detail"}: the text reaches the client."""
    for pair in pairs(shared, "VoyageAI-test-embed-error"):
        error = DIALECT.decode_error(pair.status, (), json.encode(pair.answer))

        assert isinstance(error, ModelMissing | Refused)
        assert "nonexistent" in error.message
