"""A request that asks for its count: what goes with it, and what an answer may be."""

import pytest
from msgspec import json

from trunkline.canon.errors import Garbled, GatewayError, Malformed, Overloaded
from trunkline.dialects.anthropic_messages.count import count_request, decode_count, encode_count
from trunkline.dialects.base import Encoded


def test_what_tells_how_to_answer_stays_behind():
    """The endpoint answers such fields with a 400; all others go on, also those of tomorrow."""
    body = {
        "model": "m",
        "max_tokens": 5,
        "stream": True,
        "temperature": 0.5,
        "messages": [{"role": "user", "content": "é"}],
        "tools": [],
        "tomorrow": {"x": 1.50},
    }
    asked = count_request(Encoded(json.encode(body), ((b"anthropic-beta", b"x"),)))

    assert ["model", "messages", "tools", "tomorrow"] == list(json.decode(asked.body))
    assert ((b"anthropic-beta", b"x"),) == asked.headers


@pytest.mark.parametrize("body", (b"", b"[]", b"{", b'{"a":' * 100_000))
def test_a_body_that_is_no_object_is_refused(body):
    """Nothing else is raised, whatever the bytes."""
    with pytest.raises(Malformed):
        count_request(Encoded(body))


def test_a_count_there_and_back():
    """The number is all there is."""
    assert b'{"input_tokens":2095}' == encode_count(2095)
    assert 2095 == decode_count(encode_count(2095))
    assert 7 == decode_count(b'{"input_tokens":7,"context_management":{"original_input_tokens":9}}')


@pytest.mark.parametrize(
    ("body", "error"),
    (
        (b"", Garbled),
        (b"{}", Garbled),
        (b'{"input_tokens":null}', Garbled),
        (b'{"input_tokens":-1}', Garbled),
        (b'{"input_tokens":"7"}', Garbled),
        (b'{"input_tokens":1.5}', Garbled),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}', Overloaded),
    ),
)
def test_what_is_no_count(body, error):
    """An error in a 200 is that error; anything else is not understood."""
    with pytest.raises(error):
        decode_count(body)


def test_recorded_counts_are_read(shared):
    """What the real endpoint was asked and what it said."""
    found = sorted((shared / "fixtures/anthropic").glob("*count-tokens*.json"))
    for path in found:
        recorded = json.decode(path.read_bytes())
        if "count_tokens" not in recorded["request"]["path"]:
            continue
        asked = json.encode(recorded["request"]["body"])
        assert json.decode(asked) == json.decode(count_request(Encoded(asked)).body)
        told = json.encode(recorded["response"]["body"])
        if recorded["response"]["status"] == 200:
            assert recorded["response"]["body"]["input_tokens"] == decode_count(told)
        else:
            with pytest.raises(GatewayError):
                decode_count(told)
    assert found
