"""Tests of streams."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.bedrock_converse.kit import (
    DIALECT,
    METADATA,
    START,
    decode,
    delta,
    end,
    event,
    exception,
    start,
    stop,
)
from trunkline.canon.content import Reasoning, Text, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, Overloaded, Throttled
from trunkline.canon.event import (
    Annotated,
    Ended,
    Faulted,
    Finished,
    FinishReason,
    PartDelta,
    Signed,
    UsageReported,
)
from trunkline.canon.fold import fold
from trunkline.canon.grammar import violations
from trunkline.canon.usage import Usage
from trunkline.wire.awsstream import encode as framed

NAME = DIALECT.name
WHOLE = b"".join((
    START,
    delta(0, reasoning_content={"text": "h"}),
    delta(0, reasoning_content={"text": "m"}),
    delta(0, reasoning_content={"signature": "s1"}),
    delta(0, reasoning_content={"signature": "s2"}),
    stop(0),
    delta(1, text="Let me "),
    delta(1, text="look."),
    stop(1),
    start(2, "weather"),
    delta(2, tool_use={"input": '{"city":'}),
    delta(2, tool_use={"input": '"Oslo"}'}),
    stop(2),
    start(3, "now", "t2"),
    stop(3),
    end("tool_use"),
))  # fmt: skip


def test_a_whole_stream():
    """Thinking with its signature, text, calls with and without arguments, usage, an end."""
    events = decode(WHOLE)
    answer = fold(events)

    assert [] == violations(events)
    assert (
        Reasoning("hm", "s1s2", NAME),
        Text("Let me look."),
        ToolCall("t1", "weather", '{"city":"Oslo"}'),
        ToolCall("t2", "now", "{}"),
    ) == answer.choices[0].parts
    assert FinishReason.TOOL_CALLS is answer.choices[0].finish
    assert Usage(input=10, output=5) == answer.usage


@given(st.integers(1, 90))
def test_any_chunking_gives_the_same_events(width):
    """Within preludes, headers and payloads."""
    decoder = DIALECT.decoder()
    events = [
        event
        for at in range(0, len(WHOLE), width)
        for event in decoder.feed(WHOLE[at : at + width])
    ]

    assert decode(WHOLE) == [*events, *decoder.finish()]


def test_usage_comes_behind_the_finish_and_ends_it():
    """Nothing follows the metadata, so nobody need wait for the end of the body."""
    finished, usage, ended = decode(WHOLE)[-3:]

    assert (Finished, UsageReported, Ended) == (type(finished), type(usage), type(ended))


def test_without_metadata_it_is_an_end_all_the_same():
    """A missing last event is forgiven once the answer said why it finished."""
    events = decode(
        START, delta(0, text="x"), stop(0), event("messageStop", stop_reason="end_turn")
    )

    assert Ended() == events[-1]


def test_hidden_thinking_in_pieces():
    """Base64 of the whole, whatever the pieces' padding."""
    pieces = [base64.b64encode(piece).decode() for piece in (b"ab", b"cde")]
    events = decode(
        START, *[delta(0, reasoning_content={"redactedContent": p}) for p in pieces], stop(0), end()
    )

    assert [Signed(0, base64.b64encode(b"abcde").decode(), NAME)] == [
        event for event in events if isinstance(event, Signed)
    ]
    assert [] == violations(events)


def test_a_model_that_thinks_and_speaks_in_one_block():
    """Two parts, in order."""
    events = decode(START, delta(0, reasoning_content={"text": "hm"}), delta(0, text="x"), end())

    assert (Reasoning("hm", "", NAME), Text("x")) == fold(events).choices[0].parts
    assert [] == violations(events)


def test_citations_stay_with_their_text():
    """As Bedrock wrote them."""
    events = decode(START, delta(0, text="x"), delta(0, citation={"title": "t"}), stop(0), end())

    assert [b'{"title":"t"}'] == [bytes(e.raw) for e in events if isinstance(e, Annotated)]


def test_what_the_provider_ran_itself():
    """No part of it, but what the model says of it."""
    events = decode(
        START,
        start(0, "nova_code_interpreter", type="server_tool_use"),
        delta(0, tool_use={"input": "{}"}),
        stop(0),
        event(
            "contentBlockStart", content_block_index=1, start={"toolResult": {"toolUseId": "t1"}}
        ),
        delta(1, tool_result=[{"text": "42"}]),
        stop(1),
        delta(2, text="It is 42."),
        stop(2),
        end(),
    )

    assert (Text("It is 42."),) == fold(events).choices[0].parts
    assert FinishReason.STOP is fold(events).choices[0].finish


@pytest.mark.parametrize(
    ("name", "expected"),
    (
        ("throttlingException", Throttled),
        ("modelStreamErrorException", Overloaded),
        ("serviceUnavailableException", Overloaded),
        ("internalServerException", Overloaded),
    ),
)
def test_an_exception_is_a_fault(name, expected):
    """After content, and before anything."""
    for stream in ((START, delta(0, text="x")), ()):
        fault = decode(*stream, exception(name, "no more"), METADATA)[-1]

        assert isinstance(fault, Faulted)
        assert expected is type(fault.error)
        assert "no more" == fault.error.message


def test_an_error_of_the_stream_itself():
    """Its code and message are headers."""
    headers = {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "oops"}
    fault = decode(START, framed(headers, b""))[-1]

    assert isinstance(fault, Faulted)
    assert "oops" == fault.error.message


@pytest.mark.parametrize(
    "stream",
    (
        (),
        (START,),
        (START, delta(0, text="x")),
        (START, delta(0, text="x"), stop(0), METADATA),
        (START, delta(0, text="x"), stop(0), event("messageStop", stop_reason="end_turn"), b"\0"),
    ),
)
def test_a_cut_is_never_an_end(stream):
    """Before its reason, or within a message."""
    with pytest.raises(Disconnected):
        decode(*stream)


@pytest.mark.parametrize(
    "stream",
    (
        (delta(0, text="x"),),
        (START, START),
        (START, delta(0, tool_use={"input": "{}"})),
        (START, start(0, "f"), start(0, "g")),
        (START, event("messageStop"), METADATA),
        (START, event("messageStop", stop_reason="end_turn"), delta(0, text="x")),
        (START, event("messageStop", stop_reason="end_turn"), start(0, "f")),
        (START, event("messageStop", stop_reason="malformed_tool_use")),
        (START, framed({":message-type": "event", ":event-type": "metadata"}, b"[")),
        (START, framed({":message-type": "event", ":event-type": "metadata"}, b"\xff")),
        (START, delta(0, reasoning_content={"redactedContent": "?"}), delta(0, reasoning_content={"redactedContent": "?"})),
        (START, b"\xff" * 40),
    ),
)  # fmt: skip
def test_what_is_no_stream_is_garbled(stream):
    """Told once, and after what came before it."""
    with pytest.raises(Garbled):
        decode(*stream)


def test_what_came_before_a_garbled_event_is_given_first():
    """In the same read."""
    decoder = DIALECT.decoder()
    events = decoder.feed(START + delta(0, text="x") + b"\xff" * 40)

    assert PartDelta(0, "x") == events[-1]
    with pytest.raises(Garbled):
        decoder.feed(b"")


def test_behind_the_end_nothing_counts():
    """Neither events nor rubbish."""
    decoder = DIALECT.decoder()
    decoder.feed(WHOLE)

    assert ([], []) == (decoder.feed(START + b"\xff" * 40), decoder.finish())


def test_unknown_events_are_ignored():
    """What may be added one day."""
    events = decode(START, event("somethingNew"), delta(0, text="x"), delta(1, image={}), end())

    assert (Text("x"),) == fold(events).choices[0].parts
