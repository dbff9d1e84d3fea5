"""Embeddings as frameworks ask for them."""

import asyncio

import openai
import pytest
from langchain_openai import OpenAIEmbeddings
from pydantic_ai import Embedder
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.clients.conftest import Line

MODEL = "openai-chat/sim-embed"


def test_langchain(line: Line) -> None:
    """Several texts at once give what each gives alone, in their order."""
    embeddings = OpenAIEmbeddings(
        base_url=f"{line.gateway.base}/v1",
        api_key=line.gateway.key,
        model=MODEL,
        check_embedding_ctx_length=False,  # or it sends tokens of a model it takes this one for
    )
    both = embeddings.embed_documents(["one", "two"])

    assert [256, 256] == [len(vector) for vector in both]
    assert both == [pytest.approx(embeddings.embed_query(text)) for text in ("one", "two")]
    assert both[0] != pytest.approx(both[1])


def test_pydantic_ai(line: Line) -> None:
    """The same, with its usage."""

    async def ask() -> None:
        base, key = f"{line.gateway.base}/v1", line.gateway.key
        async with openai.AsyncOpenAI(base_url=base, api_key=key, max_retries=0) as client:
            provider = OpenAIProvider(openai_client=client)
            embedder = Embedder(OpenAIEmbeddingModel(MODEL, provider=provider))
            both = await embedder.embed_documents(["one", "two"])
            one = await embedder.embed_query("one")
        assert [256, 256] == [len(vector) for vector in both.embeddings]
        assert both.embeddings[0] == pytest.approx(one.embeddings[0])
        assert both.usage.input_tokens > one.usage.input_tokens > 0

    asyncio.run(ask())
