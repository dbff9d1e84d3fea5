"""Requests and targets for the tests of embeddings."""

from msgspec import Raw, json

from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.embedding import EmbeddingRequest


def target(**embeds):
    return Deployment(
        id="p/m", provider="p", model="m", dialect="openai-embeddings", embeds=Embeds(**embeds)
    )


def asked(*inputs, **more):
    inputs = inputs or ("hello",)
    return EmbeddingRequest(model="alias", inputs=inputs, origin="openai-embeddings", **more)


def envelope(**fields):
    return {name: Raw(json.encode(value)) for name, value in fields.items()}
