"""The lists of models, as each provider writes them."""

from collections.abc import Mapping

from msgspec import json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.models import MODELS

_CREATED = 1764000000
_CREATED_AT = "2025-11-24T16:00:00Z"


def listing(path: str, dialect: str) -> tuple[int, bytes]:
    """Status and body of GET /v1/models and /v1/models/{id}. Raises Rejected for anything else."""
    _, found, name = path.partition("/models")
    if not found:
        raise Rejected(f"Invalid URL (GET {path})", status=404)
    entry = _ENTRIES.get(dialect, _openai)
    name = name.strip("/")
    if name:
        if name not in MODELS:
            raise Rejected(f"The model '{name}' does not exist", status=404, param="model")
        return 200, json.encode(entry(name))
    entries = [entry(model) for model in MODELS]
    if dialect == "anthropic-messages":
        ends = {"has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
        return 200, json.encode({"data": entries, **ends})
    if dialect == "gemini":
        return 200, json.encode({"models": entries})
    return 200, json.encode({"object": "list", "data": entries})


def _openai(name: str) -> Mapping[str, object]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "trunkline-sim"}


def _anthropic(name: str) -> Mapping[str, object]:
    title = name.replace("-", " ").title()
    return {"type": "model", "id": name, "display_name": title, "created_at": _CREATED_AT}


def _google(name: str) -> Mapping[str, object]:
    methods = ("generateContent", "streamGenerateContent")
    return {"name": f"models/{name}", "supportedGenerationMethods": methods}


_ENTRIES = {"anthropic-messages": _anthropic, "gemini": _google}
