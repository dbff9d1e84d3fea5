"""Requests for upstreams."""

import pytest
from msgspec import Raw

from tests.dialects.openai_chat.kit import FOREIGN, notes, request, sent
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import ChoiceMode, OutputFormat, Thinking, Tool, ToolChoice

OWN = "openai-chat"
TOOL = Tool(name="f", parameters=Raw(b'{"type":"object"}'))
SEARCH = Tool(name="web_search", kind="builtin", raw=Raw(b"{}"), origin=FOREIGN)


def test_the_least():
    """What the client did not say is not said."""
    assert {"model": "m", "messages": [{"role": "user", "content": "hi"}]} == sent(request())
    assert {} == notes(request())


@pytest.mark.parametrize(
    ("name", "value", "wire"),
    (
        ("temperature", 0.5, {"temperature": 0.5}),
        ("top_p", 0.5, {"top_p": 0.5}),
        ("max_output_tokens", 5, {"max_completion_tokens": 5}),
        ("stop", ("a", "b"), {"stop": ["a", "b"]}),
        ("seed", 1, {"seed": 1}),
        ("n", 2, {"n": 2}),
        ("presence_penalty", 1.0, {"presence_penalty": 1.0}),
        ("frequency_penalty", 1.0, {"frequency_penalty": 1.0}),
        ("logprobs", True, {"logprobs": True}),
        ("top_logprobs", 2, {"top_logprobs": 2}),
        ("logit_bias", Raw(b'{"1":1}'), {"logit_bias": {"1": 1}}),
        ("verbosity", "low", {"verbosity": "low"}),
        ("metadata", Raw(b'{"a":"b"}'), {"metadata": {"a": "b"}}),
        ("user", "u", {"user": "u"}),
        ("service_tier", "auto", {"service_tier": "auto"}),
        ("service_tier", "standard_only", {"service_tier": "default"}),
        ("thinking", Thinking(effort="low"), {"reasoning_effort": "low"}),
        ("output_format", OutputFormat(kind="text"), {"response_format": {"type": "text"}}),
        (
            "output_format",
            OutputFormat(kind="json_schema", schema=Raw(b"{}"), description="d", strict=True),
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "output",
                        "description": "d",
                        "schema": {},
                        "strict": True,
                    },
                }
            },
        ),
        ("stream", True, {"stream": True, "stream_options": {"include_usage": True}}),
    ),
)
def test_fields(name, value, wire):
    """Each under its wire name."""
    body = sent(request(**{name: value}))
    assert wire == {k: v for k, v in body.items() if k not in ("model", "messages")}
    assert {} == notes(request(**{name: value}))


def test_limits_by_another_name():
    """As a quirk says."""
    body = sent(request(max_output_tokens=5), rename={"max_completion_tokens": "max_tokens"})
    assert (5, False) == (body["max_tokens"], "max_completion_tokens" in body)


@pytest.mark.parametrize(
    ("fields", "quirks", "wire", "noted"),
    (
        ({"temperature": 1.5}, {"max_temperature": 1.0}, {"temperature": 1.0}, "temperature"),
        ({"stop": ("a", "b")}, {"max_stop": 1}, {"stop": ["a"]}, "stop"),
        ({"top_k": 5}, {}, {}, "top_k"),
        ({"service_tier": "gold"}, {}, {}, "service_tier"),
        ({"extra": {"x": Raw(b"1")}}, {}, {}, "x"),
        ({"seed": 5}, {"drop": ("seed",)}, {}, "seed"),
        ({"temperature": 0.5}, {"reasoning_model": True}, {}, "temperature"),
        ({"stop": ("a",)}, {"reasoning_model": True}, {}, "stop"),
        ({"tool_choice": ToolChoice(ChoiceMode.AUTO)}, {}, {}, "tool_choice"),
        ({"thinking": Thinking(effort="max")}, {}, {"reasoning_effort": "xhigh"}, "thinking"),
        ({"thinking": Thinking(effort="low")}, {"efforts": ()}, {}, "thinking"),
    ),
)
def test_noted(fields, quirks, wire, noted):
    """What is changed or left out is said, once."""
    body = sent(request(**fields), **quirks)
    assert wire == {k: v for k, v in body.items() if k not in ("model", "messages")}
    assert [noted] == list(notes(request(**fields), **quirks))


def test_own_fields():
    """A client of the same dialect is taken at its word."""
    asked = request(origin=OWN, top_k=5, service_tier="gold", extra={"x": Raw(b"1")})
    body = sent(asked)
    assert (5, "gold", 1, {}) == (body["top_k"], body["service_tier"], body["x"], notes(asked))


def test_long_users():
    """Hashed, the same every time: who it is must stay one."""
    asked = request(user='{"device":"' + "x" * 60 + '"}')
    user = sent(asked)["user"]
    assert (64, user, ["user"]) == (len(user), sent(asked)["user"], list(notes(asked)))
    assert "u" * 64 == sent(request(user="u" * 64))["user"]


def test_own_reasoning_fields():
    """Pass as they came; where the provider rejects them, the common word stands in."""
    thinking = Thinking(budget_tokens=20_000, native={"reasoning": Raw(b'{"max_tokens":20000}')})
    own = request(origin=OWN, thinking=thinking)
    assert {"max_tokens": 20000} == sent(own)["reasoning"]
    assert "reasoning_effort" not in sent(own)
    assert "high" == sent(own, drop=("reasoning",))["reasoning_effort"]
    assert "high" == sent(request(thinking=thinking))["reasoning_effort"]


def test_reasoning_fields_of_another_dialect():
    """Noted where they say all there is said of it, and nobody else knows what."""
    native = {"reasoning": Raw(b'{"context":"all_turns"}')}
    assert ["reasoning"] == list(notes(request(thinking=Thinking(native=native))))
    assert {} == notes(request(thinking=Thinking(effort="low", native=native)))


def test_tools():
    """In order, with the choice among them."""
    tools = (TOOL, Tool(name="g", description="d", strict=False))
    body = sent(
        request(
            tools=tools, tool_choice=ToolChoice(ChoiceMode.ONE, ("g",)), parallel_tool_calls=False
        )
    )
    assert [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "g", "description": "d", "strict": False}},
    ] == body["tools"]
    assert {"type": "function", "function": {"name": "g"}} == body["tool_choice"]
    assert body["parallel_tool_calls"] is False


def test_no_tools_no_parallel_calls():
    """OpenAI refuses parallel_tool_calls without tools."""
    assert "parallel_tool_calls" not in sent(request(parallel_tool_calls=True))


def test_builtin_tools_of_another():
    """Dropped with a note; refused where the client insists on one."""
    assert "tools" not in sent(request(tools=(SEARCH,)))
    assert ["tools.0"] == list(notes(request(tools=(SEARCH,))))
    insists = request(tools=(TOOL, SEARCH), tool_choice=ToolChoice(ChoiceMode.ONE, ("web_search",)))
    with pytest.raises(Unsupported):
        sent(insists)
    some = request(
        tools=(TOOL, SEARCH), tool_choice=ToolChoice(ChoiceMode.SUBSET, ("web_search", "f"))
    )
    allowed = sent(some, custom_tools=True)["tool_choice"]["allowed_tools"]["tools"]
    assert [{"type": "function", "function": {"name": "f"}}] == allowed
    only = request(tools=(TOOL, SEARCH), tool_choice=ToolChoice(ChoiceMode.SUBSET, ("web_search",)))
    assert "none" == sent(only, custom_tools=True)["tool_choice"]
    assert {"tools", "tool_choice"}.isdisjoint(sent(only))


def test_usage_in_streams():
    """Asked for where it is understood, beside what the client asked for."""
    asked = request(
        origin=OWN, stream=True, extra={"stream_options": Raw(b'{"include_obfuscation":false}')}
    )
    assert {"include_obfuscation": False, "include_usage": True} == sent(asked)["stream_options"]
    assert "stream_options" not in sent(request(stream=True), stream_usage=False)


def test_schema_fallback_is_noted():
    """The schema is asked for in words."""
    wanted = OutputFormat(kind="json_schema", schema=Raw(b"{}"))
    assert ["response_format"] == list(notes(request(output_format=wanted), schema_output=False))
