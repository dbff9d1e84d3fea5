"""Tests of what Bedrock says of its failures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from trunkline.canon import errors
from trunkline.dialects.bedrock_converse.errors import decode_error, decode_exception, in_answer


def told(status, kind, message, *more):
    headers = ((b"x-amzn-errortype", kind.encode()), *more)
    return decode_error(status, headers, json.encode({"message": message}))


@pytest.mark.parametrize(
    ("status", "kind", "message", "expected"),
    (
        (429, "ThrottlingException", "Too many requests, please wait.", errors.Throttled),
        (429, "ThrottlingException", "Too many tokens per day.", errors.QuotaExhausted),
        (429, "ModelNotReadyException", "The model is not ready.", errors.Overloaded),
        (400, "ServiceQuotaExceededException", "exceeds the service quota", errors.QuotaExhausted),
        (400, "ValidationException", "Malformed input request.", errors.Refused),
        (400, "ValidationException", "Input is too long for requested model.", errors.ContextLengthExceeded),
        (400, "ValidationException", "The model returned the following errors: prompt is too long: 210000 tokens > 200000 maximum", errors.ContextLengthExceeded),
        (400, "ValidationException", "The provided model identifier is invalid.", errors.ModelMissing),
        (400, "ValidationException", "Invocation of model ID x with on-demand throughput isn’t supported.", errors.ModelMissing),
        (403, "AccessDeniedException", "You don't have access to the model with the specified model ID.", errors.ModelMissing),
        (403, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/a is not authorized", errors.BadCredential),
        (403, "UnrecognizedClientException", "The security token included in the request is invalid.", errors.BadCredential),
        (403, "InvalidSignatureException", "The request signature we calculated does not match", errors.BadCredential),
        (403, "ExpiredTokenException", "The security token included in the request is expired", errors.BadCredential),
        (404, "ResourceNotFoundException", "Model not found.", errors.ModelMissing),
        (408, "ModelTimeoutException", "Model processing timeout.", errors.TimedOut),
        (424, "ModelErrorException", "The system encountered an unexpected error", errors.Overloaded),
        (500, "InternalServerException", "An internal server error occurred.", errors.Overloaded),
        (503, "ServiceUnavailableException", "Bedrock is unable to process your request.", errors.Overloaded),
        (302, "", "", errors.Garbled),
        (418, "", "", errors.Refused),
    ),
)  # fmt: skip
def test_by_the_exceptions_name(status, kind, message, expected):
    """With the header that names it."""
    assert expected is type(told(status, kind, message))


@pytest.mark.parametrize(
    ("status", "expected"),
    (
        (400, errors.Refused),
        (401, errors.BadCredential),
        (403, errors.BadCredential),
        (404, errors.ModelMissing),
        (408, errors.TimedOut),
        (424, errors.Overloaded),
        (429, errors.Throttled),
        (500, errors.Overloaded),
        (503, errors.Overloaded),
        (504, errors.TimedOut),
    ),
)
def test_by_the_status(status, expected):
    """Without a name: what a proxy between left of it."""
    assert expected is type(decode_error(status, (), b'{"message":"x"}'))
    assert expected is type(decode_error(status, (), b""))


@pytest.mark.parametrize(
    "kind",
    (
        "ThrottlingException",
        "throttlingException",
        "com.amazon.coral.service#ThrottlingException",
        "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
    ),
)
def test_a_name_in_each_of_its_forms(kind):
    """Headers, bodies and streams write it differently."""
    body = json.encode({"__type": kind, "Message": "slow down"})

    assert errors.Throttled is type(told(400, kind, "slow down"))
    assert errors.Throttled is type(decode_error(400, (), body))
    assert errors.Throttled is type(decode_exception(kind, body))


def test_how_long_to_wait():
    """The header is heeded."""
    assert 3.0 == told(429, "ThrottlingException", "x", (b"retry-after", b"3")).retry_after


def test_no_account_is_named():
    """An ARN in a message that a client may see."""
    error = told(
        400, "ValidationException", "no arn:aws:bedrock:us-east-1:123456789012:profile/x here"
    )

    assert "no (a resource) here" == error.message


def test_our_credentials_troubles_are_for_our_log():
    """The client hears neither names nor accounts."""
    error = told(403, "AccessDeniedException", "User: bob is not authorized")

    assert ("bob" in error.detail, "bob" in error.message) == (True, False)


def test_overloads_keep_their_status():
    """503 as it is, others as 502."""
    assert [503, 502, 502] == [
        told(status, kind, "x").status
        for status, kind in (
            (503, "ServiceUnavailableException"),
            (500, "InternalServerException"),
            (424, "ModelErrorException"),
        )
    ]


def test_an_unknown_exception_in_a_stream():
    """Is the provider's own fault."""
    assert errors.Overloaded is type(decode_exception("newException", b"{}"))


def test_a_web_page_is_not_quoted():
    """Nor JSON of another shape."""
    pages = [decode_error(400, (), body).message for body in (b"<html>", b'["x"]', b"plain")]

    assert ["the provider refused the request (400)"] * 2 + ["plain"] == pages


def test_an_error_in_a_200():
    """Told by its message or type; anything else is none."""
    assert errors.Throttled is type(in_answer(b'{"__type":"x#ThrottlingException","message":"m"}'))
    assert None is in_answer(b'{"Output":{}}')


@given(st.integers(200, 599), st.binary(max_size=60), st.binary(max_size=60))
def test_nothing_escapes(status, kind, body):
    """Whatever comes, it becomes one of our own errors."""
    error = decode_error(status, ((b"x-amzn-errortype", kind),), body)

    assert isinstance(error, errors.GatewayError)
