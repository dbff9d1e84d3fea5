"""The Response object around the output."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.kit import STAMP, answer, decode, whole
from trunkline.canon.content import Text
from trunkline.canon.errors import (
    ContextLengthExceeded,
    Disconnected,
    GatewayError,
    QuotaExhausted,
    Throttled,
)
from trunkline.canon.event import FinishReason, Started
from trunkline.dialects.openai_responses.encode_response import ResponseWriter

OWN = "openai-responses"
DEFAULTS = {
    "object": "response",
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
    "metadata": {},
}


def test_every_key():
    """With the API's defaults for what nobody said."""
    response = whole(answer(Text("a")))
    assert DEFAULTS == {name: response[name] for name in DEFAULTS}
    assert ("resp_0123456789abcdef", "up-model", 7, 7) == (
        response["id"],
        response["model"],
        response["created_at"],
        response["completed_at"],
    )


def test_what_the_client_said():
    """Is repeated."""
    said = {"instructions": "Go.", "temperature": 0.5, "store": False, "metadata": {"a": "b"}}
    response = whole(answer(), decode(**said))
    assert said == {name: response[name] for name in said}


def test_stamped():
    """Model and time of the stamp, where the upstream told neither."""
    response = whole(answer(model="", created=0))
    assert ("stamped-model", 1_700_000_000) == (response["model"], response["created_at"])


@pytest.mark.parametrize(
    ("finish", "status", "details"),
    (
        (FinishReason.STOP, "completed", None),
        (FinishReason.TOOL_CALLS, "completed", None),
        (FinishReason.LENGTH, "incomplete", {"reason": "max_output_tokens"}),
        (FinishReason.CONTENT_FILTER, "incomplete", {"reason": "content_filter"}),
    ),
)
def test_status(finish, status, details):
    """And why it is incomplete; only what is completed was so at a time."""
    response = whole(answer(Text("a"), finish=finish))
    assert (status, details) == (response["status"], response["incomplete_details"])
    assert (status == "completed") == (response["completed_at"] is not None)


def test_no_usage():
    """An upstream that told none leaves it null."""
    assert whole(answer(usage=None))["usage"] is None


def test_an_upstream_of_the_same_api():
    """Its words count, but for what the gateway asked otherwise."""
    extra = {
        "temperature": Raw(b"0.9"),
        "service_tier": Raw(b'"priority"'),
        "tools": Raw(b'[{"type":"function","name":"short"}]'),
        "store": Raw(b"false"),
        "completed_at": Raw(b"9"),
        "billing": Raw(b'{"payer":"developer"}'),
    }
    request = decode(tools=[{"type": "web_search"}], store=True, service_tier="auto")
    response = whole(answer(origin=OWN, extra=extra), request)
    assert ("up_1", 0.9, "priority", True, 9) == (
        response["id"],
        response["temperature"],
        response["service_tier"],
        response["store"],
        response["completed_at"],
    )
    assert [{"type": "web_search"}] == response["tools"]
    assert {"payer": "developer"} == response["billing"]
    assert "billing" not in whole(answer(extra=extra), request)


@pytest.mark.parametrize(
    ("error", "code"),
    (
        (Disconnected("m"), "server_error"),
        (Throttled("m"), "rate_limit_exceeded"),
        (QuotaExhausted("m"), "insufficient_quota"),
        (ContextLengthExceeded("m"), "context_length_exceeded"),
    ),
)
def test_failed(error: GatewayError, code):
    """With one of the codes that clients know."""
    writer = ResponseWriter(decode(), STAMP, Started("", ""))
    response = json.decode(writer.failed(error, b"", None))
    assert ("failed", {"code": code, "message": "m"}) == (response["status"], response["error"])


def test_what_is_told_last():
    """Takes the place of what was told first."""
    started = Started("r", "m", 1, {"service_tier": Raw(b'"auto"'), "x": Raw(b"1")}, OWN)
    writer = ResponseWriter(decode(), STAMP, started)
    before = json.decode(writer.in_progress())
    writer.learn({"service_tier": Raw(b'"flex"')})
    after = json.decode(writer.ended(FinishReason.STOP, b"", None))
    assert ("auto", "flex", 1) == (before["service_tier"], after["service_tier"], after["x"])
