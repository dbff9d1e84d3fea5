"""Streams as Responses clients read them."""

import openai
import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.kit import (
    DIALECT,
    STAMP,
    accumulated,
    decode,
    parsed,
    sdk_events,
    streamed,
    types,
)
from trunkline.canon.errors import Disconnected
from trunkline.canon.event import (
    Annotated,
    Ended,
    Faulted,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage

OWN = "openai-responses"
START = Started("up_1", "up-model", 7, origin="openai-chat")
TEXT = PartOpened(0, PartKind.TEXT)
STOP = (Finished(FinishReason.STOP), UsageReported(Usage(input=3, output=2)), Ended())
HEAD = ["created", "in_progress"]


def text(*pieces, index=0):
    said = [PartDelta(index, piece) for piece in pieces]
    return [PartOpened(index, PartKind.TEXT), *said, PartClosed(index)]


def call(index, *pieces, name="f", kind="function"):
    opened = PartOpened(index, PartKind.TOOL_CALL, 0, f"c{index}", name, kind)
    return [opened, *(PartDelta(index, piece) for piece in pieces), PartClosed(index)]


def test_text():
    """The whole grammar of an answer that is text."""
    events = streamed(START, *text("Hel", "lo"), *STOP)
    assert [
        *HEAD,
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ] == types(events)
    assert list(range(10)) == [event["sequence_number"] for event in events]
    assert ["Hel", "lo"] == [event["delta"] for event in events[4:6]]
    assert "Hello" == events[6]["text"]


def test_the_response():
    """In progress and empty at first, whole at last, under one id."""
    events = streamed(START, *text("a"), *STOP)
    first, last = events[0]["response"], events[-1]["response"]
    assert first == events[1]["response"]
    assert ("in_progress", [], None) == (first["status"], first["output"], first["usage"])
    assert ("completed", 5) == (last["status"], last["usage"]["total_tokens"])
    assert first["id"] == last["id"] == "resp_0123456789abcdef"
    assert [event["item"] for event in events if event["type"].endswith("item.done")] == (
        last["output"]
    )


def test_reasoning():
    """A summary, then the seal with the item that is done."""
    thought = PartOpened(0, PartKind.REASONING)
    signed = Signed(0, "sig", "anthropic-messages")
    events = streamed(START, thought, PartDelta(0, "hm"), signed, PartClosed(0), *STOP)
    assert [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ] == types(events)[2:-1]
    assert {"id": "rs_0123456789abcdef00", "type": "reasoning", "summary": []} == events[2]["item"]
    done = events[-2]["item"]
    assert "trunkline.1:anthropic-messages:0:sig" == done["encrypted_content"]
    assert [{"type": "summary_text", "text": "hm"}] == done["summary"]


@pytest.mark.parametrize("redacted", (True, False))
def test_reasoning_that_is_hidden(redacted):
    """Added and done, without a summary."""
    thought = PartOpened(0, PartKind.REASONING, redacted=redacted)
    said = [PartDelta(0, "secret")] if redacted else []
    events = streamed(START, thought, *said, Signed(0, "d", "x"), PartClosed(0), *STOP)
    assert ["output_item.added", "output_item.done"] == types(events)[2:-1]
    assert f"trunkline.1:x:{redacted:d}:d" == events[3]["item"]["encrypted_content"]


def test_a_call():
    """Its arguments piece by piece and whole; item id and call id are two things."""
    events = streamed(START, *call(0, '{"a"', ":1}"), *STOP)
    assert [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ] == types(events)[2:-1]
    assert ("fc_0123456789abcdef00", "c0", "", "in_progress") == tuple(
        events[2]["item"][key] for key in ("id", "call_id", "arguments", "status")
    )
    assert '{"a":1}' == events[5]["arguments"] == events[6]["item"]["arguments"]


def test_parallel_calls():
    """Each its own output_index, even if their pieces alternate; both are done before the end."""
    first, second = call(0, "{", "}"), call(1, "[", "]")
    mixed = [first[0], second[0], first[1], second[1], first[2], second[2], first[3], second[3]]
    events = streamed(START, *mixed, Finished(FinishReason.TOOL_CALLS), Ended())
    deltas = [(e["output_index"], e["delta"]) for e in events if e["type"].endswith(".delta")]
    assert [(0, "{"), (1, "["), (0, "}"), (1, "]")] == deltas
    assert ["{}", "[]"] == [item["arguments"] for item in events[-1]["response"]["output"]]


def test_a_custom_call():
    """By its own events, unwrapped if need be."""
    request = decode(tools=[{"type": "custom", "name": "patch"}])
    pieces = ('{"input":"*** ', 'Begin\\n"}')
    events = streamed(START, *call(0, *pieces, name="patch"), *STOP, request=request)
    assert [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ] == types(events)[2:-1]
    assert "*** Begin\n" == events[5]["input"] == events[6]["item"]["input"]
    native = call(0, "{x", name="patch", kind="custom")
    assert "{x" == streamed(START, *native, *STOP, request=request)[4]["input"]


def test_a_call_without_arguments():
    """Is given an object in the stream, too, so that deltas add up to it."""
    events = streamed(START, *call(0), *STOP)
    assert ["{}"] == [event["delta"] for event in events if event["type"].endswith(".delta")]


def test_a_refusal():
    """A content of its own kind, in the message it follows."""
    refusal = [PartOpened(1, PartKind.REFUSAL), PartDelta(1, "no"), PartClosed(1)]
    events = streamed(START, *text("Well: "), *refusal, *STOP)
    assert ["refusal.delta", "refusal.done"] == [t for t in types(events) if "refusal" in t]
    (message,) = events[-1]["response"]["output"]
    assert ["output_text", "refusal"] == [content["type"] for content in message["content"]]


@pytest.mark.parametrize(
    ("reason", "detail"),
    (
        (FinishReason.LENGTH, "max_output_tokens"),
        (FinishReason.CONTENT_FILTER, "content_filter"),
    ),
)
def test_truncation(reason, detail):
    """`incomplete`, and the last item says so."""
    events = streamed(START, *call(0, "{}"), *text("a", index=1), Finished(reason), Ended())
    assert "incomplete" == types(events)[-1]
    response = events[-1]["response"]
    assert ("incomplete", {"reason": detail}) == (
        response["status"],
        response["incomplete_details"],
    )
    assert ["completed", "incomplete"] == [item["status"] for item in response["output"]]


def test_empty_parts():
    """Nothing is announced for what says nothing."""
    thought = [PartOpened(1, PartKind.REASONING), PartClosed(1)]
    empty = [PartOpened(2, PartKind.TEXT), PartDelta(2, ""), PartClosed(2)]
    assert [*HEAD, "completed"] == types(streamed(START, *text(), *thought, *empty, *STOP))


def test_annotations():
    """Own ones, numbered; another dialect's mean nothing here."""
    note = Raw(b'{"type":"file_path","file_id":"f","index":0}')
    said = [TEXT, PartDelta(0, "a"), Annotated(0, note, OWN), Annotated(0, note, "other")]
    events = streamed(START, *said, Annotated(0, note, OWN), PartClosed(0), *STOP)
    assert [0, 1] == [
        event["annotation_index"] for event in events if "annotation" in event["type"]
    ]
    (message,) = events[-1]["response"]["output"]
    assert [json.decode(note)] * 2 == message["content"][0]["annotations"]


def test_an_annotation_without_text():
    """Is content all the same."""
    note = Annotated(0, Raw(b'{"type":"file_path","file_id":"f","index":0}'), OWN)
    assert "content_part.done" in types(streamed(START, TEXT, note, PartClosed(0), *STOP))


def test_log_probabilities():
    """With the delta of their tokens, and all of them with the whole."""
    weights = [
        Logprobs(0, Raw(b'{"content":[{"token":"%b","logprob":-1}],"refusal":null}' % token))
        for token in (b"a", b"b")
    ]
    first, second = weights
    said = [TEXT, PartDelta(0, "a"), first, PartDelta(0, "b"), second, PartClosed(0)]
    events = streamed(START, *said, *STOP)
    tokens = [
        [entry["token"] for entry in event["logprobs"]] for event in events if "logprobs" in event
    ]
    assert [["a"], ["b"], ["a", "b"]] == tokens
    early = streamed(START, first, TEXT, PartDelta(0, "a"), PartClosed(0), *STOP)
    assert [["a"], ["a"]] == [
        [entry["token"] for entry in event["logprobs"]] for event in early if "logprobs" in event
    ]


def test_log_probabilities_that_come_late():
    """In another burst than their tokens: with the whole alone."""
    encoder = DIALECT.encoder(decode(), STAMP)
    encoder.feed([START, TEXT, PartDelta(0, '"logprobs":[]')])
    given = Logprobs(0, Raw(b'{"content":[{"token":"a","logprob":-1}]}'))
    (done, *_) = parsed(encoder.feed([given, PartClosed(0)]))
    assert [{"token": "a", "logprob": -1}] == done["logprobs"]


def test_log_probabilities_behind_a_run():
    """To the last delta of it alone, and only once: the others said none."""
    first, second = [Logprobs(0, Raw(b'{"content":[{"token":"%b"}]}' % t)) for t in (b"c", b"e")]
    said = [TEXT, *[PartDelta(0, text) for text in "abc"], first, second, PartClosed(0)]
    events = streamed(START, *said, *STOP)

    assert [[], [], ["c"], ["c", "e"]] == [
        [entry["token"] for entry in event["logprobs"]] for event in events if "logprobs" in event
    ]


def test_items_of_other_kinds():
    """Whole, if they are this API's; nothing of any other's."""
    raw = Raw(b'{"type":"web_search_call","id":"ws_1","status":"completed"}')
    own = PartOpened(0, PartKind.OPAQUE, raw=raw, origin=OWN)
    foreign = PartOpened(1, PartKind.OPAQUE, raw=raw, origin="other")
    events = streamed(START, own, PartClosed(0), foreign, PartClosed(1), *STOP)
    assert ["output_item.added", "output_item.done"] == types(events)[2:-1]
    assert [json.decode(raw)] == events[-1]["response"]["output"]


def test_the_first_choice_alone():
    """Other choices have no place in this API."""
    other = [PartOpened(0, PartKind.TEXT, 1), PartDelta(0, "x"), PartClosed(0)]
    ends = [Logprobs(1, Raw(b'{"content":[1]}')), Finished(FinishReason.LENGTH, 1)]
    events = streamed(START, *other, *ends, Finished(FinishReason.STOP), Ended())
    assert [*HEAD, "completed"] == types(events)


def test_an_upstream_of_the_same_api():
    """Its ids, and what it says last."""
    started = Started("resp_up", "m", 7, {"service_tier": Raw(b'"auto"')}, OWN)
    opened = PartOpened(0, PartKind.TEXT, extra={"id": Raw(b'"msg_up"')})
    ended = Ended({"service_tier": Raw(b'"flex"')})
    events = streamed(started, opened, PartDelta(0, "a"), PartClosed(0), *STOP[:-1], ended)
    assert ("resp_up", "auto") == (
        events[0]["response"]["id"],
        events[0]["response"]["service_tier"],
    )
    assert "msg_up" == events[4]["item_id"]
    assert "flex" == events[-1]["response"]["service_tier"]


def test_a_fault():
    """An error, then the response as far as it came, failed; numbers go on, and nothing follows."""
    encoder = DIALECT.encoder(decode(), STAMP)
    before = encoder.feed([START, *text("a"), *call(1, "{}")[:-1]])
    events = parsed(before + encoder.fault(Disconnected("gone"), "req_1"))
    assert list(range(len(events))) == [event["sequence_number"] for event in events]
    error, failed = events[-2:]
    assert ("error", "gone") == (error["type"], error["error"]["message"])
    assert {"message", "type", "param", "code"} == error["error"].keys()
    response = failed["response"]
    assert ("response.failed", "failed") == (failed["type"], response["status"])
    assert {"code": "server_error", "message": "gone"} == response["error"]
    assert ["message"] == [item["type"] for item in response["output"]]
    assert b"" == encoder.feed([PartDelta(1, "x"), *STOP])


def test_a_fault_among_the_events():
    """Is told alike."""
    encoder = DIALECT.encoder(decode(), STAMP)
    events = parsed(encoder.feed([START, *text("a"), Faulted(Disconnected("gone")), Ended()]))
    assert ["error", "failed"] == types(events)[-2:]


def test_a_fault_before_anything():
    """There is a response to fail."""
    events = parsed(DIALECT.encoder(decode(), STAMP).fault(Disconnected("gone"), "req_1"))
    assert [*HEAD, "error", "failed"] == types(events)


def test_the_sdk_raises_for_a_fault():
    """Whatever came before it."""
    encoder = DIALECT.encoder(decode(), STAMP)
    stream = encoder.feed([START, TEXT, PartDelta(0, "a")])
    with pytest.raises(openai.APIError, match="gone"):
        sdk_events(stream + encoder.fault(Disconnected("gone"), "req_1"))


def test_the_sdk_accumulates():
    """At its strictest: text and arguments add up to what the response holds at last."""
    encoder = DIALECT.encoder(decode(), STAMP)
    said = [*text("Hel", "lo"), *call(1, '{"a"', ":1}")]
    snapshot, last = accumulated(encoder.feed([START, *said, *STOP]))
    assert "Hello" == snapshot.output[0].content[0].text == last.output_text
    assert '{"a":1}' == snapshot.output[1].arguments == last.output[1].arguments


def test_any_bursts():
    """Event by event it is the same as at once."""
    thought = [PartOpened(0, PartKind.REASONING), PartDelta(0, "hm"), PartClosed(0)]
    events = [START, *thought, *text("a", "b", index=1), *call(2, "{}"), *STOP]
    encoder = DIALECT.encoder(decode(), STAMP)
    single = b"".join(encoder.feed([event]) for event in events)
    assert DIALECT.encoder(decode(), STAMP).feed(events) == single
