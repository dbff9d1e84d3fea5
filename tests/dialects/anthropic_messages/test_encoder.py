"""Tests of canonical events as the stream an Anthropic client reads."""

from typing import Any

import pytest
from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import (
    DIALECT,
    NAME,
    STAMP,
    chat,
    events_of,
    parsed,
    raw,
    streamed,
    text_stream,
)
from trunkline.canon.errors import Disconnected, Overloaded
from trunkline.canon.event import (
    Annotated,
    Ended,
    Event,
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
from trunkline.dialects.anthropic_messages.signature import pack

FOREIGN = Started("chatcmpl-1", "gpt-x", 0, {"system_fingerprint": Raw(b'"fp"')}, "openai-chat")
OWN = Started("msg_x", "claude-x", 0, {}, NAME)
END = (Finished(FinishReason.STOP), Ended())
TEXT = (PartOpened(0, PartKind.TEXT), PartDelta(0, "hi"), PartClosed(0))


def call(index: int, arguments: str = '{"a":1}', **more: Any) -> list[Event]:
    opened = PartOpened(index, PartKind.TOOL_CALL, 0, f"t{index}", "f", **more)
    return [opened, PartDelta(index, arguments), PartClosed(index)]


def blocks(*events: Event, started: Started = FOREIGN) -> list[Any]:
    """What lies between message_start and message_delta, the ping left out."""
    found = streamed([started, *events, *END])
    assert ["message_start", "message_delta", "message_stop"] == [
        found[0]["type"],
        *[event["type"] for event in found[-2:]],
    ]
    return [event for event in found[1:-2] if event["type"] != "ping"]


def test_the_real_shape() -> None:
    """Every key, in the order of the API, to the byte."""
    events = [
        FOREIGN,
        *TEXT,
        Finished(FinishReason.STOP),
        UsageReported(Usage(input=3, output=4)),
        Ended(),
    ]

    assert (
        b'event: message_start\ndata: {"type":"message_start","message":{"model":"gpt-x",'
        b'"id":"msg_01STAMP","type":"message","role":"assistant","content":[],"stop_reason":null,'
        b'"stop_sequence":null,"stop_details":null,"usage":{"input_tokens":4,'
        b'"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,'
        b'"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0}}}}\n\n'
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
        b'"content_block":{"type":"text","text":""}}\n\n'
        b'event: ping\ndata: {"type": "ping"}\n\n'
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        b'"delta":{"type":"text_delta","text":"hi"}}\n\n'
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn",'
        b'"stop_sequence":null,"stop_details":null},"usage":{"input_tokens":3,'
        b'"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":4}}\n\n'
        b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    ) == DIALECT.encoder(chat(), STAMP).feed(events)


def test_it_is_the_same_in_any_bursts() -> None:
    """One event at a time, or all at once."""
    events = events_of(text_stream("a", "b"))
    one_by_one = DIALECT.encoder(chat(), STAMP)

    assert DIALECT.encoder(chat(), STAMP).feed(events) == b"".join(
        one_by_one.feed([event]) for event in events
    )


def test_usage_that_comes_first_stands_first() -> None:
    """message_start waits for something to say."""
    encoder = DIALECT.encoder(chat(), STAMP)

    assert b"" == encoder.feed([FOREIGN, UsageReported(Usage(input=9, cache_read=1))])
    usage = parsed(encoder.feed(TEXT))[0]["message"]["usage"]
    assert (9, 1) == (usage["input_tokens"], usage["cache_read_input_tokens"])


def test_an_empty_answer_is_an_answer() -> None:
    """Without a block."""
    assert [] == blocks()


def test_an_empty_text_is_no_block() -> None:
    """The next part takes its index."""
    empty = [PartOpened(0, PartKind.TEXT), PartClosed(0)]

    assert [0, 0, 0, 0] == [event["index"] for event in blocks(*empty, *call(1))]


def test_a_call() -> None:
    """Starts empty, first piece empty, closes."""
    assert [
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "t0", "name": "f", "input": {}},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": ""},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'},
        },
        {"type": "content_block_stop", "index": 0},
    ] == blocks(*call(0))


def test_a_custom_tools_text_becomes_an_object() -> None:
    """Clients of this dialect have none: the pieces amount to the JSON of one string."""
    opened = PartOpened(0, PartKind.TOOL_CALL, 0, "t", "f", "custom")
    pieces = [
        event["delta"]["partial_json"]
        for event in blocks(opened, PartDelta(0, 'say "h'), PartDelta(0, 'é"\n'), PartClosed(0))
        if event["type"] == "content_block_delta"
    ]

    assert {"input": 'say "hé"\n'} == json.decode("".join(pieces))


def test_its_own_call_keeps_its_caller() -> None:
    """Another dialect's fields do not pass for it."""
    extra = {"caller": raw({"type": "direct"})}

    assert "caller" in blocks(*call(0, extra=extra), started=OWN)[0]["content_block"]
    assert "caller" not in blocks(*call(0, extra=extra))[0]["content_block"]


def test_parts_that_interleave_are_put_in_order() -> None:
    """One closes before the next opens; what waits is in order of opening."""
    opened = [PartOpened(i, PartKind.TOOL_CALL, 0, f"t{i}", "f") for i in range(3)]
    pieces = [PartDelta(i, piece) for piece in ("{", "}") for i in (2, 1, 0)]
    found = blocks(*opened, *pieces, PartClosed(1), PartClosed(0), PartClosed(2))

    assert [0] * 5 + [1] * 5 + [2] * 5 == [event["index"] for event in found]
    assert ["t0", "t1", "t2"] == [
        event["content_block"]["id"] for event in found if "content_block" in event
    ]
    assert ["", "{", "}"] * 3 == [
        event["delta"]["partial_json"] for event in found if "delta" in event
    ]


def test_a_part_that_waits_streams_once_it_is_its_turn() -> None:
    """It is held no longer than it must."""
    encoder = DIALECT.encoder(chat(), STAMP)
    first, second = PartOpened(0, PartKind.TEXT), PartOpened(1, PartKind.TEXT)
    encoder.feed([FOREIGN, first, PartDelta(0, "a"), second, PartDelta(1, "b")])

    assert b'"text":"b"' in encoder.feed([PartClosed(0)])
    assert b'"text":"c"' in encoder.feed([PartDelta(1, "c")])


def test_thousands_of_waiting_parts() -> None:
    """Depth is no matter."""
    opened = [PartOpened(i, PartKind.TOOL_CALL, 0, f"t{i}", "f") for i in range(3000)]
    closed = [PartClosed(i) for i in reversed(range(3000))]

    assert 2999 == blocks(*opened, *closed)[-1]["index"]


def test_own_thinking() -> None:
    """With its signature, before the stop; without one there is none."""
    signed = [
        PartOpened(0, PartKind.REASONING, origin=NAME),
        PartDelta(0, "hm"),
        Signed(0, "Eq", NAME),
        PartClosed(0),
    ]

    assert [
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "Eq"},
    ] == [e.get("content_block") or e["delta"] for e in blocks(*signed, started=OWN)[:-1]]
    assert 3 == len(blocks(*signed[:2], signed[3], started=OWN))


def test_foreign_thinking_is_tagged() -> None:
    """Signed or not, it must find its way back to its own."""
    opened = PartOpened(0, PartKind.REASONING)
    unsigned = blocks(opened, PartDelta(0, "hm"), PartClosed(0))
    signed = blocks(opened, Signed(0, "enc", "openai-responses"), PartClosed(0))

    assert pack("", "openai-chat") == unsigned[-2]["delta"]["signature"]
    assert pack("enc", "openai-responses") == signed[-2]["delta"]["signature"]
    assert [] == blocks(opened, PartClosed(0))


def test_redacted_thinking_is_whole_in_its_start() -> None:
    """Own or foreign."""
    part = (PartOpened(0, PartKind.REASONING, redacted=True), Signed(0, "D", NAME), PartClosed(0))
    other = (part[0], PartDelta(0, "?"), Signed(0, "D", "gemini"), part[2])

    assert {"type": "redacted_thinking", "data": "D"} == blocks(*part)[0]["content_block"]
    assert pack("D", "gemini") == blocks(*other)[0]["content_block"]["data"]
    assert 2 == len(blocks(*other))


def test_citations() -> None:
    """Its own dialect's alone; they open a text that has not spoken yet."""
    cited = [
        PartOpened(0, PartKind.TEXT),
        Annotated(0, raw({"n": 1}), NAME),
        Annotated(0, raw({"n": 2}), "openai-chat"),
        PartClosed(0),
    ]

    assert [
        {"type": "text", "text": ""},
        {"type": "citations_delta", "citation": {"n": 1}},
    ] == [e.get("content_block") or e["delta"] for e in blocks(*cited)[:-1]]


def test_opaque_parts() -> None:
    """Its own as it streams them; another's has no place."""
    own = raw({"type": "server_tool_use", "id": "s", "name": "n", "input": {"q": 1}})
    part = PartOpened(0, PartKind.OPAQUE, raw=own, origin=NAME)

    assert 4 == len(blocks(part, PartClosed(0)))
    assert [] == blocks(PartOpened(0, PartKind.OPAQUE, raw=own, origin="gemini"), PartClosed(0))


def test_a_refusal() -> None:
    """Its words as text, its reason as this dialect gives it."""
    found = streamed(
        [FOREIGN, PartOpened(0, PartKind.REFUSAL), PartDelta(0, "No."), PartClosed(0), *END]
    )

    assert {"type": "text_delta", "text": "No."} == found[3]["delta"]
    assert "refusal" == found[-2]["delta"]["stop_reason"]


def test_only_the_first_choice() -> None:
    """The others, and log probabilities, have no place."""
    other = [
        PartOpened(1, PartKind.TEXT, choice=1),
        PartDelta(1, "no"),
        Logprobs(1, Raw(b"{}")),
        PartClosed(1),
        Finished(FinishReason.LENGTH, choice=1),
    ]
    found = streamed([FOREIGN, TEXT[0], *other, *TEXT[1:], *END])

    assert ["hi"] == [e["delta"]["text"] for e in found if e["type"] == "content_block_delta"]
    assert "end_turn" == found[-2]["delta"]["stop_reason"]


@pytest.mark.parametrize(
    "finished, word",
    (
        (Finished(FinishReason.TOOL_CALLS), "tool_use"),
        (Finished(FinishReason.STOP), "tool_use"),
        (Finished(FinishReason.LENGTH), "max_tokens"),
    ),
)
def test_why_it_ended_with_a_call(finished: Finished, word: str) -> None:
    """A call is a call, a limit a limit."""
    found = streamed([FOREIGN, *call(0), finished, Ended()])

    assert word == found[-2]["delta"]["stop_reason"]


def test_fields_only_this_dialect_knows() -> None:
    """Each where the API puts it, and no other dialect's."""
    started = Started(
        "msg_x", "m", 0, {"usage": raw({"service_tier": "batch"}), "y": Raw(b"1")}, NAME
    )
    ended = Ended(
        {
            "container": raw({"id": "c"}),
            "context_management": raw({"applied_edits": []}),
            "usage": raw({"server_tool_use": {"n": 1}}),
        }
    )
    found = streamed([started, *TEXT, Finished(FinishReason.STOP, origin=NAME), ended])

    message, last = found[0]["message"], found[-2]
    assert (1, "batch") == (message["y"], message["usage"]["service_tier"])
    assert {"id": "c"} == last["delta"]["container"]
    assert {"applied_edits": []} == last["context_management"]
    assert {"n": 1} == last["usage"]["server_tool_use"]
    foreign = streamed([FOREIGN, *END[:1], ended])
    assert {"type", "delta", "usage"} == set(foreign[-2])
    assert "system_fingerprint" not in foreign[0]["message"]


def test_a_fault_ends_it() -> None:
    """An error event, and never an ending."""
    encoder = DIALECT.encoder(chat(), STAMP)
    encoder.feed([FOREIGN, *TEXT[:2]])

    assert (
        b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"gone"}}\n\n'
        == encoder.feed([Faulted(Disconnected("gone")), *END])
    )
    assert b"" == encoder.feed(END)


def test_a_fault_before_everything() -> None:
    """There is nothing but the error."""
    found = streamed([Faulted(Overloaded("busy", status=529))])

    assert [{"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}] == found
