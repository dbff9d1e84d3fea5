"""Lists of models."""

import pytest
from msgspec import json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.listing import listing
from trunkline.providers.sim.models import MODELS


def test_the_openai_list() -> None:
    """An object of kind list; each entry a model."""
    status, body = listing("/v1/models", "openai-chat")
    found = json.decode(body)

    assert (200, "list") == (status, found["object"])
    assert list(MODELS) == [entry["id"] for entry in found["data"]]
    assert {"id", "object", "created", "owned_by"} == found["data"][0].keys()


def test_the_anthropic_list() -> None:
    """A page with its ends."""
    found = json.decode(listing("/v1/models", "anthropic-messages")[1])

    assert {"data", "has_more", "first_id", "last_id"} == found.keys()
    assert {"type", "id", "display_name", "created_at"} == found["data"][0].keys()


def test_the_google_list() -> None:
    """By the names that stand in paths."""
    found = json.decode(listing("/v1beta/models", "gemini")[1])

    assert f"models/{MODELS[0]}" == found["models"][0]["name"]


def test_one_model() -> None:
    """By its id, in the dialect's shape."""
    assert "sim-chat" == json.decode(listing("/v1/models/sim-chat", "openai-chat")[1])["id"]


@pytest.mark.parametrize("path", ("/v1/models/nobody", "/v1/files"))
def test_anything_else_is_not_found(path: str) -> None:
    """404."""
    with pytest.raises(Rejected) as caught:
        listing(path, "openai-chat")

    assert 404 == caught.value.status
