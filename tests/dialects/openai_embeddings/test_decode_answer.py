"""Answers of OpenAI's look-alikes, put in order and measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from trunkline.canon.errors import Garbled, GatewayError, Throttled
from trunkline.canon.usage import Usage
from trunkline.dialects.openai_embeddings.decode_answer import decode_answer


def body(*indices, usage=None, **more):
    data = [
        {"object": "embedding", "embedding": [float(at)], "index": index}
        if index is not None
        else {"embedding": [float(at)]}
        for at, index in enumerate(indices)
    ]
    return json.encode({"object": "list", "data": data, "model": "up", "usage": usage, **more})


def firsts(found):
    return [json.decode(vector)[0] for vector in found.vectors]


@pytest.mark.parametrize(
    ("indices", "order"),
    (
        ((0, 1, 2), [0, 1, 2]),
        ((2, 0, 1), [1, 2, 0]),
        ((None, None, None), [0, 1, 2]),
        ((None, 0, 1), [0, 1, 2]),
    ),
)
def test_the_order_is_that_of_the_inputs(indices, order):
    """By index; as they came where somebody leaves indices out."""
    assert order == firsts(decode_answer(body(*indices), 3))


def test_usage_and_model():
    """Voyage tells the total only; a count below one is none."""
    assert Usage(input=4) == decode_answer(body(0, usage={"prompt_tokens": 4}), 1).usage
    assert Usage(input=3) == decode_answer(body(0, usage={"total_tokens": 3}), 1).usage
    assert decode_answer(body(0, usage={"prompt_tokens": -4}), 1).usage is None
    assert decode_answer(body(0), 1).usage is None
    assert "up" == decode_answer(body(0), 1).model


@pytest.mark.parametrize(
    "answer",
    (
        b"",
        b"<html>",
        b"[]",
        b'{"data":{}}',
        b'{"data":[{"embedding":[],"index":0}]}',
        b'{"data":[{"index":0}]}',
        b'{"data":[{"embedding":{"a":1},"index":0}]}',
        body(),
        body(0, 1),
        body(1),
    ),
)
def test_what_is_no_answer_to_one_input(answer):
    """Too few, too many, of another input, empty: Garbled, so that another may be asked."""
    with pytest.raises(Garbled):
        decode_answer(answer, 1)


def test_twice_the_same_index():
    """One of the inputs would have no vector."""
    with pytest.raises(Garbled, match="no input"):
        decode_answer(body(0, 0), 2)


def test_an_error_in_a_200():
    """Is the error it tells of."""
    with pytest.raises(Throttled):
        decode_answer(b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}', 1)


@given(st.binary() | st.binary().map(lambda b: b'{"data":[{"embedding":' + b))
def test_nothing_else_escapes(data):
    """Whatever the bytes."""
    with pytest.raises(GatewayError):
        decode_answer(data, 1)
