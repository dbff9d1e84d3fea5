"""Requests to OpenAI's look-alikes: what they know is asked for, and nothing else."""

import pytest
from msgspec import Raw, json
from msgspec.structs import replace

from tests.dialects.gemini_embeddings.making import decoded
from tests.dialects.gemini_embeddings.making import texts as gemini
from tests.dialects.openai_embeddings.making import asked, target
from trunkline.canon.deployment import Quirks
from trunkline.canon.errors import Unsupported
from trunkline.dialects.openai_embeddings.encode_request import encode_request


def sent(request, **embeds):
    return json.decode(encode_request(request, target(**embeds)).body)


def test_texts_and_tokens():
    """In their order, under the upstream's own name."""
    assert {"model": "m", "input": ["a", "b"]} == sent(asked("a", "b"))
    assert [[1, 2], [3]] == sent(asked((1, 2), (3,)), tokens=True)["input"]


def test_base64_where_it_is_wanted_and_known():
    """Numbers are everybody's default: Voyage refuses to hear them named."""
    assert "base64" == sent(asked(base64=True), base64=True)["encoding_format"]
    assert "encoding_format" not in sent(asked(base64=True))
    assert "encoding_format" not in sent(asked(), base64=True)


def test_dimensions_by_the_name_it_knows():
    """Voyage calls them output_dimension; who knows one length only says so."""
    assert 8 == sent(asked(dimensions=8))["dimensions"]
    assert 8 == sent(asked(dimensions=8), dimensions="output_dimension")["output_dimension"]
    with pytest.raises(Unsupported, match="one length only") as caught:
        sent(asked(dimensions=8), dimensions="")
    assert "dimensions" == caught.value.param


def test_what_it_rejects_is_dropped_with_a_note():
    """And what else the client said goes along."""
    request = asked(user="u", extra={"input_type": Raw(b'"query"')})
    encoded = encode_request(request, target(drop=("user", "nothing")))

    assert {"model": "m", "input": ["hello"], "input_type": "query"} == json.decode(encoded.body)
    assert [("user", "dropped: the provider rejects it")] == [
        (note.field, note.message) for note in encoded.notes
    ]


def test_routing_is_not_the_client_s():
    """Where an upstream could have another model answer."""
    to = replace(target(), quirks=Quirks(routing=("models",)))
    encoded = encode_request(asked(extra={"models": Raw(b'["x"]')}), to)

    assert {"model": "m", "input": ["hello"]} == json.decode(encoded.body)
    assert ["models"] == [note.field for note in encoded.notes]


def test_what_it_needs_besides():
    """Unless the client said so itself."""
    add = {"input_type": Raw(b'"passage"')}

    assert "passage" == sent(asked(), add=add)["input_type"]
    assert "query" == sent(asked(extra={"input_type": Raw(b'"query"')}), add=add)["input_type"]


def test_what_others_said_of_a_text_is_named():
    """An unknown field is an error to most; the length is known by another name, not lost."""
    entries = [gemini("a", taskType="CLUSTERING", title="T"), gemini("b", title="U")]
    request = decoded(requests=entries, input_type="x")
    encoded = encode_request(replace(request, dimensions=8), target())

    assert {"model": "m", "input": ["a", "b"], "dimensions": 8} == json.decode(encoded.body)
    assert ["taskType", "title", "inputType"] == [note.field for note in encoded.notes]
    with pytest.raises(Unsupported, match="outputDimensionality"):
        encode_request(replace(request, dimensions=8), target(dimensions=""))
