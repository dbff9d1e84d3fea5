"""Properties that hold for whatever comes: grammar, chunking, errors, and the way there and back."""

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, json, structs

from tests.dialects.anthropic_messages.kit import (
    DIALECT,
    NAME,
    STAMP,
    block_start,
    block_stop,
    chat,
    deployment,
    events_of,
    message_delta,
    message_start,
    sse,
)
from tests.dialects.anthropic_messages.kit import delta as piece
from tests.fuzz.anthropic_messages import check
from tests.strategies import (
    canon_answers,
    canon_requests,
    canon_streams,
    chunkings,
    interleaved,
)
from trunkline.canon.answer import Answer
from trunkline.canon.content import Message, Reasoning, Role, Text
from trunkline.canon.event import Event, PartDelta
from trunkline.canon.fold import fold, unfold
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest
from trunkline.canon.usage import Usage

GUESS = 4
"""Tokens, of the kit's request."""


def same(left: Struct | list[Any], right: Struct | list[Any]) -> bool:
    """Equal, raw JSON by its bytes."""
    return json.encode(left) == json.encode(right)


def joined(events: list[Event]) -> list[Event]:
    """Deltas of one part put together: how text was cut is no part of an answer."""
    found: list[Event] = []
    for event in events:
        last = found[-1] if found else None
        if isinstance(event, PartDelta) and isinstance(last, PartDelta):
            found[-1] = PartDelta(event.index, last.text + event.text)
        else:
            found.append(event)
    return found


def canonical(request: ChatRequest) -> ChatRequest:
    """What the API cannot tell apart, said one way: blank text, thinking's neighbours, defaults."""
    messages: list[Message] = []
    for message in request.messages:
        parts = tuple(p for p in message.parts if not (isinstance(p, Text) and not p.text.strip()))
        if not parts:
            continue
        last = messages[-1] if messages else None
        if last is not None and last.role is message.role:
            messages[-1] = Message(last.role, (*last.parts, *parts))
        else:
            messages.append(Message(message.role, parts))
    return structs.replace(
        request,
        messages=tuple(messages),
        parallel_tool_calls=request.parallel_tool_calls if request.tool_choice else None,
    )


def expressible(request: ChatRequest) -> bool:
    """Within what a wire request can hold: a limit, a user to begin, choices that are forms here."""
    choice = request.tool_choice
    messages = canonical(request).messages
    begins = next((m.role for m in messages if m.role is not Role.SYSTEM), None)
    return (
        request.max_output_tokens is not None
        and begins is Role.USER
        and messages[-1].role is Role.USER
        and (choice is None or not choice.mode.value.startswith("subset"))
        and not (choice and choice.mode.value == "none" and request.parallel_tool_calls is not None)
        and not (request.parallel_tool_calls is False and choice is None)
        and all(stop.strip() for stop in request.stop)
        and all(result_has_text(message) for message in messages)
    )


def result_has_text(message: Message) -> bool:
    """A result of blank text comes back without it."""
    return all(
        part.text.strip()
        for result in message.parts
        for part in getattr(result, "parts", ())
        if isinstance(part, Text)
    )


@given(canon_requests(NAME, signed_by=NAME).filter(expressible))
def test_requests_there_and_back(request: ChatRequest) -> None:
    """decode∘encode is the identity on what the API can express."""
    encoded = DIALECT.encode_request(request, deployment(request.model))

    assert same(canonical(request), DIALECT.decode_request(encoded.body, {}))


@given(canon_requests("openai-chat", signed_by="openai-chat"))
def test_any_request_can_be_sent(request: ChatRequest) -> None:
    """Whatever comes, the body is one the API takes: a user first, turns in order, no empty text."""
    body = json.decode(DIALECT.encode_request(request, deployment()).body)

    assert DIALECT.decode_request(json.encode(body), {}).messages
    roles = [turn["role"] for turn in body["messages"]]
    assert "user" == roles[0]
    assert all(a != b for a, b in itertools.pairwise(roles) if a != "system")
    blocks = [block for turn in body["messages"] for block in turn["content"]]
    assert all(turn["content"] for turn in body["messages"])
    assert all(block["text"].strip() for block in blocks if block["type"] == "text")
    assert "thinking" not in {block["type"] for block in blocks}


def shown(answer: Answer) -> Answer:
    """What an Anthropic answer can say: refusals are text with a reason, nothing is created."""
    return structs.replace(answer, created=0)


def plain(answer: Answer) -> bool:
    return not any(part.__class__.__name__ == "Refusal" for part in answer.choices[0].parts)


@given(canon_answers(NAME, signed_by=NAME).filter(plain))
def test_answers_there_and_back(answer: Answer) -> None:
    """Parts, finish and usage survive; the word for the finish is this dialect's."""
    found = DIALECT.decode_answer(DIALECT.encode_answer(answer, chat(), STAMP))

    assert same(list(answer.choices[0].parts), list(found.choices[0].parts))
    assert (answer.choices[0].finish, answer.usage, answer.id) == (
        found.choices[0].finish,
        found.usage,
        found.id,
    )


def streamed(usage: Usage) -> Usage:
    """As a stream tells it, which began with a guess of its input, and keeps it where none is told."""
    return usage if usage.total_input else structs.replace(usage, input=GUESS)


@given(canon_streams(NAME, signed_by=NAME).filter(lambda events: plain(fold(events))))
def test_streams_there_and_back(events: list[Event]) -> None:
    """Every event comes back, once text that was cut is put together."""
    stream = DIALECT.encoder(chat(), STAMP).feed(events)
    found = events_of(stream)

    assert [] == violations(found)
    assert same(list(fold(events).choices[0].parts), list(fold(found).choices[0].parts))
    assert (fold(events).choices[0].finish, streamed(fold(events).usage)) == (
        fold(found).choices[0].finish,
        fold(found).usage,
    )


@given(canon_streams("openai-chat", signed_by="openai-chat", most_choices=2))
def test_a_stream_is_its_whole(events: list[Event]) -> None:
    """Streamed and whole, an answer of another dialect says the same; interleaved calls, too."""
    whole = DIALECT.decode_answer(DIALECT.encode_answer(fold(events), chat(), STAMP))

    for order in (events, interleaved(events)):
        found = events_of(DIALECT.encoder(chat(), STAMP).feed(order))
        assert [] == violations(found)
        assert same(list(whole.choices[0].parts), list(fold(found).choices[0].parts))
        assert whole.choices[0].native == fold(found).choices[0].native
        assert streamed(whole.usage) == fold(found).usage


@given(canon_answers("openai-chat", signed_by="openai-chat"))
def test_foreign_reasoning_finds_its_way_home(answer: Answer) -> None:
    """Through an Anthropic client and back: signature, origin and text are what they were."""
    content = json.decode(DIALECT.encode_answer(answer, chat(), STAMP))["content"]
    body = {
        "model": "m",
        "max_tokens": 1,
        "messages": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": content},
        ],
    }
    returned = DIALECT.decode_request(json.encode(body), {}).messages[1].parts

    assert [p for p in answer.choices[0].parts if isinstance(p, Reasoning)] == [
        p for p in returned if isinstance(p, Reasoning)
    ]


@given(st.data())
def test_any_chunking_gives_the_same_events(data: st.DataObject) -> None:
    """Wherever the network cuts, multi-byte characters included."""
    answer = data.draw(canon_answers(NAME, signed_by=NAME))
    stream = DIALECT.encoder(chat(), STAMP).feed(list(unfold(answer)))
    if data.draw(st.booleans()):
        stream = stream.replace(b"\n", b"\r\n")
    decoder = DIALECT.decoder()
    found: list[Event] = []
    for chunk in data.draw(chunkings(stream)):
        found += decoder.feed(chunk)

    assert same(events_of(stream), [*found, *decoder.finish()])


@given(st.binary(max_size=200))
def test_only_gateway_errors_escape(data: bytes) -> None:
    """On any bytes at all."""
    check(data)


FRAGMENTS = (
    message_start(),
    {"type": "ping"},
    block_start(0, type="text", text=""),
    block_start(0, type="tool_use", id="t", name="f", input={}),
    block_start(1, type="thinking", thinking="", signature=""),
    block_start(1, type="server_tool_use", id="s", name="n", input={}),
    piece(0, type="text_delta", text="x"),
    piece(0, type="input_json_delta", partial_json='{"a'),
    piece(1, type="thinking_delta", thinking="x"),
    piece(1, type="signature_delta", signature="s"),
    piece(1, type="mood_delta", mood=3),
    block_stop(0),
    block_stop(1),
    message_delta(),
    message_delta("tool_use"),
    {"type": "message_stop"},
    {"type": "error", "error": {"type": "api_error", "message": "x"}},
)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12))
def test_well_formed_events_in_any_order(events: list[dict[str, Any]]) -> None:
    """The order may be nonsense; what comes out obeys the grammar or is an error of ours."""
    check(b"S" + sse(*events))
    check(b"S" + sse(message_start(), *events))
