"""Failures of upstreams, told by whose fault they are."""

import pytest
from msgspec import json

from tests.dialects.openai_chat.kit import DIALECT
from trunkline.canon.errors import (
    BadCredential,
    ContentRejected,
    ContextLengthExceeded,
    Garbled,
    ModelMissing,
    Overloaded,
    QuotaExhausted,
    Refused,
    Throttled,
)


def openai(message, code=None, kind="invalid_request_error", param=None):
    return json.encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


def decoded(status, body, headers=()):
    return DIALECT.decode_error(status, headers, body)


CASES = (
    (400, openai("no", "context_length_exceeded"), ContextLengthExceeded, 400),
    (400, b'{"message":"This model\'s maximum context length is 9"}', ContextLengthExceeded, 400),
    (
        400,
        b'{"object":"error","message":"Prompt is too long","code":3051}',
        ContextLengthExceeded,
        400,
    ),
    (413, openai("please reduce the length of the messages"), ContextLengthExceeded, 400),
    (500, openai("input (602 tokens) is too large to process"), ContextLengthExceeded, 400),
    (
        400,
        b'[{"error":{"code":400,"message":"The input token count (9) exceeds","status":"INVALID_ARGUMENT"}}]',
        ContextLengthExceeded,
        400,
    ),
    (400, openai("context length 9, max_tokens 99", param="max_tokens"), Refused, 400),
    (400, openai("filtered", "content_filter"), ContentRejected, 400),
    (
        400,
        b'{"error":{"message":"x","innererror":{"code":"ResponsibleAIPolicyViolation"}}}',
        ContentRejected,
        400,
    ),
    (
        403,
        b'{"error":{"code":403,"message":"openai requires moderation on it"}}',
        ContentRejected,
        400,
    ),
    (429, openai("You exceeded your current quota", "insufficient_quota"), QuotaExhausted, 429),
    (402, b'{"error":{"message":"Insufficient Balance"}}', QuotaExhausted, 429),
    (403, b'{"error":{"message":"your credit balance is too low"}}', QuotaExhausted, 429),
    (429, openai("slow down", "rate_limit_exceeded", "tokens"), Throttled, 429),
    (413, openai("too large for TPM", "rate_limit_exceeded", "tokens"), Throttled, 429),
    (
        429,
        b'[{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED"}}]',
        Throttled,
        429,
    ),
    (429, b"", Throttled, 429),
    (401, openai("Incorrect API key provided: sk-abcdefghijkl"), BadCredential, 502),
    (403, b"{}", BadCredential, 502),
    (
        400,
        b'[{"error":{"code":400,"message":"API key not valid. Please pass one.","status":"INVALID_ARGUMENT"}}]',
        BadCredential,
        502,
    ),
    (404, openai("The model `x` does not exist", "model_not_found"), ModelMissing, 404),
    (404, b"404 page not found", ModelMissing, 404),
    (403, openai("no access to model", "model_not_found"), ModelMissing, 404),
    (400, b'{"error":{"message":"x is not a valid model ID","code":400}}', ModelMissing, 404),
    (400, b'{"message":"Invalid model: x","code":"1500"}', ModelMissing, 404),
    (400, b'{"error":{"message":"Model Not Exist"}}', ModelMissing, 404),
    (500, openai("oops", None, "server_error"), Overloaded, 502),
    (502, b"<html>Bad Gateway</html>", Overloaded, 502),
    (503, b"busy", Overloaded, 503),
    (529, b"{}", Overloaded, 529),
    (408, b"", Overloaded, 502),
    (400, openai("bad", "unsupported_value", param="temperature"), Refused, 400),
    (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}', Refused, 422),
    (413, b"too big", Refused, 413),
    (302, b"", Garbled, 502),
    (200, b'{"error":{"code":429,"message":"x"}}', Throttled, 429),
    (200, b'{"error":{"type":"overloaded_error","message":"x"}}', Overloaded, 503),
    (200, b'{"error":{"message":"x","status_code":400,"code":"tool_use_failed"}}', Refused, 400),
    (200, b'{"error":"something"}', Overloaded, 502),
    (200, b'{"error":{"type":"invalid_request_error","message":"x"}}', Refused, 400),
)


@pytest.mark.parametrize(("status", "body", "kind", "told"), CASES)
def test_kinds(status, body, kind, told):
    """By code, then by text, then by status."""
    error = decoded(status, body)
    assert (kind, told) == (type(error), error.status)


@pytest.mark.parametrize(
    ("param", "kind"),
    (
        ("messages[17].content", ContextLengthExceeded),
        ("messages.[2].content[0].text", ContextLengthExceeded),
        ("messages[1].tool_calls[0].function.arguments", ContextLengthExceeded),
        ("input", ContextLengthExceeded),
        ("input[3]", ContextLengthExceeded),
        ("input[3].output", ContextLengthExceeded),
        ("prompt", ContextLengthExceeded),
        ("instructions", ContextLengthExceeded),
        ("user", Refused),
        ("prompt_cache_key", Refused),
        ("tools[0].function.name", Refused),
        ("messages[1].name", Refused),
        ("messages[1].tool_calls[0].id", Refused),
        ("input[95].call_id", Refused),
        (None, Refused),
    ),
)
def test_strings_too_long(param, kind):
    """A larger context helps where the string is of the prompt, not where it is a name or an id."""
    error = decoded(400, openai("string too long", "string_above_max_length", param=param))

    assert kind is type(error)
    assert 400 == error.status
    assert ("string_above_max_length", param) == (error.upstream_code, error.param)


@pytest.mark.parametrize(
    ("body", "message"),
    (
        (openai("words"), "words"),
        (b'{"message":"words"}', "words"),
        (b'{"error":"words"}', "words"),
        (b'{"detail":"words"}', "words"),
        (b'{"detail":[{"msg":"one"},{"msg":"two"}]}', "one; two"),
        (b'{"error":{"message":"a","metadata":{"raw":"b"}}}', "a: b"),
        (b'["words"]', "words"),
        (b"words", "words"),
        (b"<html>words</html>", "the provider answered with status 400"),
        (b"", "the provider answered with status 400"),
    ),
)
def test_messages(body, message):
    """The upstream's own words, wherever it puts them; no page of HTML."""
    assert message == decoded(400, body).message


def test_code_and_param():
    """Passed on: clients read them."""
    error = decoded(400, openai("bad", "unsupported_value", param="temperature"))
    assert ("unsupported_value", "temperature") == (error.upstream_code, error.param)


def test_secrets_stay():
    """What looks like a credential is masked; of a refused one of ours nothing is passed on."""
    assert "see ***" == decoded(400, openai("see sk-proj-abcdefghijklmnop")).message
    error = decoded(401, openai("Incorrect API key provided: sk-abcdefghijkl"))
    assert "the provider refused this gateway's credential" == error.message
    assert "sk-" not in error.detail


def test_long_messages_are_not_read_to_their_end():
    """What a failure is stands at the beginning; to search a megabyte takes time from others."""
    said = "the maximum context length is 9"
    assert isinstance(decoded(400, openai(said + " or so" * 900)), ContextLengthExceeded)
    assert type(decoded(400, openai("so " * 9000 + said))) is Refused


def test_long_messages_are_cut():
    """At 1,024 characters."""
    assert 1024 == len(decoded(400, openai("x" * 9999)).message)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    (
        (((b"retry-after", b"7"),), b"{}", 7.0),
        ((), b"{}", None),
        (
            (),
            b'[{"error":{"code":429,"details":[{"@type":"x"},{"retryDelay":"34.5s"}]}}]',
            34.5,
        ),
        (((b"retry-after", b"7"),), b'{"error":{"details":[{"retryDelay":"3s"}]}}', 7.0),
        ((), b'{"error":{"details":[{"retryDelay":"soon"}]}}', None),
    ),
)
def test_retry_after(headers, body, seconds):
    """From the headers, else from Google's details."""
    assert seconds == decoded(429, body, headers).retry_after


def test_fallback():
    """Another deployment may have the model, none will take a request that is wrong."""
    assert decoded(404, b"{}").fallback
    assert not decoded(400, b"{}").fallback
