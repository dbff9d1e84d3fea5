"""A request for embeddings to OpenAI or one of the many who speak as it does."""

from msgspec import json

from trunkline.canon.deployment import Deployment, Embeds
from trunkline.canon.embedding import EmbeddingRequest
from trunkline.canon.errors import Unsupported
from trunkline.dialects.asides import note_lost, note_tasks
from trunkline.dialects.base import Encoded
from trunkline.dialects.field_quirks import drop, drop_routing
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_embeddings.decode_request import NAME


def encode_request(request: EmbeddingRequest, deployment: Deployment) -> Encoded:
    """
    Base64 is asked for where it is wanted and known: a quarter of the bytes.

    Raises Unsupported for dimensions that the target does not let anybody choose.
    """
    embeds = deployment.embeds or Embeds()
    notes = Notes()
    body: dict[str, object] = {"model": deployment.model, "input": request.inputs}
    if request.base64 and embeds.base64:
        body["encoding_format"] = "base64"
    if request.dimensions is not None:
        if not embeds.dimensions:
            raise Unsupported(
                f"'{deployment.model}' has vectors of one length only: leave out 'dimensions'"
                " (Gemini: 'outputDimensionality')",
                param="dimensions",
            )
        body[embeds.dimensions] = request.dimensions
    if request.user is not None:
        body["user"] = request.user
    if request.origin == NAME:
        for name, raw in request.extra.items():
            body.setdefault(name, raw)
    else:
        _note_foreign(request, notes)
    drop_routing(body, deployment.quirks, notes.add)
    drop(body, embeds.drop, notes.add, why="dropped: the provider rejects it")
    for name, raw in embeds.add.items():
        body.setdefault(name, raw)
    return Encoded(json.encode(body), notes=notes.all())


def _note_foreign(request: EmbeddingRequest, notes: Notes) -> None:
    """Whoever speaks as OpenAI does calls an unknown field an error."""
    note_tasks(request, notes, "the provider")
    note_lost(request, notes)
    for name in request.extra:
        notes.add(name, "dropped: the provider has no such field")
