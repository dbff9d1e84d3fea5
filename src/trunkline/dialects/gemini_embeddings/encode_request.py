"""A request for embeddings to Gemini: a batch, be it of one text."""

from msgspec import json

from trunkline.canon.deployment import Deployment
from trunkline.canon.embedding import EmbeddingRequest
from trunkline.dialects.base import Encoded
from trunkline.dialects.gemini_embeddings.decode_request import NAME
from trunkline.dialects.notes import Notes

_OURS = {"task_type": "taskType", "title": "title"}
"""Fields of Gemini's own, as its compatible endpoint's clients may name them."""


def encode_request(request: EmbeddingRequest, deployment: Deployment) -> Encoded:
    """What Gemini's own clients said goes out as they said it, under the upstream's name of the model."""
    model = f"models/{deployment.model}"
    if request.origin == NAME:
        entries = [{**aside.own, "model": model} for aside in request.asides]
        body: dict[str, object] = {**request.extra, "requests": entries}
        return Encoded(json.encode(body))
    notes = Notes()
    shared: dict[str, object] = {"model": model}
    if request.dimensions is not None:
        shared["outputDimensionality"] = request.dimensions
    if request.user is not None:
        notes.add("user", "dropped: Gemini has no such field")
    for name, raw in request.extra.items():
        if name in _OURS:
            shared[_OURS[name]] = raw
        else:
            notes.add(name, "dropped: Gemini has no such field")
    requests = [{**shared, "content": {"parts": [{"text": text}]}} for text in request.inputs]
    return Encoded(json.encode({"requests": requests}), notes=notes.all())
