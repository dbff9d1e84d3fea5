"""Requests as Gemini's clients send them, and a target that speaks the same."""

from msgspec import Raw, json

from trunkline.canon.deployment import Deployment, Embeds
from trunkline.dialects.gemini_embeddings.decode_request import decode_request

TARGET = Deployment(
    id="gemini/up",
    provider="gemini",
    model="up",
    dialect="gemini-embeddings",
    embeds=Embeds(dialect="gemini-embeddings"),
)


def texts(*parts, **more):
    """One request of a batch, or all of embedContent's."""
    return {"content": {"parts": [{"text": part} for part in parts]}, **more}


def decoded(model="m", **fields):
    return decode_request(
        {name: Raw(json.encode(v)) for name, v in {"model": model, **fields}.items()}
    )
