"""Where other gateways fell: each of their bugs with this dialect facing clients, as a test."""

from msgspec import json
from msgspec.structs import replace

from tests.dialects.openai_responses.grammar import violations
from tests.dialects.openai_responses.kit import (
    DIALECT,
    STAMP,
    accumulated,
    answer,
    decode,
    items,
    output,
    streamed,
    whole,
)
from trunkline.canon.content import Reasoning, Refusal, Role, Text, ToolCall
from trunkline.canon.event import (
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
)
from trunkline.canon.fold import unfold
from trunkline.canon.request import ChoiceMode, ToolChoice

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": ""}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "one"}
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "secret plan"}],
}
PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
}
AGENTS = {
    "type": "namespace",
    "name": "agents",
    "description": "Sub-agents.",
    "tools": [{"type": "function", "name": "close", "parameters": {}}],
}
TURN = answer(
    Reasoning("hm"),
    Text("Hello"),
    ToolCall("c1", "f", '{"a":1}'),
    ToolCall("c2", "g", "{}"),
    finish=FinishReason.TOOL_CALLS,
)


def test_pitfall_19_items_and_parts_before_deltas():
    """What is filled was announced; what was announced is done."""
    told = streamed(*unfold(TURN))
    assert [] == violations(told)
    kinds = [event["type"] for event in told]
    for delta, added in (
        ("response.output_text.delta", "response.content_part.added"),
        ("response.reasoning_summary_text.delta", "response.reasoning_summary_part.added"),
        ("response.function_call_arguments.delta", "response.output_item.added"),
    ):
        assert kinds.index(added) < kinds.index(delta)


def test_pitfall_20_numbers_and_details():
    """Sequence numbers without a gap; usage details and text.format are always there."""
    told = streamed(*unfold(TURN))
    assert list(range(len(told))) == [event["sequence_number"] for event in told]
    response = told[-1]["response"]
    assert {"type": "text"} == response["text"]["format"]
    assert {"cached_tokens": 0, "cache_write_tokens": 0} == response["usage"][
        "input_tokens_details"
    ]
    assert {"reasoning_tokens": 0} == response["usage"]["output_tokens_details"]


def test_pitfall_21_the_last_response_holds_the_items():
    """Those that were streamed, under the id that was announced."""
    told = streamed(*unfold(TURN))
    last = told[-1]["response"]
    assert told[0]["response"]["id"] == last["id"]
    assert ["reasoning", "message", "function_call", "function_call"] == [
        item["type"] for item in last["output"]
    ]


def test_pitfall_22_parallel_calls_have_places_of_their_own():
    """By which the official SDK keeps their arguments apart."""
    first, second = (PartOpened(n, PartKind.TOOL_CALL, 0, f"c{n}", "f") for n in (0, 1))
    mixed = [PartDelta(0, "{"), PartDelta(1, "["), PartDelta(0, "}"), PartDelta(1, "]")]
    ends = [PartClosed(0), PartClosed(1), Finished(FinishReason.TOOL_CALLS)]
    start, *_, end = unfold(TURN)
    stream = DIALECT.encoder(decode(), STAMP).feed([start, first, second, *mixed, *ends, end])
    snapshot, _ = accumulated(stream)
    assert ["{}", "[]"] == [item.arguments for item in snapshot.output]


def test_pitfall_23_items_are_known_by_their_place():
    """Not by being the current one: two calls of an upstream that are written at the same time."""
    added = [_event("output_item.added", n, item={**CALL, "call_id": f"c{n}"}) for n in (0, 1)]
    pieces = [(0, '{"a"'), (1, '{"b"'), (0, ":1}"), (1, ":2}")]
    deltas = [_event("function_call_arguments.delta", n, delta=text) for n, text in pieces]
    events = DIALECT.decoder().feed(b"".join([*added, *deltas]))
    said = {n: "".join(e.text for e in events if _is_delta(e, n)) for n in (0, 1)}
    assert {0: '{"a":1}', 1: '{"b":2}'} == said


def _event(kind, place, **fields):
    event = {"type": f"response.{kind}", "output_index": place, **fields}
    return b"event: response.%b\ndata: %b\n\n" % (kind.encode(), json.encode(event))


def _is_delta(event, index):
    return isinstance(event, PartDelta) and event.index == index


def test_pitfall_25_calls_of_a_turn_are_one_message():
    """With their outputs behind it, for the APIs that ask for that."""
    second = {**CALL, "call_id": "c2"}
    given = items(CALL, second, {**OUTPUT, "call_id": "c2"}, OUTPUT)
    turn, outputs = given.messages
    assert (Role.ASSISTANT, Role.TOOL) == (turn.role, outputs.role)
    assert ["c1", "c2"] == [part.id for part in turn.parts]
    assert ["c2", "c1"] == [part.call_id for part in outputs.parts]


def test_pitfall_26_reasoning_is_never_said():
    """It stays reasoning, and the call behind it stays."""
    _, turn, _ = items({"role": "user", "content": "hi"}, THOUGHT, CALL, OUTPUT).messages
    thought, call = turn.parts
    assert ("secret plan", "c1") == (thought.text, call.id)
    assert isinstance(thought, Reasoning)
    assert not any(isinstance(part, Text) for part in turn.parts)


def test_pitfall_27_custom_tools_are_wrapped_and_unwrapped():
    """Whole and streamed alike; in the history they are free text."""
    request = decode(tools=[PATCH])
    wrapped = answer(ToolCall("c1", "apply_patch", '{"input":"*** Begin Patch\\n"}'))
    streamed_one = streamed(*unfold(wrapped), request=request)[-1]["response"]["output"]
    for items_ in (streamed_one, whole(wrapped, request)["output"]):
        assert [("custom_tool_call", "*** Begin Patch\n")] == [
            (item["type"], item["input"]) for item in items_
        ]
    call = {"type": "custom_tool_call", "call_id": "c1", "name": "apply_patch", "input": "*** x"}
    (turn,) = items(call, tools=[PATCH]).messages
    assert (ToolCall("c1", "apply_patch", "*** x", "custom"),) == turn.parts


def test_pitfall_28_namespaces_are_flattened_and_restored():
    """Tools, calls, choices; and tools that an item of the input brings along."""
    choice = {"type": "function", "name": "close", "namespace": "agents"}
    request = items({**CALL, "name": "close", "namespace": "agents"}, tools=[AGENTS])
    request_2 = items(
        {"type": "additional_tools", "role": "developer", "tools": [AGENTS]}, tool_choice=choice
    )
    assert ToolChoice(ChoiceMode.ONE, ("agents__close",)) == request_2.tool_choice
    for asked in (request, request_2):
        assert ["agents__close"] == [tool.name for tool in asked.tools]
        (call,) = output(ToolCall("c1", "agents__close", "{}"), request=asked)
        assert ("close", "agents") == (call["name"], call["namespace"])
    assert "agents__close" == request.messages[0].parts[0].name


def test_pitfall_29_ids_of_a_stream_are_the_final_ones():
    """Of the response and of every item."""
    told = streamed(*unfold(TURN))
    final = [item["id"] for item in told[-1]["response"]["output"]]
    assert final == [e["item"]["id"] for e in told if e["type"] == "response.output_item.added"]
    assert final == [item["id"] for item in whole(TURN)["output"]]
    assert {event["item_id"] for event in told if "item_id" in event} == set(final)


def test_pitfall_42_allowed_tools_and_parallel_calls():
    """Both are carried."""
    choice = {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "f"}],
    }
    request = decode(tool_choice=choice, parallel_tool_calls=False)
    assert ToolChoice(ChoiceMode.SUBSET_REQUIRED, ("f",)) == request.tool_choice
    assert request.parallel_tool_calls is False
    response = whole(answer(Text("a")), request)
    assert (choice, False) == (response["tool_choice"], response["parallel_tool_calls"])


def test_pitfall_51_every_ending_has_its_word():
    """A refusal is a part of an answer that is complete; a filter and a full context are not."""
    refused = whole(answer(Refusal("no")))
    assert ("completed", "refusal") == (
        refused["status"],
        refused["output"][0]["content"][0]["type"],
    )
    for finish, native, reason in (
        (FinishReason.LENGTH, "model_context_window_exceeded", "max_output_tokens"),
        (FinishReason.CONTENT_FILTER, "refusal", "content_filter"),
    ):
        (choice,) = answer(Text("a"), finish=finish).choices
        cut = whole(answer(choices=(replace(choice, native=native),)))
        assert ("incomplete", reason) == (cut["status"], cut["incomplete_details"]["reason"])
    paused = whole(answer(Text("a"), finish=FinishReason.STOP))
    assert "completed" == paused["status"]
