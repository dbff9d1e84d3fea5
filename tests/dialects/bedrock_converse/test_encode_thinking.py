"""Tests of reasoning, in the words of each family."""

import pytest

from tests.dialects.bedrock_converse.kit import (
    GPT_OSS,
    LLAMA,
    NOVA,
    NOVA_2,
    OPUS_4_8,
    SONNET_4,
    WEATHER,
    body_of,
    chat,
    noted,
    to,
    tool,
)
from tests.dialects.turns import assistant, user
from trunkline.canon.content import Text, ToolCall, ToolResult
from trunkline.canon.request import ChoiceMode, Thinking, ToolChoice


def more(model, most=None, **fields):
    return body_of(chat(**fields), to(model, most)).get("additionalModelRequestFields")


def budget(tokens):
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}}


@pytest.mark.parametrize(
    ("asked", "limit", "expected"),
    (
        (Thinking(mode="enabled", budget_tokens=5000), None, budget(5000)),
        (Thinking(mode="enabled", budget_tokens=10), None, budget(1024)),
        (Thinking(mode="enabled", budget_tokens=5000), 2000, budget(1999)),
        (Thinking(effort="high"), None, budget(16384)),
        (Thinking(effort="high"), 4000, budget(3000)),
        (Thinking(effort="low"), 1024, {"thinking": {"type": "disabled"}}),
        (Thinking(effort="none"), None, {"thinking": {"type": "disabled"}}),
        (Thinking(mode="disabled"), None, {"thinking": {"type": "disabled"}}),
        (Thinking(), None, None),
    ),
)
def test_claude_with_a_budget(asked, limit, expected):
    """At least 1024 tokens, below max_tokens, and off where there is no room."""
    assert expected == more(SONNET_4, thinking=asked, max_output_tokens=limit)


def test_an_effort_of_anthropics_clients_turns_nothing_on():
    """There no `thinking` is off, and nothing of what it forbids is lost."""
    asked = chat(
        origin="anthropic-messages",
        thinking=Thinking(effort="high"),
        temperature=0.2,
        tools=(WEATHER,),
        tool_choice=ToolChoice(ChoiceMode.ONE, ("weather",)),
    )
    body = body_of(asked)

    assert "additionalModelRequestFields" not in body
    assert {"temperature": 0.2} == body["inferenceConfig"]
    assert {"tool": {"name": "weather"}} == body["toolConfig"]["toolChoice"]
    assert ["output_config.effort"] == noted(asked)


def test_an_effort_of_anthropics_clients_where_it_is_known():
    """It goes out alone."""
    asked = chat(origin="anthropic-messages", thinking=Thinking(effort="xhigh"))
    body = body_of(asked, to(OPUS_4_8))

    assert "additionalModelRequestFields" not in body
    assert {"effort": "xhigh"} == body["outputConfig"]
    assert [] == noted(asked, to(OPUS_4_8))


def test_claude_that_adapts():
    """No budget; the effort in outputConfig."""
    body = body_of(chat(thinking=Thinking(effort="xhigh")), to(OPUS_4_8))

    assert {"thinking": {"type": "adaptive"}} == body["additionalModelRequestFields"]
    assert {"effort": "xhigh"} == body["outputConfig"]


def test_efforts_that_a_claude_does_not_know():
    """The nearest stands in."""
    known = "us.anthropic.claude-opus-4-6-v1"
    efforts = [
        body_of(chat(thinking=Thinking(effort=effort)), to(known))["outputConfig"]["effort"]
        for effort in ("minimal", "xhigh", "max")
    ]

    assert ["low", "high", "max"] == efforts


def test_thinking_cannot_begin_within_a_tool_loop():
    """Claude answers 400 to calls of a turn that did not begin with its own thinking."""
    asked = chat(
        user("a"),
        assistant(ToolCall("c", "f", "{}")),
        tool(ToolResult("c", (Text("r"),))),
        thinking=Thinking(effort="low"),
    )

    assert {"thinking": {"type": "disabled"}} == body_of(asked)["additionalModelRequestFields"]
    assert "thinking" in noted(asked)


@pytest.mark.parametrize(
    ("asked", "limit", "config"),
    (
        (Thinking(effort="low"), None, {"type": "enabled", "maxReasoningEffort": "low"}),
        (Thinking(effort="max"), None, {"type": "enabled", "maxReasoningEffort": "high"}),
        (Thinking(effort="high"), 100, {"type": "enabled", "maxReasoningEffort": "medium"}),
        (Thinking(effort="none"), None, {"type": "disabled"}),
    ),
)
def test_nova_2(asked, limit, config):
    """Three efforts, of which the highest takes no limit beside it."""
    assert {"reasoningConfig": config} == more(NOVA_2, thinking=asked, max_output_tokens=limit)


@pytest.mark.parametrize(("effort", "sent"), (("none", "low"), ("xhigh", "high")))
def test_gpt_oss(effort, sent):
    """It always reasons."""
    assert {"reasoning_effort": sent} == more(GPT_OSS, thinking=Thinking(effort=effort))


@pytest.mark.parametrize(
    "model",
    (LLAMA, NOVA, "us.anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-instant-v1"),
)
def test_others_are_told_nothing(model):
    """A note tells the client instead."""
    asked = chat(thinking=Thinking(effort="high"))

    assert "additionalModelRequestFields" not in body_of(asked, to(model))
    assert ["thinking"] == noted(asked, to(model))
    off = chat(thinking=Thinking(effort="none"))
    assert "additionalModelRequestFields" not in body_of(off, to(model))
    assert [] == noted(off, to(model))


def test_max_tokens():
    """As asked, at most what the model writes; left to the model where nobody says."""
    limits = [
        body_of(chat(max_output_tokens=asked), to(LLAMA, most)).get("inferenceConfig")
        for asked, most in ((None, 100), (50, 100), (200, 100))
    ]

    assert [None, {"maxTokens": 50}, {"maxTokens": 100}] == limits
