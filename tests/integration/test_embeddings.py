"""Embeddings through the official OpenAI SDK: both forms, every input, errors, and the ledger."""

import base64
import struct
from collections.abc import Generator

import openai
import pytest

from tests.integration.embedding_rows import PROVIDERS
from tests.integration.program import Gateway, serving

CONFIG = (
    PROVIDERS
    + """
[providers.voyage]
api_key = "sk-voyage"
base_url = "{simulator}/v1"

[models.vectors]
targets = ["broken/sim-embed", "small/sim-embed"]
"""
)
# In the process; over HTTP without and with base64; a row of the catalogue.
UPSTREAMS = ("near/sim-embed", "plain/sim-embed", "small/sim-embed", "voyage/voyage-3.5")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, simulator: str) -> Generator[Gateway]:
    config = CONFIG.format(simulator=simulator)
    with serving(tmp_path_factory.mktemp("embeddings"), config) as running:
        yield running


@pytest.fixture(scope="module")
def client(own: Gateway) -> Generator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{own.base}/v1", api_key=own.key, max_retries=0) as made:
        yield made


def close(one: list[float], other: list[float]) -> bool:
    return one == pytest.approx(other, abs=1e-7)


@pytest.mark.parametrize("model", UPSTREAMS)
def test_both_forms_are_the_same_vector(client: openai.OpenAI, own: Gateway, model: str) -> None:
    """Asked for by default, the SDK takes base64; and nobody gets a quarter of zeros."""
    raw = client.embeddings.with_raw_response.create(model=model, input="hello")
    answer = raw.parse()
    [one] = answer.data
    listed = client.embeddings.create(model=model, input="hello", encoding_format="float")

    assert b'"encoding_format":"base64"' in raw.http_request.content.replace(b" ", b"")
    assert 256 == len(one.embedding)
    assert close(one.embedding, listed.data[0].embedding)
    assert 1.0 == pytest.approx(sum(n * n for n in one.embedding), abs=1e-5)
    entry = own.entry(raw.headers["x-trunkline-request-id"])
    assert ("embeddings", "ok", False) == (entry["operation"], entry["status"], entry["estimated"])
    assert (answer.usage.prompt_tokens, 0) == (
        entry["tokens"]["input"],
        entry["tokens"]["output"],
    )
    assert model.partition("/")[0] == entry["provider"]


def test_base64_as_it_stands(client: openai.OpenAI) -> None:
    """Little-endian float32: for whoever decodes it himself."""
    asked = {"model": "plain/sim-embed", "input": "hello"}
    one = client.embeddings.create(**asked, encoding_format="base64").data[0].embedding
    listed = client.embeddings.create(**asked, encoding_format="float").data[0].embedding

    data = base64.b64decode(str(one))
    assert close(list(struct.unpack(f"<{len(data) // 4}f", data)), listed)


def test_many_inputs_keep_their_order(client: openai.OpenAI, own: Gateway) -> None:
    """Five inputs at an upstream that takes two: three requests, one answer, one bill."""
    texts = ["a", "b", "c", "d", "e"]
    raw = client.embeddings.with_raw_response.create(model="small/sim-embed", input=texts)
    answer = raw.parse()
    alone = [client.embeddings.create(model="near/sim-embed", input=t).data[0] for t in texts]

    assert list(range(5)) == [one.index for one in answer.data]
    assert all(close(a.embedding, b.embedding) for a, b in zip(answer.data, alone, strict=True))
    assert "3" == raw.headers["x-trunkline-attempts"]
    entry = own.entry(raw.headers["x-trunkline-request-id"])
    assert [2, 2, 1] == [attempt["tokens"]["input"] for attempt in entry["attempts"]]
    assert 5 == entry["tokens"]["input"] == answer.usage.prompt_tokens


def test_a_broken_provider_gives_way(client: openai.OpenAI, own: Gateway) -> None:
    """The alias's second target answers; the first is in the ledger as failed."""
    raw = client.embeddings.with_raw_response.create(model="vectors", input=["a", "b", "c"])

    assert 3 == len(raw.parse().data)
    entry = own.entry(raw.headers["x-trunkline-request-id"])
    assert {"failed", "ok"} == {attempt["status"] for attempt in entry["attempts"]}
    assert ("small", 3) == (entry["provider"], entry["tokens"]["input"])


def test_tokens(client: openai.OpenAI) -> None:
    """To whoever takes them; as text to whoever does not, where the vocabulary is known."""
    lists = client.embeddings.create(model="near/sim-embed", input=[[1, 2], [3]])
    text = client.embeddings.create(model="plain/text-embedding-3-small", input=[15339])
    same = client.embeddings.create(model="plain/text-embedding-3-small", input="hello")

    assert (2, 3) == (len(lists.data), lists.usage.prompt_tokens)
    assert close(text.data[0].embedding, same.data[0].embedding)
    with pytest.raises(openai.BadRequestError, match="send strings"):
        client.embeddings.create(model="plain/sim-embed", input=[15339])


def test_dimensions(client: openai.OpenAI) -> None:
    """As many as were asked for; who has one length only refuses."""
    answer = client.embeddings.create(model="voyage/voyage-3.5", input="a", dimensions=256)
    assert 256 == len(answer.data[0].embedding)
    answer = client.embeddings.create(model="near/sim-embed", input="a", dimensions=7)
    assert 7 == len(answer.data[0].embedding)
    with pytest.raises(openai.BadRequestError, match="one length") as told:
        client.embeddings.create(model="small/sim-embed", input="a", dimensions=7)
    assert "dimensions" == told.value.param


@pytest.mark.parametrize(
    ("asked", "kind", "param"),
    (
        ({"input": ""}, openai.BadRequestError, "input"),
        ({"input": []}, openai.BadRequestError, "input"),
        ({"input": ["a"] * 2049}, openai.BadRequestError, "input"),
        ({"input": "a", "model": "nobody/knows"}, openai.NotFoundError, "model"),
        ({"input": "a", "model": "near/sim-nothing"}, openai.NotFoundError, None),
        ({"input": "a", "model": "near/sim-embed@fault=u10"}, openai.RateLimitError, None),
    ),
)
def test_errors_are_of_the_class_that_the_sdk_has_for_them(
    client: openai.OpenAI, asked: dict[str, object], kind: type[openai.APIError], param: str | None
) -> None:
    """With the parameter's name where one is to blame."""
    with pytest.raises(kind) as told:
        client.embeddings.create(**{"model": "near/sim-embed", **asked})
    if param is not None:
        assert param == told.value.param


def test_a_key_needs_the_scope(own: Gateway) -> None:
    """One for conversations alone does not embed; keyplex says it in its own words."""
    made = own.admin("POST", "/keys", {"name": "chat", "scopes": ["chat:write"]})
    key = made.json()["key"]
    for base in (f"{own.base}/v1", f"{own.base}/api/v1"):
        with (
            openai.OpenAI(base_url=base, api_key=key, max_retries=0) as other,
            pytest.raises(openai.PermissionDeniedError, match="embeddings:write"),
        ):
            other.embeddings.create(model="near/sim-embed", input="a")


def test_keyplex_has_them_too(own: Gateway) -> None:
    """At its own path."""
    with openai.OpenAI(base_url=f"{own.base}/api/v1", api_key=own.key, max_retries=0) as other:
        assert 256 == len(
            other.embeddings.create(model="near/sim-embed", input="a").data[0].embedding
        )


def test_models_that_embed_are_on_the_list(own: Gateway) -> None:
    """By bare name, as far as their provider is configured."""
    names = [model["id"] for model in own.get("/v1/models").json()["data"]]

    assert {"sim-embed", "voyage-3.5"} <= set(names)
