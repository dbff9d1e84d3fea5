"""Where other gateways fell: each of their bugs with this dialect, as a test."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_chat.kit import (
    DIALECT,
    DONE,
    FOREIGN,
    STAMP,
    answer_of,
    calls,
    chunk,
    decode,
    deployment,
    encoded,
    events_of,
    fault_of,
    notes,
    parts_of,
    request,
    sent,
    text,
    whole,
    written,
)
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import (
    Image,
    Inline,
    Message,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Disconnected, Garbled
from trunkline.canon.event import (
    Ended,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
)
from trunkline.canon.request import (
    ChoiceMode,
    OutputFormat,
    Thinking,
    Tool,
    ToolChoice,
)
from trunkline.canon.usage import Usage

STOP = chunk(finish="stop")
PLACES = [deployment() for _ in range(3)]
USER = Message(Role.USER, (Text("hi"),))


def call(index, call_id, arguments, name="f"):
    return {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}


def opened(*pieces):
    return [(e.index, e.kind) for e in events_of(*pieces) if isinstance(e, PartOpened)]


# Streams of upstreams.


def test_pitfall_01_arguments_in_the_first_chunk_are_not_lost():
    """A call that opens with a piece of its arguments keeps it."""
    pieces = (
        text("a"),
        calls(call(0, "1", '{"a"')),
        calls({"index": 0, "function": {"arguments": ":1}"}}),
    )
    assert ToolCall("1", "f", '{"a":1}') == parts_of(*pieces, STOP, DONE)[1]


def test_pitfall_02_text_beside_an_empty_list_of_calls_is_text():
    """`tool_calls: []` in every chunk does not swallow the content."""
    pieces = [chunk({"content": word, "tool_calls": []}) for word in "ab"]
    assert (Text("ab"),) == parts_of(*pieces, STOP, DONE)


def test_pitfall_03_a_repeated_id_is_the_same_call():
    """Some repeat id and name on every delta."""
    pieces = [calls(call(0, "1", piece)) for piece in ('{"a"', ":1", "}")]
    assert (ToolCall("1", "f", '{"a":1}'),) == parts_of(*pieces, STOP, DONE)


def test_pitfall_04_parallel_calls_are_not_mixed():
    """Interleaved deltas go to their own call, and no call is dropped."""
    pieces = (
        calls(call(0, "1", "")),
        calls(call(1, "2", "")),
        calls({"index": 0, "function": {"arguments": "{}"}}),
        calls({"index": 1, "function": {"arguments": "[]"}}),
    )
    assert (ToolCall("1", "f", "{}"), ToolCall("2", "f", "[]")) == parts_of(*pieces, STOP, DONE)


def test_pitfall_05_a_turn_of_calls_has_no_empty_text():
    """The first part is the call."""
    role = chunk({"role": "assistant", "content": None})
    pieces = (role, chunk({"content": ""}), calls(call(0, "1", "{}")), STOP, DONE)
    assert [(0, PartKind.TOOL_CALL)] == opened(*pieces)


def test_pitfall_06_a_call_without_arguments_is_closed():
    """And is still a call."""
    events = events_of(calls(call(0, "1", "")), STOP, DONE)
    assert PartClosed(0) in events
    assert (ToolCall("1", "f", ""),) == parts_of(calls(call(0, "1", "")), STOP, DONE)


@pytest.mark.parametrize("finish", ("stop", "tool_calls"))
def test_pitfall_07_text_and_a_call_end_as_a_call(finish):
    """Whatever the upstream calls it."""
    pieces = (text("a"), calls(call(0, "1", "{}")), chunk(finish=finish), DONE)
    assert FinishReason.TOOL_CALLS == answer_of(*pieces).choices[0].finish


@pytest.mark.parametrize("field", ("reasoning_content", "reasoning"))
def test_pitfall_08_reasoning_is_a_part_of_its_own(field):
    """Never inside the text; and the answer starts once."""
    pieces = (
        chunk({"role": "assistant", "content": ""}),
        chunk({field: "r"}),
        text("a"),
        STOP,
        DONE,
    )
    assert [(0, PartKind.REASONING), (1, PartKind.TEXT)] == opened(*pieces)
    assert 1 == sum(isinstance(e, Started) for e in events_of(*pieces))


def test_pitfall_09_usage_behind_the_finish_counts():
    """The extra event after finish_reason is where usage is."""
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'
    assert Usage(input=3, output=2) == answer_of(text("a"), STOP, usage, DONE).usage


def test_pitfall_10_no_usage_is_no_reason_not_to_end():
    """The answer is whole without it."""
    assert isinstance(events_of(text("a"), STOP)[-1], Ended)


def test_pitfall_14_an_upstream_that_dies_is_no_ending():
    """Neither a cut nor an error event ever looks like one."""
    decoder = DIALECT.decoder()
    decoder.feed(text("a"))
    with pytest.raises(Disconnected):
        decoder.finish()
    error = b'data: {"error":{"message":"x"}}\n\n'
    assert not any(isinstance(e, Finished | Ended) for e in events_of(text("a"), error, DONE))
    assert fault_of(text("a"), error)


def test_pitfall_53_arguments_as_an_object():
    """Ollama has sent them so."""
    wire = {"index": 0, "id": "1", "function": {"name": "f", "arguments": {"a": 1}}}
    assert (ToolCall("1", "f", '{"a":1}'),) == parts_of(calls(wire), STOP, DONE)


def test_pitfall_30_a_responses_object_is_told():
    """An upstream that answers in another API is a clear error."""
    with pytest.raises(Garbled, match="Responses object"):
        DIALECT.decode_answer(b'{"object":"response","status":"completed","output":[]}')


# Streams for clients.


def test_pitfall_15_the_first_chunk_has_the_role():
    """And only it."""
    burst = [Started("", ""), PartOpened(0, PartKind.TEXT), PartDelta(0, "a"), PartDelta(0, "b")]
    roles = [c["choices"][0]["delta"].get("role") for c in written(burst)]
    assert ["assistant", None, None] == roles


def test_pitfall_16_a_calls_index_counts_calls():
    """0 for the first, whatever stood before it."""
    burst = [
        Started("", ""),
        PartOpened(0, PartKind.REASONING),
        PartClosed(0),
        PartOpened(1, PartKind.TEXT),
        PartClosed(1),
        PartOpened(2, PartKind.TOOL_CALL, id="1", name="f"),
        PartOpened(3, PartKind.TOOL_CALL, id="2", name="g"),
    ]
    deltas = [c["choices"][0]["delta"] for c in written(burst)]
    assert [0, 1] == [d["tool_calls"][0]["index"] for d in deltas if "tool_calls" in d]


def test_pitfall_18_choices_keep_their_index():
    """With n > 1, too."""
    burst = [Started("", ""), PartOpened(0, PartKind.TEXT, 1), PartDelta(0, "a")]
    assert [1, 1] == [c["choices"][0]["index"] for c in written(burst)]


# Requests.


def test_pitfall_31_pictures_in_results_reach_the_model():
    """As pictures, not as a dumped dictionary."""
    picture = Image(Inline("image/png", "AA=="))
    said = (
        Message(Role.ASSISTANT, (ToolCall("1", "f", "{}"),)),
        Message(Role.TOOL, (ToolResult("1", (picture,)),)),
    )
    found = sent(request(USER, *said))["messages"]
    assert "data:image/png;base64,AA==" == found[-1]["content"][1]["image_url"]["url"]


def test_pitfall_47_results_stand_together_before_what_follows():
    """All of a turn, right behind the calls, the user's words last."""
    turn = Message(Role.ASSISTANT, (ToolCall("1", "f", "{}"), ToolCall("2", "f", "{}")))
    results = Message(
        Role.TOOL,
        (ToolResult("1", (Image(Inline("image/png", "")),)), ToolResult("2", (Text("b"),))),
    )
    found = sent(request(USER, turn, results, USER))["messages"]
    roles = ["user", "assistant", "tool", "tool", "user", "user"]
    assert roles == [message["role"] for message in found]


def test_pitfall_33_deepseek_gets_its_reasoning_back():
    """On turns with calls, signed or not."""
    for part in (Reasoning("r"), Reasoning("r", "sig", FOREIGN)):
        turn = Message(Role.ASSISTANT, (part, ToolCall("1", "f", "{}")))
        found = sent(request(USER, turn), replay_reasoning=True)["messages"][1]
        assert "r" == found["reasoning_content"]


def test_pitfall_26_unsigned_reasoning_is_read():
    """A history's thinking is not dropped because nothing proves it."""
    said = {"role": "assistant", "content": "a", "reasoning_content": "r"}
    assert Reasoning("r") == decode(messages=[said]).messages[0].parts[0]


def test_pitfall_34_anothers_signature_is_not_sent():
    """It goes back to its maker alone."""
    said = Message(Role.ASSISTANT, (Reasoning("T", "SIGREAL", FOREIGN), Text("c")))
    assert b"SIGREAL" not in encoded(request(USER, said), reasoning_field="reasoning").body


def test_pitfall_36_thinking_is_neither_merged_nor_reordered():
    """Each block with its own signature, in order, to a client and back."""
    parts = (Reasoning("a", "1", FOREIGN), Reasoning("b", "2", FOREIGN), Text("c"))
    answer = Answer(choices=(Choice(parts=parts, finish=FinishReason.STOP),), origin=FOREIGN)
    told = json.decode(DIALECT.encode_answer(answer, request(), STAMP))
    assert parts == decode(messages=[told["choices"][0]["message"]]).messages[0].parts


@pytest.mark.parametrize(
    ("efforts", "told"),
    (
        (("none", "low"), "none"),
        (("minimal", "low"), "minimal"),
        (("low", "high"), None),
        ((), None),
    ),
)
def test_pitfall_37_no_thinking_asked_for_none_sent(efforts, told):
    """Anthropic's silence is off, also where the model thinks by default; no word where it has none."""
    silent = request(max_output_tokens=50)
    assert told == sent(silent, efforts=efforts).get("reasoning_effort")
    assert {} == notes(silent, efforts=efforts)


def test_pitfall_37_silence_elsewhere():
    """Of OpenAI's own clients it leaves all to the model, as it does where efforts are not known."""
    assert "reasoning_effort" not in sent(request(origin="openai-responses"), efforts=("none",))
    assert "reasoning_effort" not in sent(request())
    assert "reasoning_effort" not in sent(request(), efforts=("none",), drop=("reasoning_effort",))
    assert "none" == sent(request(thinking=Thinking(mode="disabled")))["reasoning_effort"]


def test_pitfall_38_system_in_the_middle_stays_there():
    """It is not hoisted."""
    system = Message(Role.SYSTEM, (Text("s"),))
    found = sent(request(USER, system, USER))["messages"]
    assert ["user", "system", "user"] == [message["role"] for message in found]


def test_pitfall_39_long_tool_names_come_back():
    """Shortened the same everywhere, and told how to restore them."""
    name = "n" * 80
    asked = request(
        USER,
        Message(Role.ASSISTANT, (ToolCall("1", name, "{}"),)),
        tools=(Tool(name=name),),
        tool_choice=ToolChoice(ChoiceMode.ONE, (name,)),
    )
    body = sent(asked)
    names = {
        body["tools"][0]["function"]["name"],
        body["tool_choice"]["function"]["name"],
        body["messages"][1]["tool_calls"][0]["function"]["name"],
    }
    assert 1 == len(names)
    assert 64 >= len(names.pop())


def test_pitfall_27_custom_tools_have_their_shape():
    """An object of their own, not a function's."""
    tool = {"type": "custom", "custom": {"name": "c"}}
    assert [tool] == sent(decode(tools=[tool]), custom_tools=True)["tools"]


def test_pitfall_42_a_subset_and_no_parallel_calls():
    """Both are carried."""
    asked = request(
        tools=(Tool(name="f"), Tool(name="g")),
        tool_choice=ToolChoice(ChoiceMode.SUBSET_REQUIRED, ("g",)),
        parallel_tool_calls=False,
    )
    body = sent(asked, custom_tools=True)
    function = {"type": "function", "function": {"name": "g"}}
    allowed = {"mode": "required", "tools": [function]}
    assert {"type": "allowed_tools", "allowed_tools": allowed} == body["tool_choice"]
    assert body["parallel_tool_calls"] is False


def test_pitfall_43_a_choice_without_tools_is_not_sent():
    """OpenAI refuses it."""
    assert "tool_choice" not in sent(request(tool_choice=ToolChoice(ChoiceMode.AUTO)))


def test_pitfall_44_a_schema_and_thinking_need_no_tool():
    """Both have fields of their own."""
    wanted = OutputFormat(kind="json_schema", schema=Raw(b"{}"), name="n")
    body = sent(request(output_format=wanted, thinking=Thinking(effort="high")))
    assert ("high", "json_schema") == (body["reasoning_effort"], body["response_format"]["type"])
    assert "tools" not in body


@pytest.mark.parametrize("field", ("max_tokens", "max_completion_tokens"))
def test_pitfall_46_the_limit_is_not_lost(field):
    """Under either name, to either kind of upstream."""
    asked = decode(**{field: 9})
    assert 9 == sent(asked, reasoning_model=True)["max_completion_tokens"]
    renamed = sent(asked, rename={"max_completion_tokens": "max_tokens"})
    assert (9, False) == (renamed["max_tokens"], "max_completion_tokens" in renamed)


def test_pitfall_48_mistral_gets_ids_it_takes():
    """On every turn the same."""
    turn = (
        Message(Role.ASSISTANT, (ToolCall("toolu_0123456789", "f", "{}"),)),
        Message(Role.TOOL, (ToolResult("toolu_0123456789", ()),)),
    )
    found = sent(request(USER, *turn, USER, *turn), tool_id="mistral")["messages"]
    ids = {m["tool_calls"][0]["id"] for m in found if "tool_calls" in m}
    assert ids == {m["tool_call_id"] for m in found if m["role"] == "tool"}
    assert [9] == [len(call_id) for call_id in ids]


def test_pitfall_49_tools_keep_their_order():
    """Prompt caches depend on it."""
    tools = tuple(Tool(name=name) for name in "zamb")
    bodies = {DIALECT.encode_request(request(tools=tools), place).body for place in PLACES}
    assert 1 == len(bodies)
    assert ["z", "a", "m", "b"] == [
        tool["function"]["name"] for tool in json.decode(bodies.pop())["tools"]
    ]


def test_pitfall_51_a_pause_is_a_stop():
    """Words of other dialects do not leak into finish_reason."""
    finished = Finished(FinishReason.STOP, native="pause_turn", origin=FOREIGN)
    assert "stop" == written([Started("", ""), finished])[-1]["choices"][0]["finish_reason"]


def test_pitfall_54_cached_tokens_are_counted_once():
    """Split on the way in, summed on the way out."""
    wire = {
        "prompt_tokens": 100,
        "completion_tokens": 5,
        "total_tokens": 105,
        "prompt_tokens_details": {"cached_tokens": 80},
    }
    answer = whole({"content": "a"}, usage=wire)
    assert Usage(input=20, cache_read=80, output=5) == answer.usage
    body = json.decode(DIALECT.encode_answer(answer, request(), STAMP))
    assert 100 == body["usage"]["prompt_tokens"]
    assert 80 == body["usage"]["prompt_tokens_details"]["cached_tokens"]


def test_pitfall_32_a_thought_signature_survives_any_client():
    """Gemini's, from its compatible endpoint and back to it, through ids alone."""
    wire = {**call(0, "1", "{}"), "extra_content": {"google": {"thought_signature": "sig"}}}
    (part,) = parts_of(calls(wire), STOP, DONE)
    turn = Message(Role.ASSISTANT, (ToolCall(part.id, "f", "{}"),))
    body = sent(request(USER, turn), thought_signatures=True)
    sent_back = body["messages"][1]["tool_calls"][0]
    assert ("1", {"google": {"thought_signature": "sig"}}) == (
        sent_back["id"],
        sent_back["extra_content"],
    )
