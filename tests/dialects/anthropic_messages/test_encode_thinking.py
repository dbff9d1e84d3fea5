"""Tests of how much a model is told to reason."""

from typing import Any

import pytest
from msgspec import Raw

from tests.dialects.anthropic_messages.kit import (
    NAME,
    body_of,
    chat,
    deployment,
    encode,
    noted,
    results,
)
from tests.dialects.turns import assistant, user
from trunkline.canon.content import Reasoning, Text, ToolCall, ToolResult
from trunkline.canon.request import Thinking

OLD, NEW, OTHER = "claude-haiku-4-5", "claude-opus-4-8", "deepseek-reasoner"


def told(thinking: Thinking, model: str, origin: str = "openai-chat", **more: Any) -> Any:
    """`thinking` and effort of the body."""
    body = body_of(
        chat(origin=origin, thinking=thinking, **{"max_output_tokens": 64_000} | more),
        deployment(model),
    )
    return body.get("thinking"), body.get("output_config", {}).get("effort")


def test_silence_stays_silence() -> None:
    """Without a word from the client nothing is switched on, and nothing off."""
    assert (None, None) == told(Thinking(), NEW)
    body = body_of(chat())
    assert {"thinking", "output_config"}.isdisjoint(body)


def test_what_only_another_dialect_can_ask_is_noted() -> None:
    """Where it says all there is said of thinking."""
    asked = chat(origin="other", thinking=Thinking(native={"reasoning": Raw(b"{}")}))
    assert "reasoning" in noted(asked)
    assert "thinking" not in body_of(asked)


@pytest.mark.parametrize(
    "effort, told_effort",
    (
        ("minimal", "low"),
        ("low", "low"),
        ("medium", "medium"),
        ("high", "high"),
        ("xhigh", "xhigh"),
    ),
)
def test_effort_on_newer_models(effort: str, told_effort: str) -> None:
    """Adaptive thinking, with the effort by its name here."""
    assert ({"type": "adaptive"}, told_effort) == told(Thinking(effort=effort), NEW)


@pytest.mark.parametrize("model", (OLD, OTHER))
@pytest.mark.parametrize(
    "effort, budget",
    (("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", 16384), ("xhigh", 24576)),
)
def test_effort_as_a_budget(model: str, effort: str, budget: int) -> None:
    """Where nothing else is known to work."""
    assert ({"type": "enabled", "budget_tokens": budget}, None) == told(
        Thinking(effort=effort), model
    )


@pytest.mark.parametrize("model", (OLD, NEW))
def test_none_is_off(model: str) -> None:
    """OpenAI's effort "none"."""
    assert ({"type": "disabled"}, None) == told(Thinking(effort="none"), model)


def test_no_xhigh_before_4_7() -> None:
    """The recorded 400 is not provoked."""
    request = chat(thinking=Thinking(effort="xhigh"))

    body, encoded = encode(request, deployment("claude-opus-4-6"))

    assert "high" == body["output_config"]["effort"]
    assert ["reasoning_effort"] == [note.field for note in encoded.notes]


def test_a_wish_for_summaries() -> None:
    """A Responses client's summary makes thinking shown."""
    assert ({"type": "adaptive", "display": "summarized"}, "high") == told(
        Thinking(effort="high", display="auto"), NEW
    )


@pytest.mark.parametrize(
    "thinking, fields",
    (
        (
            Thinking(mode="enabled", budget_tokens=2000, display="omitted"),
            ({"type": "enabled", "budget_tokens": 2000, "display": "omitted"}, None),
        ),
        (Thinking(mode="adaptive", effort="max"), ({"type": "adaptive"}, "max")),
        (Thinking(mode="disabled"), ({"type": "disabled"}, None)),
        (Thinking(effort="low"), (None, "low")),
    ),
)
def test_the_same_dialect_gets_what_it_asks(thinking: Thinking, fields: Any) -> None:
    """To the field."""
    assert fields == told(thinking, NEW, NAME)


def test_adaptive_on_an_older_model_is_enabled() -> None:
    """A fallback to one that knows budgets alone, with a note."""
    thinking = Thinking(mode="adaptive", effort="medium")
    request = chat(origin=NAME, thinking=thinking, max_output_tokens=64_000)

    assert ({"type": "enabled", "budget_tokens": 8192}, None) == told(thinking, OLD, NAME)
    assert ["thinking.type"] == noted(request, deployment(OLD))


def test_effort_alone_on_an_older_model_is_noted() -> None:
    """It has nothing to become."""
    request = chat(origin=NAME, thinking=Thinking(effort="low"))

    assert ["output_config.effort"] == noted(request, deployment(OLD))
    assert "output_config" not in body_of(request, deployment(OLD))


@pytest.mark.parametrize(
    "origin, asked, fields",
    (
        ("openai-chat", Thinking(effort="high"), ["thinking"]),
        ("openai-chat", Thinking(effort="none"), []),
        (NAME, Thinking(mode="enabled", budget_tokens=2000), ["thinking"]),
        (NAME, Thinking(mode="adaptive", effort="low"), ["thinking"]),
        (NAME, Thinking(effort="low"), ["output_config.effort"]),
        (NAME, Thinking(mode="disabled"), []),
    ),
)
@pytest.mark.parametrize("model", ("claude-3-5-haiku-20241022", "claude-3-haiku-20240307"))
def test_a_claude_before_3_7_is_told_nothing(
    model: str, origin: str, asked: Thinking, fields: list[str]
) -> None:
    """It answers 400 to any `thinking`; a note tells what is lost."""
    request = chat(origin=origin, thinking=asked, temperature=0.5)

    assert (None, None) == told(asked, model, origin)
    assert fields == noted(request, deployment(model))
    assert 0.5 == body_of(request, deployment(model))["temperature"]


@pytest.mark.parametrize(
    "budget, limit, fitted", ((500, 4000, 1024), (4000, 4000, 3999), (5000, 2000, 1999))
)
def test_a_budget_is_fitted(budget: int, limit: int, fitted: int) -> None:
    """At least 1024, below max_tokens, with a note."""
    request = chat(
        origin=NAME,
        thinking=Thinking(mode="enabled", budget_tokens=budget),
        max_output_tokens=limit,
    )

    body, encoded = encode(request)

    assert fitted == body["thinking"]["budget_tokens"]
    assert ["thinking.budget_tokens"] == [note.field for note in encoded.notes]


def test_a_budget_that_fits_is_not_noted() -> None:
    """Nothing happened."""
    thinking = Thinking(mode="enabled", budget_tokens=1024)

    assert [] == noted(chat(origin=NAME, thinking=thinking, max_output_tokens=1025))


def test_interleaved_budgets_may_exceed_max_tokens() -> None:
    """With the beta feature a budget spans all turns of a tool loop."""
    request = chat(
        origin=NAME,
        thinking=Thinking(mode="enabled", budget_tokens=9000),
        max_output_tokens=4000,
        extra={"anthropic-beta": Raw(b'"interleaved-thinking-2025-05-14"')},
    )

    assert 9000 == body_of(request)["thinking"]["budget_tokens"]


def test_no_room_no_thinking() -> None:
    """max_tokens below the least budget switches it off, with a note."""
    request = chat(origin=NAME, thinking=Thinking(mode="enabled"), max_output_tokens=1024)

    assert {"type": "disabled"} == body_of(request)["thinking"]
    assert ["thinking"] == noted(request)


def test_a_budget_of_ours_leaves_room_for_the_answer() -> None:
    """Three quarters of max_tokens at most."""
    body = body_of(chat(thinking=Thinking(effort="high"), max_output_tokens=4000), deployment(OLD))

    assert 3000 == body["thinking"]["budget_tokens"]


@pytest.mark.parametrize(
    "asked, most, limit",
    (
        (None, None, 4096),
        (None, 8192, 8192),
        (100, 8192, 100),
        (9000, 8192, 8192),
        (9000, None, 9000),
    ),
)
def test_max_tokens(asked: int | None, most: int | None, limit: int) -> None:
    """The client's, the deployment's, or 4096; never more than the model writes."""
    request = chat(max_output_tokens=asked)
    to = deployment(max_output_tokens=most)

    assert limit == body_of(request, to)["max_tokens"]
    assert (["max_tokens"] if asked == 9000 and most else []) == noted(request, to)


def test_a_default_limit_grows_by_the_budget() -> None:
    """Else thinking would leave nothing of 4096 tokens."""
    body = body_of(chat(thinking=Thinking(effort="high")), deployment(OLD))

    assert 16384 + 4096 == body["max_tokens"]


LOOP = (
    user("go"),
    assistant(Reasoning("hm", "x", "openai-chat"), ToolCall("t", "f", "{}")),
    results(ToolResult("t", (Text("ok"),))),
)


def test_a_tool_loop_begun_by_another_is_ended_without_thinking() -> None:
    """An answer to calls that no thinking of this model preceded would be refused."""
    request = chat(*LOOP, thinking=Thinking(effort="high"), max_output_tokens=9000)

    assert {"type": "disabled"} == body_of(request, deployment(OLD))["thinking"]
    assert "thinking" in noted(request, deployment(OLD))
    assert {"type": "adaptive"} == body_of(request, deployment(NEW))["thinking"]


def test_a_tool_loop_of_its_own_goes_on_thinking() -> None:
    """It begins with the model's own."""
    own = assistant(Reasoning("hm", "Eq", NAME), ToolCall("t", "f", "{}"))
    request = chat(
        user("go"), own, LOOP[2], thinking=Thinking(effort="high"), max_output_tokens=9000
    )

    assert "enabled" == body_of(request, deployment(OLD))["thinking"]["type"]
