"""Google's embeddings of the simulator: alone, in batches, and by all that is said of a text."""

import pytest
from msgspec import json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.beats import Mark, Pace, Stamp
from trunkline.providers.sim.embeddings import DIMENSIONS, embedded, vector
from trunkline.providers.sim.gemini_embeddings import (
    GeminiEmbeddingsVoice,
    check_gemini_embeddings,
    is_gemini_embedding,
    placed_embedding,
    read_gemini_embeddings,
    unknown_gemini_embeddings,
)

STAMP = Stamp(bytes(32), "sim-embed", 1, "req_1")


def text(*parts, **more):
    return {"content": {"parts": [{"text": part} for part in parts]}, **more}


def told(body, skew=""):
    texts = read_gemini_embeddings(json.encode(body))
    check_gemini_embeddings(texts)
    return json.decode(
        GeminiEmbeddingsVoice().whole(embedded(texts), texts, STAMP, Pace(skew=skew))
    )


def test_one_alone_and_a_batch():
    """The vectors that the simulator has for these texts in any dialect, and what they took."""
    values = {"values": vector("a", DIMENSIONS)}
    usage = {"promptTokenCount": 1, "promptTokenDetails": [{"modality": "TEXT", "tokenCount": 1}]}

    assert {"embedding": values, "usageMetadata": usage} == told(text("a"))
    assert {"embeddings": [values], "usageMetadata": usage} == told({"requests": [text("a")]})
    assert told(text("ab")) == told(text("a", "b"))


@pytest.mark.parametrize("field", ("taskType", "title"))
def test_a_vector_follows_from_all_that_is_said(field):
    """Wherever it is said; so that a gateway that loses it gets caught."""
    said = told(text("a", **{field: "X"}))

    assert said != told(text("a"))
    assert said != told(text("a", **{field: "Y"}))
    assert said == told(text("a", embedContentConfig={field: "X"}))


def test_a_length():
    """As asked for."""
    assert 7 == len(told(text("a", outputDimensionality=7))["embedding"]["values"])
    config = {"outputDimensionality": 7}
    assert 7 == len(told(text("a", embedContentConfig=config))["embedding"]["values"])


def test_usage_may_be_falsified():
    """As of any other answer."""
    assert "usageMetadata" not in told(text("a"), "missing")
    assert -2 == told(text("a"), "negative")["usageMetadata"]["promptTokenCount"]


def test_there_is_no_stream():
    """A fault that asks for one gets the answer in one piece."""
    texts = read_gemini_embeddings(json.encode(text("a")))
    [beat] = GeminiEmbeddingsVoice().beats(embedded(texts), texts, STAMP, Pace())

    assert Mark.CONTENT is beat.mark


def test_the_path_tells_the_model():
    """And which of its methods is asked."""
    assert is_gemini_embedding("/v1beta/models/m:embedContent")
    assert is_gemini_embedding("/v1beta/models/m:batchEmbedContents")
    assert not is_gemini_embedding("/v1beta/models/m:generateContent")
    assert ("a/b", False) == placed_embedding("/v1beta/models/a%2Fb:embedContent")


@pytest.mark.parametrize("body", (b"", b"{", b"[]", b'{"content":7}', b'{"requests":7}', b'"\xff"'))
def test_what_cannot_be_read(body):
    """Refused as the real API does."""
    with pytest.raises(Rejected, match="Invalid"):
        read_gemini_embeddings(body)


@pytest.mark.parametrize(
    ("body", "says"),
    (
        ({}, "empty"),
        (text(""), "empty"),
        ({"requests": []}, "empty"),
        ({"requests": [text("a")] * 101}, "at most 100"),
        (text("a", outputDimensionality=0), "out of range"),
        (text("a", outputDimensionality=4000), "out of range"),
        ({"requests": [text("a"), text("b", outputDimensionality=7)]}, "one length"),
    ),
)
def test_the_rules_of_the_api(body, says):
    """Nothing empty, not too many, not too long."""
    with pytest.raises(Rejected, match=says):
        told(body)


def test_a_field_that_nobody_knows():
    """Only where the options say `strict`."""
    unknown_gemini_embeddings(json.encode({"requests": [text("a", title="T", model="models/m")]}))
    for body in (text("a", x=1), {"requests": [text("a", x=1)]}, {"requests": [], "x": 1}):
        with pytest.raises(Rejected, match='"x"'):
            unknown_gemini_embeddings(json.encode(body))
