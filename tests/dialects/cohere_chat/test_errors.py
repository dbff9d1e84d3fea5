"""What Cohere says of its failures, by whose fault it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from trunkline.canon.errors import (
    BadCredential,
    ContentRejected,
    ContextLengthExceeded,
    GatewayError,
    ModelMissing,
    Overloaded,
    QuotaExhausted,
    Refused,
    Throttled,
)
from trunkline.dialects.cohere_chat.errors import decode_error, in_answer


def told(status, message, *headers):
    return decode_error(status, headers, json.encode({"message": message, "id": "e1"}))


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    (
        (400, "invalid request: message must be at least 1 token long", Refused),
        (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.", ContextLengthExceeded),
        (400, "too many tokens: size limit exceeded by 11326 tokens.", ContextLengthExceeded),
        (400, "too many tokens: max tokens must be less than or equal to 4096 - received 8192.", Refused),
        (400, "invalid request: model 'embed-v4.0' is not supported by the chat API", ModelMissing),
        (401, "invalid api token", BadCredential),
        (402, "Please add or update your payment method", QuotaExhausted),
        (404, "model 'command-x' not found, make sure the correct model ID was used", ModelMissing),
        (422, "invalid type: parameter messages", Refused),
        (429, "You are using a Trial key, which is limited to 20 API calls / minute.", Throttled),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month.", QuotaExhausted),
        (498, "blocked output: this generation may be a violation", ContentRejected),
        (500, "internal server error, this has been reported", Overloaded),
        (503, "service unavailable", Overloaded),
    ),
)  # fmt: skip
def test_kinds(status, message, expected):
    """By status and words; the words reach the client, but for those about our credential."""
    error = told(status, message)

    assert expected is type(error)
    assert (message == error.message) is (expected is not BadCredential)


def test_how_long_to_wait():
    """From the header."""
    assert 7.0 == told(429, "too fast", (b"retry-after", b"7")).retry_after


def test_no_secret_gets_out():
    """Providers echo keys."""
    assert "***" in told(400, "too many tokens for Bearer abcdefghijklm").message


def test_an_error_in_a_200():
    """Only where there is one."""
    assert isinstance(in_answer(b'{"message":"oops","id":"x"}'), Overloaded)
    assert in_answer(b'{"id":"x"}') is None
    assert in_answer(b'{"message":{"role":"assistant"}}') is None


@given(st.integers(200, 599), st.binary(max_size=60))
def test_every_body_is_some_error(status, body):
    """Whatever stands in it."""
    assert isinstance(decode_error(status, (), body), GatewayError)
