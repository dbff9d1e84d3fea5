"""
What other gateways got wrong with requests, one test each; see test_pitfalls.py for their numbers.
"""

from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import (
    DIALECT,
    NAME,
    STAMP,
    body_of,
    chat,
    decode,
    deployment,
    encode,
    noted,
    raw,
    results,
)
from tests.dialects.turns import assistant, system, user
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
from trunkline.canon.request import (
    ChoiceMode,
    OutputFormat,
    Thinking,
    Tool,
    ToolChoice,
)


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
        output_format=OutputFormat(kind="json_schema", schema=raw({"type": "string"})),
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
