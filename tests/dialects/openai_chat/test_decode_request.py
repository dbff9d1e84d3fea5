"""Requests of clients."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_chat.kit import DIALECT, decode
from trunkline.canon.errors import Malformed
from trunkline.canon.request import OutputFormat, Thinking


@pytest.mark.parametrize(
    ("field", "value", "name", "expected"),
    (
        ("temperature", 1, "temperature", 1.0),
        ("top_p", 0.5, "top_p", 0.5),
        ("top_k", 5, "top_k", 5),
        ("seed", 5, "seed", 5),
        ("n", 2, "n", 2),
        ("presence_penalty", 1, "presence_penalty", 1.0),
        ("frequency_penalty", -1, "frequency_penalty", -1.0),
        ("logprobs", True, "logprobs", True),
        ("top_logprobs", 3, "top_logprobs", 3),
        ("logit_bias", {"1": 2}, "logit_bias", Raw(b'{"1":2}')),
        ("verbosity", "low", "verbosity", "low"),
        ("metadata", {"a": "b"}, "metadata", Raw(b'{"a":"b"}')),
        ("service_tier", "flex", "service_tier", "flex"),
        ("parallel_tool_calls", False, "parallel_tool_calls", False),
        ("max_tokens", 5, "max_output_tokens", 5),
        ("max_completion_tokens", 5, "max_output_tokens", 5),
        ("stop", "a", "stop", ("a",)),
        ("stop", ["a", "b"], "stop", ("a", "b")),
        ("stop", None, "stop", ()),
        ("user", "u", "user", "u"),
        ("safety_identifier", "u", "user", "u"),
        ("stream", True, "stream", True),
        ("stream_options", {"include_usage": True}, "include_usage", True),
        ("reasoning_effort", "high", "thinking", Thinking(effort="high")),
        ("reasoning_effort", "none", "thinking", Thinking(mode="disabled", effort="none")),
        (
            "response_format",
            {"type": "json_object"},
            "output_format",
            OutputFormat(kind="json_object"),
        ),
        (
            "response_format",
            {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": {"a": 1}, "strict": True},
            },
            "output_format",
            OutputFormat(kind="json_schema", name="n", schema=Raw(b'{"a":1}'), strict=True),
        ),
    ),
)
def test_fields(field, value, name, expected):
    """Under their many names, and nothing is left over."""
    request = decode(**{field: value})
    assert expected == getattr(request, name)
    assert {} == request.extra


def test_both_limits():
    """The newer name wins."""
    assert 2 == decode(max_tokens=1, max_completion_tokens=2).max_output_tokens


def test_both_users():
    """Who sends both means two things."""
    request = decode(user="u", safety_identifier="s")
    assert ("u", {"safety_identifier": Raw(b'"s"')}) == (request.user, request.extra)


@pytest.mark.parametrize(
    ("body", "thinking"),
    (
        ({"reasoning": {"effort": "low"}}, Thinking(effort="low")),
        ({"reasoning": {"max_tokens": 99}}, Thinking(budget_tokens=99)),
        ({"reasoning": {"enabled": False}}, Thinking(mode="disabled")),
        ({"reasoning": {"enabled": True}}, Thinking(mode="enabled")),
        ({"thinking": {"type": "enabled"}}, Thinking(mode="enabled")),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 9}},
            Thinking(mode="enabled", budget_tokens=9),
        ),
    ),
)
def test_other_reasoning_fields(body, thinking):
    """OpenRouter's, DeepSeek's and Z.AI's are understood, and kept for who knows them."""
    found = decode(**body).thinking
    assert (thinking.mode, thinking.budget_tokens, thinking.effort) == (
        found.mode,
        found.budget_tokens,
        found.effort,
    )
    assert list(body) == list(found.native)


def test_unknown_fields_are_kept():
    """In order; and so are known ones of a form we do not know."""
    odd = {
        "x": 1,
        "response_format": {"type": "grammar", "grammar": "g"},
        "tool_choice": {"type": "retrieval"},
        "reasoning_effort": "default",
    }
    request = decode(**odd)
    assert odd == {name: json.decode(raw) for name, raw in request.extra.items()}
    assert (None, None) == (request.output_format, request.tool_choice)
    assert ["response_format.type"] == list(request.needs)


def test_stream_options():
    """Those beside include_usage are kept."""
    request = decode(stream_options={"include_usage": True, "include_obfuscation": False})
    assert {"stream_options": Raw(b'{"include_obfuscation":false}')} == request.extra


@pytest.mark.parametrize(
    ("body", "param"),
    (
        (b"", None),
        (b"[]", None),
        (b'{"model":"m"', None),
        (b'{"model":"m","messages":[{"role":"user","content":"\xff"}]}', None),
        (b'{"messages":[{"role":"user","content":"x"}]}', "model"),
        (b'{"model":1,"messages":[]}', "model"),
        (b'{"model":"m"}', "messages"),
        (b'{"model":"m","messages":{}}', "messages"),
        (b'{"model":"m","messages":[{"role":"user","content":"x"}],"n":"1"}', "n"),
        (b'{"model":"m","messages":[{"role":"user","content":"x"}],"stop":1}', "stop"),
        (
            b'{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{}}',
            "response_format.type",
        ),
        (b'{"model":"m","messages":' + b"[" * 100_000, None),
    ),
)
def test_malformed(body, param):
    """What is wrong is named, and nothing but Malformed is raised."""
    with pytest.raises(Malformed) as raised:
        DIALECT.decode_request(body, {})
    assert param == raised.value.param


@pytest.mark.parametrize(
    ("envelope", "wanted"),
    (
        ({}, False),
        ({"stream_options": Raw(b"null")}, False),
        ({"stream_options": Raw(b'{"include_usage": true}')}, True),
        ({"stream_options": Raw(b'{"include_usage":false}')}, False),
        ({"stream_options": Raw(b'["include_usage"]')}, False),
    ),
)
def test_wants_usage(envelope, wanted):
    """From the body one level deep."""
    assert wanted == DIALECT.wants_usage(envelope)
