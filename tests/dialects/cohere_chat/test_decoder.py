"""Tests of streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.dialects.cohere_chat.kit import (
    DIALECT,
    START,
    begin,
    call,
    cite,
    decode,
    end,
    event,
    hang_up,
    piece,
    plan,
    stop,
    text,
    thought,
    whole,
)
from trunkline.canon.content import Reasoning, Text, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, GatewayError, Overloaded, TimedOut
from trunkline.canon.event import (
    Annotated,
    Ended,
    Faulted,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    UsageReported,
)
from trunkline.canon.fold import fold
from trunkline.canon.grammar import violations
from trunkline.canon.usage import Usage

NAME = DIALECT.name
WHOLE = b"".join((
    START,
    begin(0, "thinking"),
    thought(0, "h"),
    thought(0, "m"),
    stop(0),
    plan("I will "),
    plan("look."),
    call(0, "weather"),
    piece(0, '{"city":'),
    piece(0, '"Oslo"}'),
    hang_up(0),
    call(1, "now", call_id="t2"),
    hang_up(1),
    end("TOOL_CALL"),
))  # fmt: skip
EVENTS = (
    START,
    begin(0, "text"),
    text(0, "a"),
    text(1, "b"),
    thought(0, "c"),
    stop(0),
    plan("p"),
    call(0, "f"),
    call(1, "g", None),
    piece(0, "nu"),
    piece(0, "ll"),
    piece(1, "{}"),
    hang_up(0),
    cite(text="a"),
    event("citation-end", index=0),
    event("new-thing", delta=[]),
    b"data: [DONE]\n\n",
    b": hello\n\n",
    end(),
    end("ERROR"),
)


def test_a_whole_stream():
    """Thinking, the plan as text, calls with and without arguments, usage, an end."""
    events = decode(WHOLE)
    answer = fold(events)

    assert [] == violations(events)
    assert (
        Reasoning("hm", origin=NAME),
        Text("I will look."),
        ToolCall("t1", "weather", '{"city":"Oslo"}'),
        ToolCall("t2", "now", "{}"),
    ) == answer.choices[0].parts
    assert FinishReason.TOOL_CALLS is answer.choices[0].finish
    assert Usage(input=10, output=5) == answer.usage
    assert "c1" == answer.id


@given(st.integers(1, 90))
def test_any_chunking_gives_the_same_events(width):
    """Within names, JSON and line ends."""
    decoder = DIALECT.decoder()
    events = [
        event
        for at in range(0, len(WHOLE), width)
        for event in decoder.feed(WHOLE[at : at + width])
    ]

    assert decode(WHOLE) == [*events, *decoder.finish()]


@given(st.lists(st.sampled_from(EVENTS), max_size=14))
def test_the_grammar_holds_in_any_order(stream):
    """Or only a GatewayError escapes, after events that keep it as well."""
    decoder, events = DIALECT.decoder(), []
    try:
        for data in (START, *stream):
            events += decoder.feed(data)
        events += decoder.finish()
    except GatewayError:
        assert [] == violations(events, whole=False)
    else:
        assert [] == violations(events)


def test_the_end_is_told_with_the_last_event():
    """Nothing follows it, so nobody need wait for the end of the body."""
    finished, usage, ended = decode(WHOLE)[-3:]

    assert (Finished, UsageReported, Ended) == (type(finished), type(usage), type(ended))


def test_a_last_event_without_its_blank_line_counts():
    """Some servers leave it out."""
    assert decode(WHOLE) == decode(WHOLE.rstrip(b"\n"))


def test_empty_blocks_are_none():
    """A start brings no part, but what it says counts."""
    begun = event(
        "content-start", index=1, delta={"message": {"content": {"type": "text", "text": "x"}}}
    )
    events = decode(START, begin(0, "text"), stop(0), begun, text(1, "y"), stop(1), end())

    assert (Text("xy"),) == fold(events).choices[0].parts


@pytest.mark.parametrize("pieces", (("null",), ("nu", "ll"), (" ", "null "), ("",), (None,), ()))
def test_null_arguments_are_an_empty_object(pieces):
    """However they are cut; as a whole answer they say the same."""
    events = decode(
        START, call(0, "f", None), *[piece(0, p) for p in pieces], hang_up(0), end("TOOL_CALL")
    )

    assert (ToolCall("t1", "f", "{}"),) == fold(events).choices[0].parts
    assert [PartDelta(0, "{}")] == [e for e in events if isinstance(e, PartDelta)]


def test_what_only_begins_like_null_is_kept():
    """To the letter: models write what is no JSON, too."""
    events = decode(START, call(0, "f", "n"), piece(0, "ull"), piece(0, "s"), end("TOOL_CALL"))

    assert (ToolCall("t1", "f", "nulls"),) == fold(events).choices[0].parts


def test_calls_may_interleave():
    """Each has its index, apart from those of content."""
    events = decode(
        START,
        plan("p"),
        call(0, "f"),
        call(1, "g", call_id="t2"),
        piece(1, '{"b":1}'),
        piece(0, '{"a":1}'),
        end("TOOL_CALL"),
    )

    assert [] == violations(events)
    assert (Text("p"), ToolCall("t1", "f", '{"a":1}'), ToolCall("t2", "g", '{"b":1}')) == fold(
        events
    ).choices[0].parts


def test_citations_stay_with_their_text():
    """Even where they follow its end; those of thinking are nobody's."""
    events = decode(
        START,
        text(0, "sunny"),
        cite(start=0, end=5, text="sunny", type="TEXT_CONTENT"),
        cite(text="of thinking", type="THINKING_CONTENT"),
        stop(0),
        cite(text="late"),
        cite(text="elsewhere", content_index=7),
        event("citation-end", index=0),
        event("citation-start", index=1),
        end(),
    )

    told = [json.decode(e.raw)["text"] for e in events if isinstance(e, Annotated)]
    assert ["sunny", "late"] == told
    assert [] == violations(events)
    assert PartClosed(0) == events[-4]


def test_a_citation_without_a_text_is_dropped():
    """While the model thinks, or before it says anything."""
    events = decode(START, cite(text="x"), thought(0, "hm"), cite(text="x"), end())

    assert [] == [e for e in events if isinstance(e, Annotated)]


def test_log_probabilities():
    """A piece's stands with it."""
    told = {"text": "hi", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]}
    (logprobs,) = [
        e for e in decode(START, text(0, "hi", logprobs=told), end()) if isinstance(e, Logprobs)
    ]

    assert -0.75 == json.decode(logprobs.raw)["content"][0]["logprob"]


@pytest.mark.parametrize(("reason", "kind"), (("ERROR", Overloaded), ("TIMEOUT", TimedOut)))
def test_an_answer_the_provider_gave_up_on_is_a_fault(reason, kind):
    """Never an ending; what it cost is told all the same."""
    *_, usage, fault = decode(START, text(0, "x"), end(reason, error="gpu on fire"))

    assert isinstance(usage, UsageReported)
    assert isinstance(fault, Faulted)
    assert (kind, "gpu on fire") == (type(fault.error), fault.error.message)


@pytest.mark.parametrize(
    "data",
    (
        b'data: {"message":"internal server error","id":"x"}\n\n',
        b'event: error\ndata: {"type":"error","message":"no more"}\n\n',
        b'data: {"type":"error","error":{"message":"no more"}}\n\n',
    ),
)
def test_an_error_event_is_a_fault(data):
    """After content, and before anything; nothing counts behind it."""
    for stream in ((START, text(0, "x")), ()):
        fault = decode(*stream, data, end())[-1]

        assert isinstance(fault, Faulted)


@pytest.mark.parametrize(
    "stream", ((), (START,), (START, text(0, "x")), (START, text(0, "x"), stop(0), b"data: [DONE]"))
)
def test_a_cut_is_never_an_end(stream):
    """Before its reason."""
    with pytest.raises(Disconnected):
        decode(*stream)


@pytest.mark.parametrize(
    "stream",
    (
        (text(0, "x"),),
        (START, START),
        (START, piece(0, "{}")),
        (START, call(0, "f"), call(0, "g")),
        (START, event("message-end", delta={}), end()),
        (START, event("message-end")),
        (START, b"data: [\n\n"),
        (START, b'data: {"a":1}\n\n'),
        (START, b"data: \xff\n\n"),
        (START, event("content-delta", index="a")),
        (START, event("citation-start", delta={"message": {"citations": [1]}})),
    ),
)
def test_what_is_no_stream_is_garbled(stream):
    """Told once, and after what came before it."""
    with pytest.raises(Garbled):
        decode(*stream)


def test_what_came_before_a_garbled_event_is_given_first():
    """In the same read; then it is told, again and again."""
    decoder = DIALECT.decoder()
    events = decoder.feed(START + text(0, "x") + b"data: [\n\n")

    assert PartDelta(0, "x") == events[-1]
    for more in (lambda: decoder.feed(b""), decoder.finish):
        with pytest.raises(Garbled):
            more()


def test_an_endless_event_is_refused():
    """No more than the framing allows, and for good."""
    decoder = DIALECT.decoder()
    with pytest.raises(Garbled):
        decoder.feed(b"data: " + b"x" * (9 << 20))
    with pytest.raises(Garbled):
        decoder.feed(START)


def test_behind_the_end_nothing_counts():
    """Neither events nor rubbish."""
    decoder = DIALECT.decoder()
    decoder.feed(WHOLE)

    assert ([], []) == (decoder.feed(START + b"data: [\n\n"), decoder.finish())


def test_unknown_events_are_ignored():
    """What may be added one day, and what is for people."""
    events = decode(START, event("debug", prompt="..."), text(0, "x"), b": ping\n\n", end())

    assert (Text("x"),) == fold(events).choices[0].parts


def test_streamed_and_whole_are_one():
    """The same answer, part by part."""
    calls = [
        {"id": "t1", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
        {"id": "t2", "function": {"name": "now", "arguments": "null"}},
    ]
    body = whole(
        "TOOL_CALL",
        content=[{"type": "thinking", "thinking": "hm"}],
        tool_plan="I will look.",
        tool_calls=calls,
    )

    assert DIALECT.decode_answer(body) == fold(decode(WHOLE))
