"""Embeddings through the official Google Gen AI SDK, unmodified: every upstream, purposes, errors, the ledger."""

from collections.abc import Generator, Mapping
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.integration.embedding_rows import PROVIDERS
from tests.integration.program import Answer, Gateway, call, losses, serving

CONFIG = (
    PROVIDERS
    + """
[providers.google]
dialect = "gemini-embeddings"
base_url = "{simulator}"
api_key = "AIza-google"
embeddings = {{ max_inputs = 2 }}

[models.vectors]
targets = ["broken/sim-embed", "google/sim-embed"]

[models.gemini-embedding-001]
targets = ["google/sim-embed"]

[models.gemini-embedding-2]
targets = ["plain/sim-embed"]
"""
)
# In the process; over HTTP in OpenAI's form; two texts at a time; in Google's own form.
UPSTREAMS = ("near/sim-embed", "plain/sim-embed", "small/sim-embed", "google/sim-embed")
TITLED = {"task_type": "RETRIEVAL_DOCUMENT", "title": "Weather"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, simulator: str) -> Generator[Gateway]:
    config = CONFIG.format(simulator=simulator)
    with serving(tmp_path_factory.mktemp("gemini-embeddings"), config) as running:
        yield running


def client_of(base: str, key: str, **more: Any) -> genai.Client:
    options = types.HttpOptions(base_url=base, retry_options=types.HttpRetryOptions(attempts=1))
    return genai.Client(**{"api_key": key, "http_options": options, **more})


@pytest.fixture(scope="module")
def client(own: Gateway) -> Generator[genai.Client]:
    made = client_of(own.base, own.key)
    yield made
    made.close()


@pytest.fixture(scope="module")
def direct(simulator: str) -> Generator[genai.Client]:
    """Past the gateway: what the provider itself answers."""
    made = client_of(simulator, "AIza-direct")
    yield made
    made.close()


def vectors(response: types.EmbedContentResponse) -> list[list[float]]:
    return [one.values or [] for one in response.embeddings or []]


def headers_of(response: types.EmbedContentResponse) -> Mapping[str, str]:
    told = response.sdk_http_response
    assert told is not None
    return {name.lower(): value for name, value in (told.headers or {}).items()}


def post(gateway: Gateway, path: str, body: object, key: str = "") -> Answer:
    headers = {"x-goog-api-key": key or gateway.key, "content-type": "application/json"}
    return call(gateway.base, "POST", path, body, headers)


@pytest.mark.parametrize("model", UPSTREAMS)
def test_texts_are_embedded_in_their_order(
    client: genai.Client, direct: genai.Client, own: Gateway, model: str
) -> None:
    """As many vectors as texts, those of the provider itself, and the ledger agrees."""
    texts = ["a", "b", "c", "d", "e"]
    response = client.models.embed_content(model=model, contents=texts)
    expected = direct.models.embed_content(model="sim-embed", contents=texts)

    assert vectors(expected) == [pytest.approx(one, abs=1e-7) for one in vectors(response)]
    headers = headers_of(response)
    entry = own.entry(headers["x-trunkline-request-id"])
    assert ("embeddings", "ok", False) == (entry["operation"], entry["status"], entry["estimated"])
    usage = response.usage_metadata
    assert usage is not None
    assert 5 == usage.prompt_token_count == entry["tokens"]["input"]
    assert ("1" if model in UPSTREAMS[:2] else "3") == headers["x-trunkline-attempts"]
    assert not losses(headers)


def test_what_is_said_of_a_text_reaches_its_own_kind(
    client: genai.Client, direct: genai.Client
) -> None:
    """Purpose, title and length, which the simulated provider's vectors depend on."""
    asked = {"contents": ["a", "b", "c"], "config": {**TITLED, "output_dimensionality": 7}}
    response = client.models.embed_content(model="google/sim-embed", **asked)
    expected = direct.models.embed_content(model="sim-embed", **asked)
    plain = direct.models.embed_content(model="sim-embed", contents=["a", "b", "c"])

    assert vectors(expected) == vectors(response) != vectors(plain)
    assert [7, 7, 7] == [len(one) for one in vectors(response)]
    assert not losses(headers_of(response))


def test_what_another_kind_cannot_hear_is_named(client: genai.Client) -> None:
    """And the length reaches it all the same."""
    response = client.models.embed_content(
        model="plain/sim-embed", contents=["a"], config={**TITLED, "output_dimensionality": 7}
    )

    assert 7 == len(vectors(response)[0])
    warnings = headers_of(response)["x-trunkline-warnings"]
    assert "taskType: dropped" in warnings
    assert "title: dropped" in warnings


def test_a_broken_provider_gives_way(client: genai.Client, own: Gateway) -> None:
    """The alias's second target answers; the first is in the ledger as failed."""
    response = client.models.embed_content(model="vectors", contents=["a", "b", "c"])

    assert 3 == len(vectors(response))
    entry = own.entry(headers_of(response)["x-trunkline-request-id"])
    assert {"failed", "ok"} == {attempt["status"] for attempt in entry["attempts"]}
    assert ("google", 3) == (entry["provider"], entry["tokens"]["input"])


@pytest.mark.parametrize("model", ("near/sim-embed", "google/sim-embed"))
def test_several_texts_of_one_content_are_one_vector(own: Gateway, model: str) -> None:
    """As at Google; whoever cannot take them so gets them as lines, and the client is told."""
    parts = {"content": {"parts": [{"text": "a"}, {"text": "b"}]}}
    answer = post(own, f"/v1beta/models/{model}:embedContent", parts)
    joined = {"content": {"parts": [{"text": "a\nb" if "near" in model else "ab"}]}}
    same = post(own, f"/v1beta/models/{model}:embedContent", joined)

    assert 200 == answer.status
    assert answer.json()["embedding"] == same.json()["embedding"]
    assert ("near" in model) == ("content.parts" in answer.headers.get("x-trunkline-warnings", ""))


@pytest.mark.parametrize("version", ("v1", "v1beta", "v1beta1"))
def test_one_alone_is_answered_alone(own: Gateway, version: str) -> None:
    """embedContent, in either spelling of its fields."""
    body = {"model": "models/x", "content": {"parts": [{"text": "a"}]}, "output_dimensionality": 3}
    answer = post(own, f"/{version}/models/near/sim-embed:embedContent", body)

    assert {"embedding", "usageMetadata"} == answer.json().keys()
    assert 3 == len(answer.json()["embedding"]["values"])


@pytest.mark.parametrize("vertex", (False, True))
def test_models_that_the_sdk_treats_otherwise(own: Gateway, *, vertex: bool) -> None:
    """Lists are one content of several texts for the newer; its Vertex mode has paths and fields of its own."""
    asked = {"contents": ["a", "b"], "config": {"output_dimensionality": 7}}
    with client_of(own.base, own.key, vertexai=vertex) as client:
        elder = client.models.embed_content(model="gemini-embedding-001", **asked)
        newer = client.models.embed_content(model="gemini-embedding-2", **asked)

    assert [7, 7] == [len(one) for one in vectors(elder)]
    assert [7] == [len(one) for one in vectors(newer)]
    assert "content.parts: joined" in headers_of(newer)["x-trunkline-warnings"]


@pytest.mark.parametrize(
    ("model", "config", "code", "says"),
    (
        ("nobody/knows", {}, 404, "nobody"),
        ("near/sim-embed@fault=u10", {}, 429, "RESOURCE"),
        ("small/sim-embed", {"output_dimensionality": 7}, 400, "outputDimensionality"),
    ),
)
def test_errors_are_google_s(
    client: genai.Client, model: str, config: Any, code: int, says: str
) -> None:
    """Of the class that the SDK has for them, with a status in a word."""
    with pytest.raises(errors.ClientError, match=says) as told:
        client.models.embed_content(model=model, contents=["a"], config=config)
    words = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
    assert (code, words[code]) == (told.value.code, told.value.status)


def test_a_picture_is_refused(client: genai.Client) -> None:
    """No vector is made of half of what was sent."""
    picture = types.Part.from_bytes(data=b"\x89PNG", mime_type="image/png")
    content = types.Content(parts=[types.Part(text="a"), picture])
    with pytest.raises(errors.ClientError, match=r"content\.parts\[1\]") as told:
        client.models.embed_content(model="google/sim-embed", contents=[content])
    assert 400 == told.value.code


def test_a_key_needs_the_scope(own: Gateway) -> None:
    """One for conversations alone does not embed."""
    made = own.admin("POST", "/keys", {"name": "chat", "scopes": ["chat:write"]})
    with (
        client_of(own.base, made.json()["key"]) as other,
        pytest.raises(errors.ClientError, match="embeddings:write") as told,
    ):
        other.models.embed_content(model="near/sim-embed", contents=["a"])
    assert (403, "PERMISSION_DENIED") == (told.value.code, told.value.status)


def test_a_limit_holds(own: Gateway) -> None:
    """As for any other request of the key."""
    made = own.admin("POST", "/keys", {"name": "once", "limits": {"requests_per_minute": 1}})
    with client_of(own.base, made.json()["key"]) as other:
        assert other.models.embed_content(model="near/sim-embed", contents=["a"]).embeddings
        with pytest.raises(errors.ClientError) as told:
            other.models.embed_content(model="near/sim-embed", contents=["a"])
    assert (429, "RESOURCE_EXHAUSTED") == (told.value.code, told.value.status)
