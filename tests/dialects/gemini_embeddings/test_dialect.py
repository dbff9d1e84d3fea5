"""The dialect's two roles, and recorded exchanges through both."""

from msgspec import Raw, json
from msgspec.structs import replace

from tests.dialects.gemini_embeddings.making import TARGET
from tests.dialects.openai_embeddings.making import asked
from tests.dialects.openai_embeddings.recorded import pairs
from trunkline.canon.errors import BadCredential, Malformed, Refused, UnknownModel
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini_embeddings.dialect import GeminiEmbeddings

DIALECT = GeminiEmbeddings()


def canonical(body):
    """What a client of OpenAI's would have asked for, to be sent this."""
    requests = body["requests"]
    texts = [one["content"]["parts"][0]["text"] for one in requests]
    extra = {"task_type": requests[0].get("taskType")}
    return asked(
        *texts,
        dimensions=requests[0].get("outputDimensionality"),
        extra={k: Raw(json.encode(v)) for k, v in extra.items() if v is not None},
    )


def test_recorded_exchanges(shared):
    """The request is what was recorded, from clients of either kind; the answer comes back as it was."""
    for pair in pairs(shared, "gemini", "Google", "google"):
        model = pair.path.rpartition("/")[2].partition(":")[0]
        target = replace(TARGET, model=model)
        envelope = json.decode(json.encode({**pair.request, "model": model}), type=dict[str, Raw])
        theirs = DIALECT.decode_request(envelope)
        assert pair.path == DIALECT.path(model)
        for request in (canonical(pair.request), theirs):
            assert pair.request == json.decode(DIALECT.encode_request(request, target).body)

        found = DIALECT.decode_answer(json.encode(pair.answer), len(theirs.inputs))
        told = pair.answer.get("usageMetadata", {}).get("promptTokenCount")
        assert (None if told is None else Usage(input=told)) == found.usage
        assert pair.answer == json.decode(b"".join(DIALECT.encode_answer(found, theirs)))


def test_upstream_s_errors_in_google_s_words():
    """A status, and a word for it."""
    refused = b'{"error":{"code":400,"message":"at most 100","status":"INVALID_ARGUMENT"}}'

    assert isinstance(DIALECT.decode_error(400, (), refused), Refused)
    assert isinstance(DIALECT.decode_error(403, (), b"{}"), BadCredential)


def test_errors_are_google_s():
    """A code, a word for it, and the field to blame."""
    told = json.decode(DIALECT.render_error(Malformed("no", param="content"), "req_1").body)

    assert (400, "INVALID_ARGUMENT", "no") == (
        told["error"]["code"],
        told["error"]["status"],
        told["error"]["message"],
    )
    assert "content" == told["error"]["details"][-1]["fieldViolations"][0]["field"]
    assert 404 == DIALECT.render_error(UnknownModel("none"), "req_1").status
