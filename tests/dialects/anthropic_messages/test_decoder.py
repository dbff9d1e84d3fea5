"""Tests of an upstream's stream, made canonical events."""

from typing import Any

import pytest
from msgspec import Raw

from tests.dialects.anthropic_messages.kit import (
    DIALECT,
    NAME,
    STOP,
    block_start,
    block_stop,
    delta,
    events_of,
    message_delta,
    message_start,
    raw,
    sse,
    text_stream,
)
from trunkline.canon.errors import Disconnected, Garbled, Overloaded
from trunkline.canon.event import (
    Annotated,
    Ended,
    Event,
    Faulted,
    Finished,
    FinishReason,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Signed,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage

START = message_start()
HEAD: list[Event] = [
    Started("msg_1", "claude-x", 0, {}, NAME),
    UsageReported(Usage(input=10, output=1)),
]


def tail(reason: str = "end_turn", finish: FinishReason = FinishReason.STOP) -> list[Event]:
    return [
        UsageReported(Usage(input=10, output=5)),
        Finished(finish, 0, reason, None, NAME),
        Ended(),
    ]


def between(*events: dict[str, Any], reason: str = "end_turn") -> list[Event]:
    """The canonical events of a stream's blocks."""
    found = events_of(sse(START, *events, message_delta(reason), STOP))
    assert HEAD == found[:2]
    return found[2:-3]


def test_text() -> None:
    """Start, pieces, stop; pings and empty pieces say nothing."""
    stream = sse(
        START,
        block_start(0, type="text", text=""),
        {"type": "ping"},
        delta(0, type="text_delta", text="Hel"),
        delta(0, type="text_delta", text=""),
        delta(0, type="text_delta", text="lo"),
        block_stop(0),
        message_delta(),
        STOP,
    )

    assert [
        *HEAD,
        PartOpened(0, PartKind.TEXT),
        PartDelta(0, "Hel"),
        PartDelta(0, "lo"),
        PartClosed(0),
        *tail(),
    ] == events_of(stream)


def test_citations_belong_to_text() -> None:
    """From the start, or as deltas."""
    assert [
        PartOpened(0, PartKind.TEXT),
        PartDelta(0, "a"),
        Annotated(0, raw({"n": 1}), NAME),
        Annotated(0, raw({"n": 2}), NAME),
        PartClosed(0),
    ] == between(
        block_start(0, type="text", text="a", citations=[{"n": 1}]),
        delta(0, type="citations_delta", citation={"n": 2}),
        block_stop(0),
    )


def test_thinking() -> None:
    """Pieces, and the signature before the close."""
    assert [
        PartOpened(0, PartKind.REASONING, origin=NAME),
        PartDelta(0, "hm"),
        Signed(0, "Eq", NAME),
        PartClosed(0),
    ] == between(
        block_start(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="hm"),
        delta(0, type="signature_delta", signature="Eq"),
        block_stop(0),
    )


def test_thinking_whose_display_is_omitted() -> None:
    """A signature alone."""
    assert [
        PartOpened(0, PartKind.REASONING, origin=NAME),
        Signed(0, "Eq", NAME),
        PartClosed(0),
    ] == between(
        block_start(0, type="thinking", thinking="", signature=""),
        delta(0, type="signature_delta", signature="Eq"),
        block_stop(0),
    )


def test_redacted_thinking() -> None:
    """Whole in its start."""
    assert [
        PartOpened(0, PartKind.REASONING, origin=NAME, redacted=True),
        Signed(0, "D", NAME),
        PartClosed(0),
    ] == between(block_start(0, type="redacted_thinking", data="D"), block_stop(0))


def test_a_call() -> None:
    """Its arguments in pieces, the first of them empty; its caller kept."""
    assert [
        PartOpened(0, PartKind.TOOL_CALL, 0, "t", "f", extra={"caller": raw({"type": "direct"})}),
        PartDelta(0, '{"a"'),
        PartDelta(0, ":1}"),
        PartClosed(0),
    ] == between(
        block_start(0, type="tool_use", id="t", name="f", input={}, caller={"type": "direct"}),
        delta(0, type="input_json_delta", partial_json=""),
        delta(0, type="input_json_delta", partial_json='{"a"'),
        delta(0, type="input_json_delta", partial_json=":1}"),
        block_stop(0),
        reason="tool_use",
    )


@pytest.mark.parametrize("given, arguments", (({}, "{}"), ({"a": 1}, '{"a":1}')))
def test_a_call_without_pieces(given: Any, arguments: str) -> None:
    """No arguments are an empty object; some imitators send them whole in the start."""
    assert PartDelta(0, arguments) in between(
        block_start(0, type="tool_use", id="t", name="f", input=given),
        delta(0, type="input_json_delta", partial_json=""),
        block_stop(0),
        reason="tool_use",
    )


def test_a_servers_tool_is_opaque() -> None:
    """Given whole once it is whole, so that what follows keeps its place."""
    call = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}}
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}

    assert [
        PartOpened(0, PartKind.OPAQUE, raw=raw(call), origin=NAME),
        PartClosed(0),
        PartOpened(1, PartKind.OPAQUE, raw=raw(found), origin=NAME),
        PartClosed(1),
        PartOpened(2, PartKind.TEXT),
        PartDelta(2, "x"),
        PartClosed(2),
    ] == between(
        block_start(0, **{**call, "input": {}}),
        delta(0, type="input_json_delta", partial_json='{"q":1}'),
        block_stop(0),
        block_start(1, **found),
        block_stop(1),
        block_start(2, type="text", text=""),
        delta(2, type="text_delta", text="x"),
        block_stop(2),
    )


def test_usage_is_cumulative() -> None:
    """The last one stands and the input may have grown; fields beside it end the answer."""
    last = message_delta(
        usage={"input_tokens": 4714, "output_tokens": 304, "server_tool_use": {"n": 1}}
    )
    found = events_of(sse(message_start(input_tokens=2293, output_tokens=1), last, STOP))

    assert [Usage(input=2293, output=1), Usage(input=4714, output=304)] == [
        event.usage for event in found if isinstance(event, UsageReported)
    ]
    assert Ended({"usage": raw({"server_tool_use": {"n": 1}})}) == found[-1]


def test_fields_only_this_dialect_knows() -> None:
    """Of the message, of its delta, and beside it."""
    start = message_start(input_tokens=1, service_tier="standard")
    start["message"]["context_management"] = None
    last = message_delta(context_management={"applied_edits": []})
    last["delta"]["container"] = {"id": "c"}

    found = events_of(sse(start, last, STOP))

    assert (
        Started(
            "msg_1",
            "claude-x",
            0,
            {"context_management": Raw(b"null"), "usage": raw({"service_tier": "standard"})},
            NAME,
        )
        == found[0]
    )
    assert isinstance(found[-1], Ended)
    assert {"container", "context_management", "usage"} == set(found[-1].extra)


def test_why_it_ended() -> None:
    """Reason, sequence, details."""
    last = message_delta("refusal")
    last["delta"] |= {"stop_sequence": "END", "stop_details": {"type": "refusal"}}
    finished = Finished(
        FinishReason.CONTENT_FILTER, 0, "refusal", "END", NAME, raw({"type": "refusal"})
    )

    assert finished in events_of(sse(START, last, STOP))


def test_an_end_with_calls_asks_for_results() -> None:
    """Whatever the upstream said."""
    found = events_of(
        sse(
            START,
            block_start(0, type="tool_use", id="t", name="f", input={}),
            block_stop(0),
            message_delta("end_turn"),
            STOP,
        )
    )

    assert Finished(FinishReason.TOOL_CALLS, 0, "end_turn", None, NAME) in found


def test_a_block_left_open_is_closed_by_the_end() -> None:
    """Some imitators forget; the events stay in order."""
    found = events_of(
        sse(
            START,
            block_start(0, type="text", text="x"),
            block_start(1, type="server_tool_use", id="s", name="n", input={}),
            message_delta(),
            STOP,
        )
    )

    assert [PartOpened, PartDelta, PartClosed, PartOpened, PartClosed] == [
        type(event) for event in found[2:-3]
    ]


def test_an_error_event_is_a_fault() -> None:
    """Decoded, and nothing after it counts."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    found = events_of(sse(START, error, block_start(0, type="text", text="x")))

    assert 3 == len(found)
    assert isinstance(found[2], Faulted)
    assert isinstance(found[2].error, Overloaded)
    assert 529 == found[2].error.status


def test_an_error_without_a_type_is_one() -> None:
    """As OpenAI writes it, from providers that mix the two."""
    stream = sse(START) + b'data: {"type":"","error":{"message":"boom"}}\n\n'

    assert isinstance(events_of(stream)[-1], Faulted)


@pytest.mark.parametrize("cut", (0, 1, 2, 3, 4))
def test_a_stream_that_is_cut_is_disconnected(cut: int) -> None:
    """Before it said why it ended, wherever that is."""
    events = text_stream("a", "b").split(b"\n\n")[: cut + 1]

    with pytest.raises(Disconnected):
        events_of(b"\n\n".join([*events, b""]))


def test_a_cut_within_an_event_is_a_cut() -> None:
    """Half an event is not a wrong one."""
    with pytest.raises(Disconnected):
        events_of(text_stream("a")[:-200])


def test_the_end_needs_no_sentinel() -> None:
    """A reason was given: it is whole."""
    whole = text_stream("a")

    assert events_of(whole) == events_of(whole[: whole.index(b"event: message_stop")])


def test_a_last_event_without_its_blank_line_counts() -> None:
    """Providers leave it out."""
    whole = text_stream("a")

    assert events_of(whole) == events_of(whole[:-2])


def test_another_dialects_sentinel_is_ignored() -> None:
    """Some append it to everything."""
    assert events_of(text_stream("a")) == events_of(text_stream("a") + b"data: [DONE]\n\n")


@pytest.mark.parametrize("newline", (b"\r\n", b"\r", b"\n"))
@pytest.mark.parametrize("width", (None, 1, 7))
def test_any_framing(newline: bytes, width: int | None) -> None:
    """All three line ends, no event names, no space behind the colon, comments, any chunking."""
    plain = text_stream("é", "b")
    names = b"\n".join(
        line for line in plain.split(b"\n") if not line.startswith(b"event:")
    ).replace(b"data: ", b": hello\ndata:")

    expected = events_of(plain)

    assert expected == events_of(plain.replace(b"\n", newline), width)
    assert expected == events_of(names.replace(b"\n", newline), width)


def test_data_in_several_lines() -> None:
    """Belongs together, in the deltas that take the quick way, too."""
    plain = text_stream("a", "b")
    lines = plain.replace(b'"index":0,', b'"index":0,\ndata: ')

    assert lines.count(b"\ndata:") > plain.count(b"\ndata:")
    assert events_of(plain) == events_of(lines)


TEXT = block_start(0, type="text", text="")


@pytest.mark.parametrize(
    "events",
    (
        [block_stop(0)],
        [START, START],
        [{"type": "message_start"}],
        [START, block_stop(0)],
        [START, delta(0, type="text_delta", text="x")],
        [START, TEXT, TEXT],
        [START, TEXT, delta(0, type="thinking_delta", thinking="x")],
        [START, TEXT, {"type": "content_block_delta", "index": 0}, STOP],
        [START, {"type": "content_block_start", "index": 0}],
        [START, {"type": "content_block_start", "index": 0, "content_block": {"text": "x"}}],
        [START, message_delta(), TEXT],
        [START, STOP],
        [START, {"type": "message_delta", "delta": 3}],
        [START, message_delta(usage={"output_tokens": "many"})],
    ),
)
def test_what_breaks_the_order_is_garbled(events: list[dict[str, Any]]) -> None:
    """No guess is made at what was meant."""
    with pytest.raises(Garbled):
        events_of(sse(*events))


@pytest.mark.parametrize("data", (b"{", b"3", b'{"type":3}', b'{"type":"ping","index":"\xff"}'))
def test_what_is_no_event_is_garbled(data: bytes) -> None:
    """And nothing else escapes."""
    with pytest.raises(Garbled):
        events_of(sse(START) + b"data: " + data + b"\n\n")


def test_what_came_before_the_garbage_is_given() -> None:
    """First the events, then the fault, and it stays."""
    decoder = DIALECT.decoder()

    assert HEAD == decoder.feed(sse(START) + b"data: {\n\n")
    for _ in range(2):
        with pytest.raises(Garbled):
            decoder.feed(b"")
    with pytest.raises(Garbled):
        decoder.finish()


def test_what_is_new_is_ignored() -> None:
    """Events and deltas that may come one day."""
    assert [PartOpened(0, PartKind.TEXT), PartClosed(0)] == between(
        TEXT, {"type": "weather", "x": 1}, delta(0, type="mood_delta", mood="good"), block_stop(0)
    )


@pytest.mark.parametrize("at", (b',"text"', b"}\n\n"))
def test_data_on_two_lines_is_no_json_of_one(at: bytes) -> None:
    """Its second line lacks the name of a field, and is none: found by fuzzing, wherever reads cut."""
    one, two = (delta(0, type="text_delta", text=text) for text in ("one", "two"))
    whole = sse(START, block_start(0, type="text", text=""), one)
    split = sse(two).replace(at, b"\n" + at, 1)
    assert events_of(whole + sse(two, block_stop(0), message_delta(), STOP))

    for width in (None, 1, len(whole)):
        with pytest.raises(Garbled):
            events_of(whole + split, width)


@pytest.mark.parametrize("newline", ("\n\n", "\n\n\n"))
def test_a_delta_says_what_its_type_names(newline: str) -> None:
    """However the event is framed: a thought's `text` is no thought."""
    stream = sse(
        START,
        block_start(0, type="thinking", thinking=""),
        delta(0, type="thinking_delta", thinking="", text="no"),
        delta(0, type="thinking_delta", thinking="a", text={"no": 1}),
        message_delta(),
        STOP,
    )

    events = events_of(stream.replace(b"\n\n", newline.encode()))

    assert [PartDelta(0, "a")] == [event for event in events if isinstance(event, PartDelta)]


def test_a_deltas_own_usage_is_none() -> None:
    """The event's is: what an ending's delta calls so is not carried as if it were."""
    last = message_delta("end_turn")
    last["delta"]["usage"] = ""

    assert {} == events_of(sse(START, last, STOP))[-1].extra
