"""
Where other gateways fell in facing this API's upstreams: their bugs as tests.

Numbered as in tests/conformance/test_pitfalls.py.
"""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.upstream import (
    FOREIGN,
    OWN,
    USAGE,
    added,
    answer_of,
    created,
    delta,
    done,
    ended,
    event,
    items,
    notes,
    own,
    parts_of,
    read,
    request,
    sent,
)
from trunkline.canon.content import Message, Reasoning, Role, Text, ToolCall, ToolResult
from trunkline.canon.errors import Garbled
from trunkline.canon.event import Finished, FinishReason, PartClosed
from trunkline.canon.request import ChoiceMode, Tool, ToolChoice
from trunkline.dialects.openai_responses.decode_answer import decode_answer
from trunkline.dialects.openai_responses.decoder import StreamDecoder
from trunkline.dialects.openai_responses.reasoning import signature_of

TOOLS = (Tool(name="f"), Tool(name="g"))


def user(text="hi"):
    return Message(Role.USER, (Text(text),))


def test_pitfall_13_a_cut_in_the_middle_of_a_part():
    """The part is closed before the answer's end says why."""
    events = read(
        [created(), added(0, "message"), delta(0, "He", content_index=0), ended("incomplete")]
    )
    closed = next(at for at, e in enumerate(events) if isinstance(e, PartClosed))
    last = next(at for at, e in enumerate(events) if isinstance(e, Finished))
    assert closed < last
    assert FinishReason.LENGTH is events[last].reason


def test_pitfall_22_parallel_calls_are_calls_each():
    """With ids and places of their own, in whatever order they end."""
    first = {"call_id": "a", "name": "f", "arguments": "{}"}
    second = {"call_id": "b", "name": "f", "arguments": "{}"}
    parts = parts_of(
        added(0, "function_call", **first),
        added(1, "function_call", **second),
        done(1, "function_call", **second),
        done(0, "function_call", **first),
    )
    assert [("a", "{}"), ("b", "{}")] == [(part.id, part.arguments) for part in parts]


def test_pitfall_23_never_the_current_item():
    """A delta for an item that is not the last one goes to its own."""
    parts = parts_of(
        added(0, "message"),
        delta(0, "a", content_index=0),
        added(1, "function_call", call_id="c", name="f"),
        delta(0, "b", content_index=0),
        delta(1, "{}", "function_call_arguments"),
    )
    assert ["ab", "{}"] == [parts[0].text, parts[1].arguments]


def test_pitfall_24_what_names_a_stored_answer_is_not_passed_on():
    """What the gateway stores is in its own keeping; the upstream gets the items."""
    body = sent(own(user(), echo={"previous_response_id": Raw(b'"resp_1"')}))
    assert (False, False) == (body["store"], "previous_response_id" in body)


def test_pitfall_25_calls_and_outputs_stay_together():
    """All calls of a turn, then all their outputs, before anybody speaks again."""
    calls = tuple(ToolCall(f"c{n}", "f", "{}") for n in range(3))
    results = tuple(ToolResult(f"c{n}", (Text("x"),)) for n in range(3))
    sent_items = items(
        request(user(), Message(Role.ASSISTANT, calls), Message(Role.TOOL, results), user())
    )
    kinds = [item.get("type") for item in sent_items]
    assert [None, *["function_call"] * 3, *["function_call_output"] * 3, None] == kinds


def test_pitfall_26_reasoning_never_becomes_text():
    """Neither that of others, nor what is not sealed; the calls behind it survive."""
    thoughts = (Reasoning("Secret."), Reasoning("Secret.", "sig", FOREIGN))
    turn = Message(Role.ASSISTANT, (*thoughts, ToolCall("c", "f", "{}")))
    asked = request(user(), turn, Message(Role.TOOL, (ToolResult("c", (Text("1"),)),)))
    assert "Secret." not in str(items(asked))
    assert "function_call" == items(asked)[1]["type"]


def test_pitfall_30_a_chat_completion_on_this_path():
    """Told as what it is, whole and streamed."""
    with pytest.raises(Garbled, match="Chat Completions"):
        decode_answer(b'{"object":"chat.completion","choices":[]}')
    chunk = {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "hi"}}]}
    (fault,) = StreamDecoder().feed(b"data: " + json.encode(chunk) + b"\n\n")
    assert "Chat Completions" in fault.error.message


def test_pitfall_34_foreign_proofs_stay_behind():
    """What another maker signed would be a 400; what this one sealed goes back as it was."""
    sealed = Reasoning("", signature_of("rs_1", "gAAA"), OWN, redacted=True)
    foreign = Reasoning("Hm.", "sig", FOREIGN)
    asked = request(user(), Message(Role.ASSISTANT, (sealed, foreign, Text("a"))), user())
    assert ["gAAA"] == [
        item["encrypted_content"] for item in items(asked) if item.get("type") == "reasoning"
    ]
    assert any("reasoning" in said for said in notes(asked).values())


def test_pitfall_42_allowed_tools_and_parallel_calls():
    """Both are said in this API's words."""
    choice = ToolChoice(ChoiceMode.SUBSET, ("g",))
    body = sent(request(tools=TOOLS, tool_choice=choice, parallel_tool_calls=False))
    chosen = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "g"}]}
    assert (chosen, False) == (body["tool_choice"], body["parallel_tool_calls"])


def test_pitfall_43_a_choice_among_no_tools():
    """Would be a 400: dropped, and noted."""
    asked = request(tool_choice=ToolChoice(ChoiceMode.REQUIRED))
    assert "tool_choice" not in sent(asked)
    assert "tool_choice" in notes(asked)


def test_pitfall_49_tools_keep_their_order():
    """Prompt caches match prefixes."""
    names = [f"t{n}" for n in (3, 1, 2)]
    body = sent(request(tools=tuple(Tool(name=name) for name in names)))
    assert names == [tool["name"] for tool in body["tools"]]


def test_pitfall_51_every_ending_has_its_reason():
    """Refusals are their own words; a filter is no cut."""
    refused = added(0, "message") + delta(0, "No.", "refusal", content_index=0)
    answer = answer_of(created(), refused, ended()).choices[0]
    assert ("No.", FinishReason.STOP) == (answer.parts[0].text, answer.finish)
    filtered = ended("incomplete", incomplete_details={"reason": "content_filter"})
    assert FinishReason.CONTENT_FILTER is answer_of(created(), filtered).choices[0].finish


def test_pitfall_54_cached_tokens_count_once():
    """They are part of the total, and taken out of it."""
    usage = answer_of(created(), event("in_progress"), ended()).usage
    assert (5, 4, 9) == (usage.input, usage.cache_read, usage.total_input)
    assert USAGE["total_tokens"] == usage.total
