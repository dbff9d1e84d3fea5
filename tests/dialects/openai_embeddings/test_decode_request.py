"""Every form of input, and every way to get it wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json

from tests.dialects.openai_embeddings.making import envelope
from trunkline.canon.errors import Malformed
from trunkline.dialects.openai_embeddings.decode_request import decode_request


@pytest.mark.parametrize(
    ("given_", "inputs"),
    (
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        ([1, 2], ((1, 2),)),
        ([[1], [2, 3]], ((1,), (2, 3))),
        (["a"] * 2048, ("a",) * 2048),
    ),
    ids=("text", "texts", "tokens", "token lists", "as many as may be"),
)
def test_forms_of_input(given_, inputs):
    """A text, texts, the tokens of one text, those of several."""
    assert inputs == decode_request(envelope(model="m", input=given_)).inputs


def test_everything_that_may_be_said():
    """What we do not know is kept for upstreams that may."""
    request = decode_request(
        envelope(
            model="m",
            input="a",
            encoding_format="base64",
            dimensions=256,
            user="u",
            input_type="query",
        )
    )

    assert ("m", True, 256, "u") == (
        request.model,
        request.base64,
        request.dimensions,
        request.user,
    )
    assert {"input_type": b'"query"'} == {name: bytes(v) for name, v in request.extra.items()}


def test_null_is_nothing_said():
    """As the SDKs leave it out."""
    request = decode_request(
        envelope(model="m", input="a", encoding_format=None, dimensions=None, user=None)
    )

    assert (False, None, None) == (request.base64, request.dimensions, request.user)


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    (
        ({}, "input", "missing required parameter: 'input'"),
        ({"input": None}, "input", "missing required parameter: 'input'"),
        ({"input": ""}, "input", "must not be empty"),
        ({"input": []}, "input", "at least one"),
        ({"input": ["a", ""]}, "input", "must not be empty"),
        ({"input": [[1], []]}, "input", "must not be empty"),
        ({"input": ["a"] * 2049}, "input", "2049 entries; at most 2048"),
        ({"input": 7}, "input", "must be a string, a list"),
        ({"input": {"a": 1}}, "input", "must be a string, a list"),
        ({"input": ["a", 1]}, "input", "Expected `str`"),
        ({"input": [1, "a"]}, "input", "Expected `int`"),
        ({"input": [[1], "a"]}, "input", "Expected `array`"),
        ({"input": [-1]}, "input", ">= 0"),
        ({"input": [1 << 31]}, "input", "2147483647"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format", "float"),
        ({"input": "a", "dimensions": 0}, "dimensions", ">= 1"),
        ({"input": "a", "dimensions": "8"}, "dimensions", "Expected `int`"),
        ({"input": "a", "user": 7}, "user", "Expected `str`"),
    ),
)
def test_what_is_wrong_is_named(fields, param, says):
    """A 400 with the parameter's name, as OpenAI answers."""
    with pytest.raises(Malformed, match=says) as caught:
        decode_request(envelope(model="m", **fields))
    assert param == caught.value.param


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from(("input", "encoding_format", "dimensions", "x")), JSON))
def test_nothing_but_malformed_escapes(fields):
    """Whatever the values: a request or a 400."""
    made = {name: Raw(json.encode(value)) for name, value in fields.items()}
    try:
        request = decode_request({"model": Raw(b'"m"'), **made})
    except Malformed:
        return
    assert all(request.inputs)
