"""Requests off the wire, field by field."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.kit import DIALECT, decode
from trunkline.canon.content import Message, Role, Text
from trunkline.canon.errors import Malformed
from trunkline.canon.request import OutputFormat, Thinking


def test_plain():
    """A string is what the user says; usage is always told."""
    request = decode()
    assert (Message(Role.USER, (Text("hi"),)),) == request.messages
    assert ("m", "openai-responses", True, False) == (
        request.model,
        request.origin,
        request.include_usage,
        request.stream,
    )
    assert {} == request.extra


def test_instructions():
    """A system message before all others, and the answer repeats them."""
    request = decode(instructions="Be brief.")
    assert Message(Role.SYSTEM, (Text("Be brief."),)) == request.messages[0]
    assert Raw(b'"Be brief."') == request.echo["instructions"]


def test_instructions_alone():
    """They are enough to be asked."""
    request = DIALECT.decode_request(b'{"model":"m","instructions":"Go."}', {})
    assert (Message(Role.SYSTEM, (Text("Go."),)),) == request.messages


def test_sampling():
    """Fields with a place of their own."""
    request = decode(
        max_output_tokens=99,
        temperature=0.5,
        top_p=0.9,
        parallel_tool_calls=False,
        service_tier="flex",
        metadata={"a": "b"},
        stream=True,
    )
    assert (99, 0.5, 0.9, False, "flex", True) == (
        request.max_output_tokens,
        request.temperature,
        request.top_p,
        request.parallel_tool_calls,
        request.service_tier,
        request.stream,
    )
    assert {"a": "b"} == json.decode(request.metadata)


@pytest.mark.parametrize(
    ("body", "wanted", "most"),
    (
        ({}, None, None),
        ({"top_logprobs": 0}, None, None),
        ({"top_logprobs": 3}, True, 3),
        ({"include": ["message.output_text.logprobs"]}, True, None),
    ),
)
def test_log_probabilities(body, wanted, most):
    """Asked for by either field."""
    request = decode(**body)
    assert (wanted, most, {}) == (request.logprobs, request.top_logprobs, request.extra)


def test_include():
    """What the gateway gives anyway needs no upstream; the rest does."""
    request = decode(include=["reasoning.encrypted_content", "file_search_call.results"])
    assert {"include": Raw(b'["file_search_call.results"]')} == request.extra


@pytest.mark.parametrize(
    ("reasoning", "thinking"),
    (
        ({}, None),
        ({"effort": None, "summary": None}, None),
        ({"effort": "low"}, Thinking(effort="low")),
        ({"effort": "none"}, Thinking(effort="none", mode="disabled")),
        ({"summary": "auto"}, Thinking(display="auto")),
        ({"generate_summary": "concise"}, Thinking(display="concise")),
    ),
)
def test_reasoning(reasoning, thinking):
    """Effort and summary; nothing said is nothing asked."""
    assert thinking == decode(reasoning=reasoning).thinking


def test_reasoning_of_a_newer_kind():
    """What we do not know is kept for an upstream that does."""
    thinking = decode(reasoning={"effort": "extreme", "context": "all_turns"}).thinking
    assert {"effort": "extreme", "context": "all_turns"} == json.decode(
        thinking.native["reasoning"]
    )
    assert thinking.effort is None


def test_text():
    """Format and verbosity."""
    schema = {"type": "object"}
    form = {"type": "json_schema", "name": "n", "schema": schema, "strict": True}
    request = decode(text={"format": form, "verbosity": "low"})
    assert "low" == request.verbosity
    assert (
        OutputFormat(kind="json_schema", schema=Raw(b'{"type":"object"}'), name="n", strict=True)
        == request.output_format
    )
    assert OutputFormat(kind="text") == decode(text={"format": {"type": "text"}}).output_format
    assert decode(text={"verbosity": "low"}).output_format is None


@pytest.mark.parametrize(
    ("body", "user"),
    (
        ({"user": "u"}, "u"),
        ({"safety_identifier": "s"}, "s"),
        ({"user": "u", "safety_identifier": "s"}, "u"),
    ),
)
def test_user(body, user):
    """By either name."""
    assert user == decode(**body).user


def test_what_the_gateway_sees_to():
    """Storing and the like are no upstream's business, but the answer repeats them."""
    ours = {
        "store": False,
        "background": True,
        "previous_response_id": "resp_1",
        "stream_options": {"include_obfuscation": False},
        "truncation": "disabled",
    }
    request = decode(**ours)
    assert {} == request.extra
    assert {"store", "background", "previous_response_id", "truncation"} == request.echo.keys()


def test_unknown_fields():
    """Kept as they came."""
    request = decode(client_metadata={"a": 1}, truncation="auto", max_tool_calls=3)
    assert {
        "client_metadata": Raw(b'{"a":1}'),
        "max_tool_calls": Raw(b"3"),
        "truncation": Raw(b'"auto"'),
    } == request.extra


@pytest.mark.parametrize(
    ("body", "param"),
    (
        (b"{", None),
        (b'{"model":"\xff"}', None),
        (b'{"model":"m"}', "input"),
        (b'{"input":"x"}', "model"),
        (b'{"model":"m","input":[]}', "input"),
        (b'{"model":"m","input":5}', "input"),
        (b'{"model":"m","input":"x","text":{"format":{"type":"xml"}}}', "text.format.type"),
        (b'{"model":"m","input":"x","text":{"format":{"type":"json_schema"}}}', "text.format.name"),
        (b'{"model":"m","input":"x","include":"y"}', "include"),
        (b'{"model":"m","input":"x","stream":"y"}', "stream"),
        (b'{"model":"m","input":"x","instructions":[]}', "instructions"),
    ),
)
def test_malformed(body, param):
    """What is wrong is told by its place."""
    with pytest.raises(Malformed) as told:
        DIALECT.decode_request(body, {})
    assert param == told.value.param


def test_context_from_elsewhere():
    """A prompt kept at the provider may be all there is."""
    body = b'{"model":"m","prompt":{"id":"pmpt_1"}}'
    assert () == DIALECT.decode_request(body, {}).messages
