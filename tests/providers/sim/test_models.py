"""What each model says of its own accord."""

import pytest

from tests.providers.sim.kit import (
    BOTH,
    CHAT,
    EVERY,
    MESSAGES,
    TOOL,
    ask,
    engine,
    play,
    text_of,
    tools_of,
)
from trunkline.providers.sim.ask import count
from trunkline.providers.sim.models import MODELS, babble

IMAGE = "data:image/png;base64,AAAA"
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 3, "maximum": 3}},
    "required": ["n"],
    "additionalProperties": False,
}


def calls_of(path: str, seen) -> list[str]:
    if path == CHAT:
        calls = seen.json["choices"][0]["message"].get("tool_calls", [])
        return [call["function"]["name"] for call in calls]
    return [block["name"] for block in seen.json["content"] if block["type"] == "tool_use"]


@pytest.mark.parametrize("tokens", (0, 1, 2, 40, 1000))
def test_babble_has_its_length(tokens: int) -> None:
    """Exactly so many tokens."""
    assert tokens == count(babble(b"\x05" * 32, tokens))


@pytest.mark.parametrize("path", EVERY)
def test_echo_repeats_the_prompt(path: str) -> None:
    """The last user text comes back as it is."""
    assert "Grüße, 世界" == text_of(path, play(engine(), ask(path, "sim-echo", "Grüße, 世界")))


def test_chat_depends_on_the_prompt_alone() -> None:
    """Both dialects, any engine: the same prompt gives the same text, another prompt another."""
    texts = [text_of(path, play(engine(), ask(path, "sim-chat", "one"))) for path in BOTH]

    assert texts[0] == texts[1]
    assert texts[0] != text_of(CHAT, play(engine(), ask(CHAT, "sim-chat", "two")))


@pytest.mark.parametrize("path", BOTH)
def test_tools_are_called_then_answered(path: str) -> None:
    """A call first; once its result is there, a text that quotes it."""
    tools = tools_of(path, TOOL)
    first = play(engine(), ask(path, "sim-tools", "weather?", tools=tools))
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    history = (
        [
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "21 degrees"},
        ]
        if path == CHAT
        else [
            {"role": "user", "content": "weather?"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "get_weather", "input": {}}],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "c1",
                        "content": [{"type": "text", "text": "21 degrees"}],
                    }
                ],
            },
        ]
    )
    second = play(engine(), ask(path, "sim-tools", history, tools=tools))

    assert ["get_weather"] == calls_of(path, first)
    assert "The tools answered: 21 degrees" == text_of(path, second)


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("model", ("sim-chat", "gpt-4o", "claude-sonnet-4-5"))
def test_any_model_calls_a_tool_it_must(path: str, model: str) -> None:
    """tool_choice required or any is obeyed by all, even by names the simulator does not know."""
    choice = "required" if path == CHAT else {"type": "any"}
    seen = play(
        engine(),
        ask(path, model, tools=tools_of(path, TOOL, {**TOOL, "name": "b"}), tool_choice=choice),
    )

    assert ["get_weather"] == calls_of(path, seen)


@pytest.mark.parametrize("path", BOTH)
def test_the_named_tool_is_called(path: str) -> None:
    """Once, whatever else there is, and even when several calls are asked for."""
    choice = (
        {"type": "function", "function": {"name": "b"}}
        if path == CHAT
        else {"type": "tool", "name": "b"}
    )
    tools = tools_of(path, TOOL, {**TOOL, "name": "b"})
    seen = play(engine(), ask(path, "sim-chat@calls=3", tools=tools, tool_choice=choice))

    assert ["b"] == calls_of(path, seen)


@pytest.mark.parametrize("path", BOTH)
def test_calls_in_parallel(path: str) -> None:
    """calls=2 asks for two; a request that forbids parallel calls gets one; none means none."""
    tools = tools_of(path, TOOL, {**TOOL, "name": "b"})
    forbid = (
        {"parallel_tool_calls": False}
        if path == CHAT
        else {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    )
    none = {"tool_choice": "none" if path == CHAT else {"type": "none"}}

    asked = [
        calls_of(path, play(engine(), ask(path, "sim-tools@calls=2", tools=tools, **more)))
        for more in ({}, forbid, none)
    ]

    assert [["get_weather", "b"], ["get_weather"], []] == asked


def test_openai_may_ask_for_parallel_calls() -> None:
    """parallel_tool_calls true brings two; allowed_tools narrows the choice."""
    tools = tools_of(CHAT, TOOL, {**TOOL, "name": "b"})
    subset = {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [{"function": {"name": "b"}}]},
    }
    both = play(engine(), ask(CHAT, "sim-tools", tools=tools, parallel_tool_calls=True))
    one = play(engine(), ask(CHAT, "sim-chat", tools=tools, tool_choice=subset))

    assert ["get_weather", "b"] == calls_of(CHAT, both)
    assert ["b"] == calls_of(CHAT, one)


@pytest.mark.parametrize("path", BOTH)
def test_a_preamble_comes_before_the_calls(path: str) -> None:
    """Text and calls in one turn, where the option asks for it."""
    seen = play(engine(), ask(path, "sim-tools@preamble", tools=tools_of(path, TOOL)))

    assert "I will look that up." == text_of(path, seen)
    assert ["get_weather"] == calls_of(path, seen)


@pytest.mark.parametrize("path", BOTH)
def test_a_schema_is_honoured_by_any_model(path: str) -> None:
    """Structured output is an instance of the schema."""
    form = (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}}
        if path == CHAT
        else {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
    )
    older = {"output_format": {"type": "json_schema", "schema": SCHEMA}}

    assert '{"n":3}' == text_of(path, play(engine(), ask(path, "sim-chat", **form)))
    if path == MESSAGES:
        assert '{"n":3}' == text_of(path, play(engine(), ask(path, "sim-chat", **older)))


def test_json_without_a_schema() -> None:
    """json_object gives some object."""
    form = {"response_format": {"type": "json_object"}}

    assert '{"answer":42}' == text_of(CHAT, play(engine(), ask(CHAT, "sim-chat", **form)))


def test_images_are_seen() -> None:
    """Their number and their types or addresses, in both dialects, tool results included."""
    chat = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": IMAGE}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,A"},
        },
    ]
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    native = [
        {"type": "image", "source": source},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.jpg"}},
        {"type": "document", "source": {**source, "media_type": "application/pdf"}},
    ]
    expected = "I see 3 images: image/png, https://example.com/a.jpg, application/pdf"

    for path, content in ((CHAT, chat), (MESSAGES, native)):
        request = ask(path, "sim-vision", [{"role": "user", "content": content}])
        assert expected == text_of(path, play(engine(), request))


def test_no_image_is_seen() -> None:
    """None is said to be none."""
    assert "I see 0 images: none" == text_of(CHAT, play(engine(), ask(CHAT, "sim-vision")))


@pytest.mark.parametrize(
    ("model", "chat", "native"),
    (
        ("sim-chat", "stop", "end_turn"),
        ("sim-length", "length", "max_tokens"),
        ("sim-refusal", "stop", "refusal"),
        ("sim-filter", "content_filter", "refusal"),
    ),
)
def test_models_finish_as_named(model: str, chat: str, native: str) -> None:
    """Each has the finish reason of its dialect."""
    assert chat == play(engine(), ask(CHAT, model)).json["choices"][0]["finish_reason"]
    assert native == play(engine(), ask(MESSAGES, model)).json["stop_reason"]


def test_every_model_answers() -> None:
    """Each name in the list is served; a script and a replay need something to play."""
    for model in set(MODELS) - {"sim-script", "sim-replay"}:
        for path in BOTH:
            assert 200 == play(engine(), ask(path, model)).status
