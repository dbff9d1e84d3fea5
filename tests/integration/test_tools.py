"""Tool loops through both SDKs: calls, results of every kind, and the answer that uses them."""

import base64
from typing import Any

import anthropic
import msgspec
import openai
import pytest
from anthropic.types import ToolUseBlock

from tests.integration.books import of_anthropic, of_ledger, of_openai
from tests.integration.program import Gateway

ASK = [{"role": "user", "content": "What is the weather in Oslo and in Rome?"}]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1},
    },
    "required": ["city", "unit"],
    "additionalProperties": False,
}
NAMES = ("weather", "forecast")
CHAT_TOOLS = [
    {"type": "function", "function": {"name": n, "description": "Looks.", "parameters": SCHEMA}}
    for n in NAMES
]
CLAUDE_TOOLS = [{"name": n, "description": "Looks.", "input_schema": SCHEMA} for n in NAMES]
LONG_NAME = "mcp__a_server_with_a_long_name__" + "and_a_tool_with_an_even_longer_one_" * 2


def checked(arguments: Any) -> Any:
    """Arguments as the schema wants them."""
    assert set(arguments) >= {"city", "unit"}
    assert arguments["unit"] in SCHEMA["properties"]["unit"]["enum"]
    return arguments


@pytest.mark.parametrize("stream", (False, True))
def test_an_openai_tool_loop(
    gpt: openai.OpenAI, gateway: Gateway, upstream: str, stream: bool
) -> None:
    """Two calls at once, their results in any order, then an answer from both."""
    asked = {
        "model": f"{upstream}/sim-tools@calls=2",
        "tools": CHAT_TOOLS,
        "parallel_tool_calls": True,
    }
    if stream:
        with gpt.chat.completions.stream(
            messages=ASK, stream_options={"include_usage": True}, **asked
        ) as helper:
            helper.until_done()
            first = helper.get_final_completion()
            request_id = helper._response.headers["x-request-id"]
    else:
        first = gpt.chat.completions.create(messages=ASK, **asked)
        request_id = first._request_id

    message = first.choices[0].message
    calls = message.tool_calls or []
    assert "tool_calls" == first.choices[0].finish_reason
    assert list(NAMES) == [call.function.name for call in calls]
    assert 2 == len({call.id for call in calls})
    for call in calls:
        checked(msgspec.json.decode(call.function.arguments))
    assert of_openai(first.usage) == of_ledger(gateway.entry(request_id or ""))
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": f"{call.function.name}: fine"}
        for call in reversed(calls)
    ]
    second = gpt.chat.completions.create(
        messages=[*ASK, message.model_dump(exclude_none=True), *results], **asked
    )
    said = second.choices[0].message.content or ""
    assert "stop" == second.choices[0].finish_reason
    assert said.startswith("The tools answered: ")
    assert {"weather: fine", "forecast: fine"} == set(said.partition(": ")[2].split(" | "))


@pytest.mark.parametrize("stream", (False, True))
def test_an_anthropic_tool_loop(
    claude: anthropic.Anthropic, gateway: Gateway, upstream: str, stream: bool
) -> None:
    """Two calls at once, their results (one a failure, one in blocks), then an answer from both."""
    asked = {
        "model": f"{upstream}/sim-tools@calls=2",
        "max_tokens": 1000,
        "tools": CLAUDE_TOOLS,
    }
    if stream:
        with claude.messages.stream(messages=ASK, **asked) as helper:
            first = helper.get_final_message()
            request_id = helper.request_id
    else:
        first = claude.messages.create(messages=ASK, **asked)
        request_id = first._request_id

    calls = [block for block in first.content if isinstance(block, ToolUseBlock)]
    assert ("tool_use", list(NAMES)) == (first.stop_reason, [call.name for call in calls])
    for call in calls:
        checked(call.input)
    assert of_anthropic(first.usage) == of_ledger(gateway.entry(request_id or ""))
    results = [
        {"type": "tool_result", "tool_use_id": calls[0].id, "content": "rain", "is_error": False},
        {
            "type": "tool_result",
            "tool_use_id": calls[1].id,
            "content": [{"type": "text", "text": "no such place"}],
            "is_error": True,
        },
        {"type": "text", "text": "Well?"},
    ]
    returned = [block.model_dump(exclude_none=True) for block in first.content]
    second = claude.messages.create(
        messages=[
            *ASK,
            {"role": "assistant", "content": returned},
            {"role": "user", "content": results},
        ],
        **asked,
    )
    said = "".join(block.text for block in second.content if block.type == "text")
    assert "end_turn" == second.stop_reason
    assert said.startswith("The tools answered: rain | ")
    assert "no such place" in said


def test_a_result_may_hold_a_picture(claude: anthropic.Anthropic, upstream: str) -> None:
    """Images and documents within a tool's result reach every upstream; none is lost on the way."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}
    result = {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": [
            {"type": "text", "text": "a map"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
            },
            {"type": "image", "source": {"type": "url", "url": "https://images.test/map.webp"}},
        ],
    }

    message = claude.messages.create(
        model=f"{upstream}/sim-vision",
        max_tokens=1000,
        tools=CLAUDE_TOOLS,
        messages=[
            *ASK,
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
    )

    said = "".join(block.text for block in message.content if block.type == "text")
    assert "I see 2 images: image/png, https://images.test/map.webp" == said


@pytest.mark.parametrize(
    ("choice", "called"),
    (
        ("auto", []),
        ("none", []),
        ("required", ["weather"]),
        ({"type": "function", "function": {"name": "forecast"}}, ["forecast"]),
    ),
)
def test_openai_tool_choices(
    gpt: openai.OpenAI, upstream: str, choice: Any, called: list[str]
) -> None:
    """Each way to choose means the same everywhere (this model calls only when it must)."""
    answer = gpt.chat.completions.create(
        model=f"{upstream}/sim-chat", messages=ASK, tools=CHAT_TOOLS, tool_choice=choice
    )

    calls = answer.choices[0].message.tool_calls or []
    assert called == [call.function.name for call in calls]


@pytest.mark.parametrize(
    ("choice", "called"),
    (
        ({"type": "auto"}, []),
        ({"type": "none"}, []),
        ({"type": "any"}, ["weather"]),
        ({"type": "tool", "name": "forecast", "disable_parallel_tool_use": True}, ["forecast"]),
    ),
)
def test_anthropic_tool_choices(
    claude: anthropic.Anthropic, upstream: str, choice: Any, called: list[str]
) -> None:
    """Each way to choose means the same everywhere (this model calls only when it must)."""
    message = claude.messages.create(
        model=f"{upstream}/sim-chat",
        max_tokens=1000,
        messages=ASK,
        tools=CLAUDE_TOOLS,
        tool_choice=choice,
    )

    calls = [block.name for block in message.content if isinstance(block, ToolUseBlock)]
    assert called == calls


def test_one_call_at_a_time(gpt: openai.OpenAI, claude: anthropic.Anthropic, upstream: str) -> None:
    """Both ways to forbid parallel calls are understood on both sides; Gemini has none."""
    model = f"{upstream}/sim-tools@calls=2"
    raw = gpt.chat.completions.with_raw_response.create(
        model=model, messages=ASK, tools=CHAT_TOOLS, parallel_tool_calls=False
    )
    answer = raw.parse()
    if upstream == "far-gemini":
        assert "parallel_tool_calls" in raw.headers["x-trunkline-warnings"]
        return
    message = claude.messages.create(
        model=model,
        max_tokens=1000,
        messages=ASK,
        tools=CLAUDE_TOOLS,
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
    )

    assert 1 == len(answer.choices[0].message.tool_calls or [])
    assert ["tool_use"] == [block.type for block in message.content]


def test_names_too_long_for_openai_come_back_whole(
    claude: anthropic.Anthropic, gateway: Gateway
) -> None:
    """Anthropic takes 128 characters, OpenAI 64: shortened on the way out, restored on the way in."""
    tools = [{"name": LONG_NAME[:100], "input_schema": {"type": "object", "properties": {}}}]
    with claude.messages.stream(
        model="far/sim-tools", max_tokens=1000, messages=ASK, tools=tools
    ) as helper:
        first = helper.get_final_message()
    returned = [block.model_dump(exclude_none=True) for block in first.content]
    (call,) = [block for block in first.content if isinstance(block, ToolUseBlock)]

    second = claude.messages.create(
        model="far/sim-tools",
        max_tokens=1000,
        tools=tools,
        messages=[
            *ASK,
            {"role": "assistant", "content": returned},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "done"}],
            },
        ],
    )

    assert (LONG_NAME[:100], {}) == (call.name, call.input)
    assert "end_turn" == second.stop_reason


def test_thinking_within_a_tool_loop(claude: anthropic.Anthropic, upstream: str) -> None:
    """Thought, call, result: the signed thought goes back before its call, and is accepted."""
    asked = {
        "model": f"{upstream}/sim-reason@calls=1",
        "max_tokens": 4000,
        "tools": CLAUDE_TOOLS,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }
    script = (
        '{"reasoning": "I must look.", "tool_calls": '
        '[{"name": "weather", "arguments": {"city": "Oslo", "unit": "celsius"}}]}'
    )
    first = claude.messages.create(
        messages=[{"role": "user", "content": script}],
        **{**asked, "model": f"{upstream}/sim-script"},
    )
    returned = [block.model_dump(exclude_none=True) for block in first.content]

    second = claude.messages.create(
        messages=[
            *ASK,
            {"role": "assistant", "content": returned},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": returned[-1]["id"], "content": "rain"}
                ],
            },
        ],
        **asked,
    )

    assert ["thinking", "tool_use"] == [block["type"] for block in returned]
    assert "end_turn" == second.stop_reason


@pytest.mark.parametrize("stream", (False, True))
@pytest.mark.parametrize("upstream", ("near-claude", "far-claude"))
def test_a_custom_tool_stays_one(gpt: openai.OpenAI, upstream: str, stream: bool) -> None:
    """Declared as taking free text, called with free text, though Anthropic has functions alone."""
    tool = {"type": "custom", "custom": {"name": "patch", "description": "Applies a patch."}}
    asked = {"model": f"{upstream}/sim-tools", "messages": ASK, "tools": [tool]}
    if stream:
        chunks = [c.choices[0] for c in gpt.chat.completions.create(**asked, stream=True)]
        calls = [call for choice in chunks for call in choice.delta.tool_calls or ()]
        kind, name = calls[0].type, calls[0].model_extra["custom"]["name"]
        said = "".join(call.model_extra["custom"]["input"] for call in calls)
        finish = next(choice.finish_reason for choice in chunks if choice.finish_reason)
    else:
        choice = gpt.chat.completions.create(**asked).choices[0]
        (call,) = choice.message.tool_calls
        kind, name, said = call.type, call.custom.name, call.custom.input
        finish = choice.finish_reason

    assert ("tool_calls", "custom", "patch") == (finish, kind, name)
    assert said
    assert not said.startswith("{")
