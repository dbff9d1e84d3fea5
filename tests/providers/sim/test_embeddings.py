"""Vectors of the simulator: of length one, the same for the same text, in the form asked for."""

from base64 import b64decode
from struct import unpack

import pytest
from msgspec import json

from trunkline.providers.sim.ask import Rejected
from trunkline.providers.sim.beats import Mark, Pace, Stamp
from trunkline.providers.sim.embeddings import (
    DIMENSIONS,
    EmbeddingsVoice,
    check_embeddings,
    embedded,
    read_embeddings,
    unknown_embeddings,
    vector,
)

STAMP = Stamp(bytes(32), "sim-embed", 1, "req_1")


def asked(**fields):
    return read_embeddings(json.encode({"model": "sim-embed", **fields}))


def told(texts, skew=""):
    body = EmbeddingsVoice().whole(embedded(texts), texts, STAMP, Pace(skew=skew))
    return json.decode(body)


@pytest.mark.parametrize("dimensions", (1, 2, DIMENSIONS, 3072))
def test_a_vector_is_of_length_one(dimensions):
    """And of the numbers that float32 holds."""
    numbers = vector("hello", dimensions)

    assert dimensions == len(numbers)
    assert 1.0 == pytest.approx(sum(n * n for n in numbers))
    assert numbers == vector("hello", dimensions) != vector("hallo", dimensions)


def test_both_forms_are_the_same_numbers():
    """As the real API's are."""
    [one] = told(asked(input="a", encoding_format="base64"))["data"]
    [other] = told(asked(input="a"))["data"]

    data = b64decode(one["embedding"])
    assert other["embedding"] == list(unpack(f"<{DIMENSIONS}f", data))


@pytest.mark.parametrize(
    ("given", "count", "tokens"),
    (("abcde", 1, 2), (["a", "b"], 2, 2), ([1, 2, 3], 1, 3), ([[1], [2, 3]], 2, 3)),
)
def test_every_form_of_input(given, count, tokens):
    """A text, texts, tokens, lists of them; each counts."""
    body = told(asked(input=given, dimensions=3))

    assert [(at, 3) for at in range(count)] == [
        (one["index"], len(one["embedding"])) for one in body["data"]
    ]
    assert {"prompt_tokens": tokens, "total_tokens": tokens} == body["usage"]
    assert "sim-embed" == body["model"]


def test_usage_may_be_falsified():
    """As of any other answer."""
    assert "usage" not in told(asked(input="a"), "missing")
    assert -2 == told(asked(input="a"), "negative")["usage"]["prompt_tokens"]


def test_there_is_no_stream():
    """A fault that asks for one gets the answer in one piece."""
    texts = asked(input="a")
    [beat] = EmbeddingsVoice().beats(embedded(texts), texts, STAMP, Pace())

    assert Mark.CONTENT is beat.mark


@pytest.mark.parametrize(
    "body",
    (
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"model":"m"}',
        b'{"model":"m","input":7}',
        b'{"model":"m","input":["a",1]}',
    ),
)
def test_what_cannot_be_read(body):
    """Refused as the real API does."""
    with pytest.raises(Rejected):
        read_embeddings(body)


@pytest.mark.parametrize(
    "fields",
    (
        {"input": ""},
        {"input": []},
        {"input": ["a", ""]},
        {"input": ["a"] * 2049},
        {"input": "a", "dimensions": 0},
        {"input": "a", "dimensions": 4000},
    ),
)
def test_the_rules_of_the_api(fields):
    """Nothing empty, not too many, not too long."""
    with pytest.raises(Rejected):
        check_embeddings(asked(**fields))


def test_a_field_that_nobody_knows():
    """Only where the options say `strict`."""
    unknown_embeddings(b'{"model":"m","input":"a","user":"u"}')
    with pytest.raises(Rejected, match="input_type"):
        unknown_embeddings(b'{"model":"m","input":"a","input_type":"x"}')
