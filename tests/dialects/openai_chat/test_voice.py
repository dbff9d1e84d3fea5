"""What a delta adds to the parts of its choice."""

import pytest

from tests.dialects.openai_chat.kit import (
    DONE,
    answer_of,
    calls,
    chunk,
    events_of,
    parts_of,
    text,
)
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import FinishReason, Logprobs, PartDelta, PartKind, PartOpened

END = (chunk(finish="stop"), DONE)
PROOF = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}


def call(index, call_id=None, name=None, arguments=None):
    wire = {"index": index} if index is not None else {}
    if call_id is not None:
        wire["id"] = call_id
    function = {"name": name, "arguments": arguments}
    return {**wire, "function": {k: v for k, v in function.items() if v is not None}}


@pytest.mark.parametrize(
    "deltas",
    (
        ((call(0, "1", "f", ""), call(0, None, None, '{"a"'), call(0, None, None, ":1}"))),
        ((call(0, "1", "f", '{"a"'), call(0, None, None, ":1}"))),
        ((call(0, "1", "f", '{"a":1}'),)),
        ((call(0, "1", "f", ""), call(0, "1", "f", '{"a"'), call(0, "1", "f", ":1}"))),
        ((call(0, "1", "f", ""), call(0, "", "", '{"a":1}'))),
        ((call(None, "1", "f", ""), call(None, None, None, '{"a":1}'))),
        ((call(None, "1", "f", '{"a"'), call(None, "1", "f", ":1}"))),
        ((call(5, "1", "f", '{"a":1}'),)),
        (({"index": 0, "id": "1", "function": {"name": "f", "arguments": {"a": 1}}},)),
    ),
)
def test_one_call(deltas):
    """In pieces or whole, its id repeated, empty or once, with an index or without, text or object."""
    assert (ToolCall("1", "f", '{"a":1}'),) == parts_of(*map(calls, deltas), *END)


def test_interleaved_calls():
    """Arguments are not mixed, and none is dropped."""
    pieces = (
        calls(call(0, "1", "f", ""), call(1, "2", "g", "")),
        calls(call(1, None, None, '{"b"')),
        calls(call(0, None, None, '{"a"'), call(1, None, None, ":2}")),
        calls(call(0, None, None, ":1}")),
    )
    assert (ToolCall("1", "f", '{"a":1}'), ToolCall("2", "g", '{"b":2}')) == parts_of(*pieces, *END)


def test_calls_that_share_an_index():
    """Gemini's compatible endpoint gives every parallel call the index 0."""
    pieces = (calls(call(0, "1", "f", "{}")), calls(call(0, "2", "f", "{}")))
    assert (ToolCall("1", "f", "{}"), ToolCall("2", "f", "{}")) == parts_of(*pieces, *END)


def test_calls_without_index():
    """A new id or name is a new call."""
    pieces = (
        calls(call(None, "1", "f", "{}")),
        calls(call(None, "2", "f", "{}")),
        calls(call(None, None, "g", "{}")),
    )
    assert ["f", "f", "g"] == [part.name for part in parts_of(*pieces, *END)]


def test_a_custom_call():
    """Free text in place of arguments."""
    pieces = (
        calls({"index": 0, "id": "1", "type": "custom", "custom": {"name": "c", "input": ""}}),
        calls({"index": 0, "custom": {"input": "a{"}}),
    )
    assert (ToolCall("1", "c", "a{", "custom"),) == parts_of(*pieces, *END)


def test_a_function_call():
    """The API before tools."""
    pieces = (
        chunk({"function_call": {"name": "f", "arguments": ""}}),
        chunk({"function_call": {"arguments": "{}"}}),
        chunk(finish="function_call"),
    )
    answer = answer_of(*pieces, DONE)
    assert ("f", "{}") == (answer.choices[0].parts[0].name, answer.choices[0].parts[0].arguments)
    assert FinishReason.TOOL_CALLS == answer.choices[0].finish


def test_a_call_without_an_id():
    """Has none here, as in a whole answer: the client's side gives it one, by its stamp."""
    (streamed,) = parts_of(calls(call(0, "", "f", "{}")), *END)
    assert ToolCall("", "f", "{}") == streamed


def test_a_thought_signature():
    """Gemini's travels in the call's id."""
    wire = {**call(0, "1", "f", "{}"), "extra_content": {"google": {"thought_signature": "s"}}}
    (part,) = parts_of(calls(wire), *END)
    assert part.id.startswith("1__thought_")


def test_empty_calls_are_none():
    """Neither a call of nothing nor an empty list beside text."""
    pieces = (
        chunk({"content": "a", "tool_calls": []}),
        chunk({"content": "b", "tool_calls": None}),
        calls({"index": 0, "function": {"name": "", "arguments": ""}}),
    )
    assert (Text("ab"),) == parts_of(*pieces, *END)


@pytest.mark.parametrize(
    ("finish", "expected"),
    (
        ("stop", FinishReason.TOOL_CALLS),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("length", FinishReason.LENGTH),
        ("content_filter", FinishReason.CONTENT_FILTER),
    ),
)
def test_calls_finish_as_calls(finish, expected):
    """Unless the answer was cut or censored."""
    answer = answer_of(calls(call(0, "1", "f", "{}")), chunk(finish=finish), DONE)
    assert expected == answer.choices[0].finish


@pytest.mark.parametrize("field", ("reasoning_content", "reasoning"))
def test_reasoning(field):
    """A part of its own, closed when the text begins."""
    pieces = (chunk({field: "a", "content": None}), chunk({field: "b", "content": ""}), text("c"))
    events = events_of(*pieces, *END)
    assert (Reasoning("ab"), Text("c")) == parts_of(*pieces, *END)
    kinds = [e.kind for e in events if isinstance(e, PartOpened)]
    assert [PartKind.REASONING, PartKind.TEXT] == kinds


def test_reasoning_and_text_in_one_delta():
    """In this order."""
    assert (Reasoning("a"), Text("b")) == parts_of(chunk({"content": "b", "reasoning": "a"}), *END)


def test_mistrals_list():
    """Thinking is an entry of the content list."""
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "a"}]}
    pieces = (
        chunk({"content": [thinking]}),
        chunk({"content": [thinking, {"type": "text", "text": "b"}]}),
        text("c"),
    )
    assert (Reasoning("aa"), Text("bc")) == parts_of(*pieces, *END)


def test_an_upstreams_proof():
    """OpenRouter's details are joined, and kept whole as the reasoning's signature."""
    pieces = (
        chunk({"reasoning": "a", "reasoning_details": [{**PROOF, "text": "a"}]}),
        chunk({"reasoning": "b", "reasoning_details": [{**PROOF, "text": "b"}]}),
        chunk({"reasoning_details": [{**PROOF, "signature": "s"}]}),
        text("c"),
    )
    reasoning, said = parts_of(*pieces, *END)
    assert ("ab", "openai-chat", Text("c")) == (reasoning.text, reasoning.origin, said)
    assert '"text":"ab"' in reasoning.signature
    assert '"signature":"s"' in reasoning.signature


def test_proof_without_words():
    """A part that hides its text."""
    detail = {"type": "reasoning.encrypted", "data": "d", "index": 0}
    reasoning, _ = parts_of(chunk({"reasoning_details": [detail]}), text("c"), *END)
    assert ("", True, "openai-chat") == (reasoning.text, reasoning.redacted, reasoning.origin)


def test_a_refusal():
    """A part of its own."""
    pieces = (chunk({"refusal": "n"}), chunk({"refusal": "o"}))
    assert (Refusal("no"),) == parts_of(*pieces, *END)


def test_annotations_and_audio():
    """Kept for clients of the same dialect."""
    pieces = (
        text("a"),
        chunk({"annotations": [{"type": "url_citation"}]}),
        chunk({"audio": {"id": "x"}}),
    )
    said, sound = parts_of(*pieces, *END)
    assert b'[{"type":"url_citation"}]' == bytes(said.annotations)
    assert isinstance(sound, Opaque)
    assert b'{"audio":{"id":"x"}}' == bytes(sound.raw)


def test_logprobs():
    """Behind the tokens they weigh; all null is none."""
    weights = {"content": [{"token": "a"}], "refusal": None}
    choice = [{"index": 0, "delta": {"content": "a"}, "logprobs": weights}]
    events = events_of(chunk(choices=choice), chunk(choices=choice), *END)
    assert [PartDelta, Logprobs] == [type(e) for e in events[2:4]]
    choice[0]["logprobs"] = {"content": None, "refusal": None}
    assert not any(isinstance(e, Logprobs) for e in events_of(chunk(choices=choice), *END))


def test_choices():
    """n answers at once keep their index, and each finishes once."""
    pieces = (
        text("a0", index=0),
        text("b0", index=1),
        text("a1", index=0),
        chunk(finish="stop", index=0),
        text("b1", index=1),
        chunk(finish="length", index=1),
        chunk(finish="length", index=1),
    )
    answer = answer_of(*pieces, DONE)
    assert [
        (0, (Text("a0a1"),), FinishReason.STOP),
        (1, (Text("b0b1"),), FinishReason.LENGTH),
    ] == [(c.index, c.parts, c.finish) for c in answer.choices]


def test_nothing_follows_the_finish():
    """What a choice says behind its reason is not part of its answer."""
    assert (Text("a"),) == parts_of(text("a"), chunk(finish="stop"), text("b"), DONE)


@pytest.mark.parametrize(
    "cut",
    (
        ("<think>a</think>b",),
        ("<th", "ink>", "a</thi", "nk>", "\n", "\nb"),
        tuple("<think>a</think>\nb"),
    ),
)
def test_think_tags(cut):
    """Parsed, however they are cut."""
    pieces = (*map(text, cut), *END)
    assert (Reasoning("a"), Text("b")) == parts_of(*pieces, think_tags=True)
    assert 1 == len(parts_of(*pieces))


def test_think_tags_without_end():
    """A thought that is cut short stays one."""
    assert (Reasoning("a</th"),) == parts_of(text("<think>a</th"), *END, think_tags=True)
