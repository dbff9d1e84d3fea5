"""A request that asks for its count: what goes with it, and what an answer may be."""

import pytest
from msgspec import json

from trunkline.canon.errors import Garbled, Malformed
from trunkline.dialects.base import Encoded
from trunkline.dialects.openai_responses.count import count_request, decode_count, encode_count


def test_only_the_endpoints_own_fields_go():
    """It answers any other with a 400."""
    body = {"model": "m", "input": "hi", "tools": [], "store": False, "stream": True, "include": []}
    asked = count_request(Encoded(json.encode(body), ((b"x", b"y"),)))

    assert {"model": "m", "input": "hi", "tools": []} == json.decode(asked.body)
    assert ((b"x", b"y"),) == asked.headers


@pytest.mark.parametrize("body", (b"", b"[]", b"{", b'{"a":' * 100_000))
def test_a_body_that_is_no_object_is_refused(body):
    """Nothing else is raised, whatever the bytes."""
    with pytest.raises(Malformed):
        count_request(Encoded(body))


def test_a_count_there_and_back():
    """As the API writes it."""
    assert b'{"object":"response.input_tokens","input_tokens":16}' == encode_count(16)
    assert 16 == decode_count(encode_count(16))


@pytest.mark.parametrize(
    "body", (b"", b"{}", b'{"input_tokens":null}', b'{"input_tokens":-1}', b'{"input_tokens":"7"}')
)
def test_what_is_no_count(body):
    """Not understood, so that the gateway counts instead."""
    with pytest.raises(Garbled):
        decode_count(body)


def test_recorded_counts_are_read(shared):
    """What the real endpoint was asked and what it said."""
    found = sorted((shared / "fixtures/openai-responses").glob("*count-tokens*.json"))
    for path in found:
        recorded = json.decode(path.read_bytes())
        assert "/v1/responses/input_tokens" == recorded["request"]["path"]
        asked = json.encode(recorded["request"]["body"])
        assert json.decode(asked) == json.decode(count_request(Encoded(asked)).body)
        told = recorded["response"]["body"]
        assert told["input_tokens"] == decode_count(json.encode(told))
    assert found
