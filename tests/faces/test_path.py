"""What Google's paths say."""

import pytest
from msgspec import Raw, json

from trunkline.canon.errors import Malformed, NotFound
from trunkline.faces.base import Mount
from trunkline.faces.path import key_in, names_model, read_path, wants_array
from trunkline.flow.base import Head

WHOLE = Mount(b"/v1beta/{model}:generateContent", "gemini", "chat", "chat:write", False)
STREAM = Mount(b"/v1beta/{model}:streamGenerateContent", "gemini", "chat", "chat:write", True)


def head(path: str = "/", query: str = "") -> Head:
    return Head(b"POST", path.encode(), query.encode(), {}, "", 0.0, 0.0)


@pytest.mark.parametrize(
    ("resource", "model"),
    (
        ("models/gemini-3-pro", "gemini-3-pro"),
        ("models/openai/gpt-5", "openai/gpt-5"),
        ("models/openai%2Fgpt-5", "openai/gpt-5"),
        ("models/models", "models"),
        ("tunedModels/mine", "tunedModels/mine"),
        ("publishers/google/models/g", "g"),
        ("projects/p/locations/l/publishers/google/models/g", "g"),
    ),
)
def test_models(resource, model):
    """With slashes, encoded or not; Vertex AI's resources; tuned models under their own name."""
    envelope: dict[str, Raw] = {"contents": Raw(b"[]"), "model": Raw(b'"other"')}
    read_path(head(f"/v1beta/{resource}:generateContent"), WHOLE, envelope)
    assert (model, False) == (json.decode(envelope["model"]), json.decode(envelope["stream"]))


def test_streams():
    """Said by the method."""
    envelope: dict[str, Raw] = {}
    read_path(head("/v1beta/models/g:streamGenerateContent"), STREAM, envelope)
    assert json.decode(envelope["stream"])


@pytest.mark.parametrize("resource", ("files/x", "models/", "x", "projects/p/models/g"))
def test_other_resources(resource):
    """Are not served."""
    with pytest.raises(NotFound):
        read_path(head(f"/v1beta/{resource}:generateContent"), WHOLE, {})


def test_which_mounts():
    """Those whose path has a place for a model."""
    assert names_model(WHOLE)
    assert not names_model(Mount(b"/v1/messages", "anthropic-messages", "chat", "chat:write"))


def test_the_key():
    """Decoded; the last one counts."""
    assert b"a+b" == key_in(b"alt=sse&key=x&key=a%2Bb")
    assert b"" == key_in(b"alt=sse&keys=x")
    assert b"" == key_in(b"")


def test_forms_of_a_stream():
    """An array, unless events are asked for."""
    assert not wants_array(head(query="alt=sse"))
    assert wants_array(head())
    assert wants_array(head(query="alt=json&key=k"))
    with pytest.raises(Malformed):
        wants_array(head(query="alt=proto"))
