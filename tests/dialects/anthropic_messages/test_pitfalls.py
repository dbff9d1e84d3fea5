"""
What other gateways got wrong, one test each, numbered as in the collection of their bug reports.

An upstream of another dialect is stood for by the canonical events its stream amounts to.
"""

from typing import Any

import pytest
from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import (
    DIALECT,
    NAME,
    STAMP,
    assistant,
    body_of,
    chat,
    decode,
    deployment,
    encode,
    noted,
    parsed,
    raw,
    results,
    streamed,
    system,
    user,
)
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import (
    CacheMark,
    Document,
    FileRef,
    Image,
    Inline,
    PlainText,
    Reasoning,
    Remote,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.deployment import Quirks
from trunkline.canon.errors import Disconnected, Garbled, Overloaded
from trunkline.canon.event import (
    Ended,
    Event,
    Faulted,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
    UsageReported,
)
from trunkline.canon.request import (
    ChoiceMode,
    OutputFormat,
    Thinking,
    Tool,
    ToolChoice,
)
from trunkline.canon.usage import Usage

BEGIN = Started("chatcmpl-1", "gpt-x", 0, {}, "openai-chat")
CALLED = (Finished(FinishReason.TOOL_CALLS), Ended())
STOPPED = (Finished(FinishReason.STOP), Ended())


def open_call(index: int) -> PartOpened:
    return PartOpened(index, PartKind.TOOL_CALL, 0, f"call_{index}", "f")


def shown(*events: Event) -> list[Any]:
    """Block starts, deltas and stops of the stream a client gets."""
    return [
        event for event in streamed([BEGIN, *events]) if event["type"].startswith("content_block")
    ]


def arguments(events: list[Any], index: int) -> Any:
    return json.decode(
        "".join(
            event["delta"]["partial_json"]
            for event in events
            if event["index"] == index and "delta" in event
        )
        or "{}"
    )


def test_pitfall_01_a_call_that_begins_with_arguments() -> None:
    """Its first fragment appears, behind the text before it."""
    found = shown(
        PartOpened(0, PartKind.TEXT),
        PartDelta(0, "Let me see."),
        PartClosed(0),
        open_call(1),
        PartDelta(1, '{"city":'),
        PartDelta(1, '"Oslo"}'),
        PartClosed(1),
        *CALLED,
    )

    assert {"city": "Oslo"} == arguments(found, 1)


def test_pitfall_04_interleaved_parallel_calls_come_one_after_the_other() -> None:
    """Arguments are not mixed and none are lost; indices follow."""
    found = shown(
        open_call(0),
        open_call(1),
        PartDelta(0, '{"a":'),
        PartDelta(1, '{"b":'),
        PartDelta(0, "0}"),
        PartDelta(1, "1}"),
        PartClosed(0),
        PartClosed(1),
        *CALLED,
    )

    assert [{"a": 0}, {"b": 1}] == [arguments(found, 0), arguments(found, 1)]
    assert sorted(event["index"] for event in found) == [event["index"] for event in found]


def test_pitfall_05_a_turn_of_calls_alone_begins_at_zero() -> None:
    """With no empty text before it."""
    found = shown(PartOpened(0, PartKind.TEXT), PartClosed(0), open_call(1), PartClosed(1), *CALLED)

    assert (0, "tool_use") == (found[0]["index"], found[0]["content_block"]["type"])


def test_pitfall_06_a_call_without_arguments() -> None:
    """The block closes, and its input is an empty object."""
    found = shown(open_call(0), PartClosed(0), *CALLED)

    assert {} == arguments(found, 0)
    assert "content_block_stop" == found[-1]["type"]


@pytest.mark.parametrize("reason", (FinishReason.STOP, FinishReason.TOOL_CALLS))
def test_pitfall_07_text_and_a_call_stop_for_the_tool(reason: FinishReason) -> None:
    """Even where the upstream said it simply stopped."""
    events = [BEGIN, open_call(0), PartClosed(0), Finished(reason), Ended()]

    assert "tool_use" == streamed(events)[-2]["delta"]["stop_reason"]


def test_pitfall_08_reasoning_is_a_block_of_its_own() -> None:
    """Never a thinking_delta within text, and one message_start."""
    found = streamed(
        [
            BEGIN,
            PartOpened(0, PartKind.REASONING),
            PartDelta(0, "hm"),
            PartClosed(0),
            PartOpened(1, PartKind.TEXT),
            PartDelta(1, "hi"),
            PartClosed(1),
            *STOPPED,
        ]
    )

    assert 1 == sum(event["type"] == "message_start" for event in found)
    assert ["thinking", "text"] == [
        event["content_block"]["type"] for event in found if "content_block" in event
    ]


def test_pitfall_09_usage_behind_the_finish() -> None:
    """message_delta waits for it."""
    found = streamed(
        [BEGIN, Finished(FinishReason.STOP), UsageReported(Usage(input=7, output=9)), Ended()]
    )

    assert (7, 9) == tuple(found[-2]["usage"][k] for k in ("input_tokens", "output_tokens"))
    assert 1 == sum(event["type"] == "message_delta" for event in found)


def test_pitfall_10_no_usage_at_all() -> None:
    """It ends all the same."""
    assert ["message_delta", "message_stop"] == [
        event["type"] for event in streamed([BEGIN, *STOPPED])[-2:]
    ]


def test_pitfall_11_input_tokens_at_the_start() -> None:
    """Cache included, where they are known by then."""
    found = streamed([BEGIN, UsageReported(Usage(input=5, cache_read=3)), *STOPPED])

    usage = found[0]["message"]["usage"]
    assert (5, 3) == (usage["input_tokens"], usage["cache_read_input_tokens"])


def test_pitfall_12_the_stop_sequence_is_named() -> None:
    """With the string, where it is known."""
    found = streamed([BEGIN, Finished(FinishReason.STOP, stop_sequence="END"), Ended()])

    assert ("stop_sequence", "END") == (
        found[-2]["delta"]["stop_reason"],
        found[-2]["delta"]["stop_sequence"],
    )


def test_pitfall_13_cut_short_within_a_block() -> None:
    """The block closes before the reason, which is max_tokens."""
    found = streamed(
        [
            BEGIN,
            PartOpened(0, PartKind.TEXT),
            PartDelta(0, "x"),
            PartClosed(0),
            Finished(FinishReason.LENGTH),
            Ended(),
        ]
    )

    assert ["content_block_stop", "message_delta"] == [event["type"] for event in found[-3:-1]]
    assert "max_tokens" == found[-2]["delta"]["stop_reason"]


@pytest.mark.parametrize("error", (Disconnected("x"), Overloaded("x"), Garbled("x")))
def test_pitfall_14_an_upstream_that_dies_is_no_end_of_turn(error: Any) -> None:
    """An error event, and nothing after."""
    found = streamed([BEGIN, PartOpened(0, PartKind.TEXT), PartDelta(0, "x"), Faulted(error)])

    assert "error" == found[-1]["type"]
    assert "message_delta" not in {event["type"] for event in found}


def test_pitfall_26_reasoning_of_the_history_is_never_text() -> None:
    """And the calls beside it survive."""
    body = body_of(
        chat(
            user("go"),
            assistant(Reasoning("secret", "rs", "openai-responses"), ToolCall("t", "f", "{}")),
            results(ToolResult("t", (Text("ok"),))),
        )
    )

    assert b"secret" not in json.encode(body)
    assert ["tool_use"] == [block["type"] for block in body["messages"][1]["content"]]


def test_pitfall_27_a_custom_tool_is_a_function_of_one_string() -> None:
    """There and in the history, with a note."""
    patch = Tool(name="apply_patch", kind="custom", raw=Raw(b"{}"), origin="openai-chat")
    request = chat(
        user("go"),
        assistant(ToolCall("t", "apply_patch", "*** Begin", "custom")),
        results(ToolResult("t", (Text("ok"),))),
        tools=(patch,),
    )

    body = body_of(request)

    assert ["input"] == body["tools"][0]["input_schema"]["required"]
    assert {"input": "*** Begin"} == body["messages"][1]["content"][0]["input"]
    assert ["tools.0"] == noted(request)


def test_pitfall_31_images_and_documents_of_results_arrive() -> None:
    """As blocks, not as the text of a dictionary."""
    parts = (
        Text("see"),
        Image(Inline("image/png", "AA==")),
        Image(Remote("https://e.com/a.png")),
        Document(PlainText("words"), "t"),
        Document(FileRef("file_1", NAME)),
    )
    result = body_of(
        chat(user("go"), assistant(ToolCall("t", "f", "{}")), results(ToolResult("t", parts)))
    )["messages"][2]["content"][0]

    assert ["text", "base64", "url", "text", "file"] == [
        block.get("source", block)["type"] for block in result["content"]
    ]


def test_pitfall_33_thinking_without_a_signature_is_not_lost() -> None:
    """An Anthropic client's history goes whole to one who wants it replayed."""
    history = [
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": ""},
                {"type": "tool_use", "id": "t", "name": "f", "input": {}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]},
    ]
    request = decode(messages=history)

    assert Reasoning("hm", "", NAME) == request.messages[1].parts[0]
    insisting = deployment("deepseek-chat", Quirks(replay_reasoning=True))
    assert "hm" == body_of(request, insisting)["messages"][1]["content"][0]["thinking"]


def test_pitfall_34_a_foreign_signature_never_reaches_anthropic() -> None:
    """The block is dropped with a note, translated or passing through."""
    answer = Answer(
        choices=(Choice(parts=(Reasoning("hm", "sig", "openai-chat"), Text("hi"))),),
        origin="openai-chat",
    )
    content = json.decode(DIALECT.encode_answer(answer, chat(), STAMP))["content"]
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "b"},
    ]
    translated, encoded = encode(decode(messages=messages))
    passed = DIALECT.forward({"messages": raw(messages)}, deployment(), {})

    assert ["messages.1.content.0"] == [note.field for note in encoded.notes]
    assert ["messages"] == [note.field for note in passed.notes]
    for body in (translated, json.decode(passed.body)):
        assert [{"type": "text", "text": "hi"}] == body["messages"][1]["content"]


def test_pitfall_35_cache_breakpoints() -> None:
    """None on thinking, and four at most."""
    marked = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
    thought = {
        "type": "thinking",
        "thinking": "hm",
        "signature": "Eq",
        "cache_control": {"type": "ephemeral"},
    }
    messages = [
        {"role": "user", "content": [marked] * 3},
        {"role": "assistant", "content": [thought, marked]},
        {"role": "user", "content": [marked] * 2},
    ]

    blocks = [b for m in body_of(decode(messages=messages))["messages"] for b in m["content"]]

    assert "cache_control" not in blocks[3]
    assert 4 == sum("cache_control" in block for block in blocks)


def test_pitfall_36_thinking_keeps_order_and_number() -> None:
    """Interleaved with calls, unmerged."""
    content = [
        {"type": "thinking", "thinking": "1", "signature": "A"},
        {"type": "thinking", "thinking": "2", "signature": "B"},
        {"type": "text", "text": "x"},
        {"type": "redacted_thinking", "data": "C"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
    ]
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]},
    ]

    assert content == body_of(decode(messages=messages))["messages"][1]["content"]


def test_pitfall_37_silence_about_thinking_is_kept() -> None:
    """Nothing is put in the client's mouth."""
    assert decode().thinking is None
    assert "thinking" not in body_of(decode())


def test_pitfall_38_system_amid_the_conversation_stays_there() -> None:
    """String content too; hoisting it would spoil the prompt cache."""
    messages = [
        {"role": "user", "content": "a"},
        {"role": "system", "content": "be brief"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]

    body = body_of(decode(messages=messages))

    assert ["user", "system", "assistant", "user"] == [m["role"] for m in body["messages"]]
    assert "system" not in body


def test_pitfall_39_names_that_are_too_long() -> None:
    """Shortened alike in tools, history and choice, and restorable; 128 is not too long."""
    name = "mcp__" + "x" * 150
    request = chat(
        user("go"),
        assistant(ToolCall("t", name, "{}")),
        results(ToolResult("t", (Text("ok"),))),
        tools=(Tool(name=name), Tool(name="y" * 128)),
        tool_choice=ToolChoice(ChoiceMode.ONE, (name,)),
    )

    body, encoded = encode(request)

    short = body["tools"][0]["name"]
    assert {short: name} == encoded.tool_names
    assert short == body["messages"][1]["content"][0]["name"] == body["tool_choice"]["name"]
    assert "y" * 128 == body["tools"][1]["name"]


def test_pitfall_40_alternatives_at_the_top_of_a_schema() -> None:
    """The API refuses them there."""
    tool = Tool(name="f", parameters=raw({"type": "object", "anyOf": [{"properties": {"a": {}}}]}))

    assert {"type": "object", "properties": {"a": {}}} == body_of(chat(tools=(tool,)))["tools"][0][
        "input_schema"
    ]


def test_pitfall_42_a_subset_of_tools_and_one_at_a_time() -> None:
    """Both survive."""
    request = chat(
        tools=(Tool(name="f"), Tool(name="g")),
        tool_choice=ToolChoice(ChoiceMode.SUBSET_REQUIRED, ("g",)),
        parallel_tool_calls=False,
    )

    body = body_of(request)

    assert ["g"] == [tool["name"] for tool in body["tools"]]
    assert {"type": "any", "disable_parallel_tool_use": True} == body["tool_choice"]


def test_pitfall_43_a_choice_without_tools() -> None:
    """Is dropped."""
    assert "tool_choice" not in body_of(chat(tool_choice=ToolChoice(ChoiceMode.AUTO)))


def test_pitfall_44_a_schema_beside_thinking() -> None:
    """No tool is forced for it, so the answer's end stays an end."""
    request = chat(
        output_format=OutputFormat(kind="json_schema", schema=raw({"type": "object"})),
        thinking=Thinking(effort="high"),
    )

    body = body_of(request)

    assert {"tools", "tool_choice"}.isdisjoint(body)
    assert "json_schema" == body["output_config"]["format"]["type"]


def test_pitfall_46_the_limit_is_never_lost() -> None:
    """Whatever it was called, it is max_tokens here."""
    assert 77 == body_of(chat(max_output_tokens=77))["max_tokens"]


def test_pitfall_47_results_stand_together_before_the_text() -> None:
    """In one user message."""
    body = body_of(
        chat(
            user("go"),
            assistant(ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}")),
            results(ToolResult("a", (Text("1"),)), ToolResult("b", (Text("2"),))),
            user("and?", Image(Remote("u"))),
        )
    )

    assert 3 == len(body["messages"])
    assert ["tool_result", "tool_result", "text", "image"] == [
        block["type"] for block in body["messages"][2]["content"]
    ]


def test_pitfall_49_the_body_is_the_same_every_time() -> None:
    """Tools in the client's order, to the byte, for the prompt cache."""
    request = chat(tools=tuple(Tool(name=name) for name in "zyxabc"))

    assert encode(request)[1].body == encode(request)[1].body
    assert list("zyxabc") == [tool["name"] for tool in body_of(request)["tools"]]


def test_pitfall_50_beta_features_where_they_are_not_known() -> None:
    """A row that drops the header keeps them from its provider, with a note."""
    to = deployment(quirks=Quirks(drop=("anthropic-beta",)))
    request = decode({b"anthropic-beta": b"x-1"})
    encoded = DIALECT.encode_request(request, to)
    passed = DIALECT.forward({}, to, {b"anthropic-beta": b"x-1"})

    for sent in (encoded, passed):
        assert b"anthropic-beta" not in dict(sent.headers)
        assert ["anthropic-beta"] == [note.field for note in sent.notes]


@pytest.mark.parametrize(
    "word", ("refusal", "pause_turn", "model_context_window_exceeded", "compaction")
)
def test_pitfall_51_rare_reasons_are_their_own(word: str) -> None:
    """For a client of the same dialect they come back as they were."""
    body = json.encode({"id": "m", "content": [], "stop_reason": word, "usage": {}})
    answer = DIALECT.decode_answer(body)

    assert word == json.decode(DIALECT.encode_answer(answer, chat(), STAMP))["stop_reason"]


def test_pitfall_54_cached_tokens_are_counted_once() -> None:
    """Out of the input, in either direction."""
    answer = Answer(choices=(Choice(),), usage=Usage(input=10, cache_read=90))

    usage = json.decode(DIALECT.encode_answer(answer, chat(), STAMP))["usage"]

    assert (10, 90) == (usage["input_tokens"], usage["cache_read_input_tokens"])
    assert answer.usage == DIALECT.read_usage(json.encode({"usage": usage}))


def test_pitfall_55_counting_reads_the_whole_request() -> None:
    """All that a message request may hold, but for max_tokens."""
    body = json.encode(
        {
            "model": "m",
            "system": "s",
            "messages": [{"role": "user", "content": "hi"}],
            "tools": [{"name": "f", "input_schema": {}}],
        }
    )

    request = DIALECT.decode_count_request(body, {})

    assert (2, 1) == (len(request.messages), len(request.tools))


def test_pitfall_56_results_of_the_providers_tools_are_kept() -> None:
    """In history, answers and streams of the same dialect."""
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"url": "u"}]}
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": [found]}]
    answer = DIALECT.decode_answer(
        json.encode({"id": "m", "content": [found], "stop_reason": "end_turn"})
    )

    assert [found] == body_of(decode(messages=messages))["messages"][1]["content"]
    assert [found] == json.decode(DIALECT.encode_answer(answer, chat(), STAMP))["content"]


def test_pitfall_empty_blocks_never_reach_the_api() -> None:
    """Anywhere: the system prompt, either role, results."""
    request = chat(
        system(" ", "s"),
        user("", "a"),
        assistant("\n", ToolCall("t", "f", "{}")),
        results(ToolResult("t", (Text("  "),))),
        user(Text("", CacheMark())),
    )

    body = body_of(request)

    blocks = body["system"] + [b for m in body["messages"] for b in m["content"]]
    assert ["text", "text", "tool_use", "tool_result"] == [block["type"] for block in blocks]
    assert "content" not in blocks[-1]


def test_pitfall_a_name_for_every_event() -> None:
    """The API's SDK ignores data whose event has none."""
    stream = DIALECT.encoder(chat(), STAMP).feed([BEGIN, open_call(0), PartClosed(0), *CALLED])

    assert all(block.startswith(b"event: ") for block in stream.split(b"\n\n")[:-1])
    assert parsed(stream)
