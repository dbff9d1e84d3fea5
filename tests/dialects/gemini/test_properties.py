"""What holds for every request, answer and stream."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json
from msgspec.structs import replace

from tests.dialects.gemini.kit import DIALECT, FOREIGN, NAME, STAMP, deployment, read, request
from tests.strategies import (
    canon_answers,
    canon_requests,
    canon_streams,
    chunkings,
    interleaved,
    json_objects,
    texts,
    usages,
    words,
)
from trunkline.canon.answer import Answer
from trunkline.canon.content import Reasoning, Refusal, Text, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, GatewayError
from trunkline.canon.event import Event, Faulted, Started
from trunkline.canon.fold import fold, unfold
from trunkline.canon.grammar import violations
from trunkline.canon.request import ChatRequest, ChoiceMode, OutputFormat, ToolChoice
from trunkline.wire.sse import Splitter

MORE = {
    "user": st.none(),
    "top_k": st.none() | st.integers(1, 50),
    "seed": st.none() | st.integers(0, 99),
    "presence_penalty": st.none() | st.floats(-2, 2),
    "frequency_penalty": st.none() | st.floats(-2, 2),
    "n": st.none() | st.integers(1, 4),
    "logprobs": st.none() | st.booleans(),
    "top_logprobs": st.none() | st.integers(0, 20),
    "output_format": st.none()
    | st.builds(OutputFormat, kind=st.just("json_object"))
    | st.builds(OutputFormat, kind=st.just("json_schema"), schema=json_objects()),
    "extra": st.dictionaries(words.map("x{}".format), st.just(Raw(b"[1, 2]")), max_size=2).map(
        lambda extra: {name.replace("_", ""): raw for name, raw in extra.items()}
    ),
}
COUNTED = usages(("input", "cache_read", "output", "reasoning"))


def as_sent(canonical: ChatRequest) -> ChatRequest:
    """What Google's wire can say of it."""
    tools = tuple(replace(tool, strict=None) for tool in canonical.tools)
    choice = canonical.tool_choice
    if choice is not None and choice.mode is ChoiceMode.SUBSET_REQUIRED and len(choice.names) == 1:
        choice = ToolChoice(ChoiceMode.ONE, choice.names)
    return replace(
        canonical,
        tools=tools,
        tool_choice=choice if tools else None,
        parallel_tool_calls=None,
        include_usage=True,
    )


@given(canon_requests(NAME, "", MORE))
def test_requests_come_back(canonical):
    """decode∘encode is the identity on what the wire can say, and the rest is noted."""
    encoded = DIALECT.encode_request(canonical, deployment())
    body = {**json.decode(encoded.body, type=dict[str, Raw])}
    arrived = json.encode({**body, "model": canonical.model, "stream": canonical.stream})
    assert as_sent(canonical) == DIALECT.decode_request(arrived, {})
    lost = {
        *("parallel_tool_calls" for _ in range(canonical.parallel_tool_calls is False)),
        *(f"tools.{i}.strict" for i, tool in enumerate(canonical.tools) if tool.strict),
    }
    assert lost == {note.field for note in encoded.notes}


def spoken(answer: Answer) -> Answer:
    """What Google's wire can say of it: no time, and a refusal is a text."""
    return replace(
        answer,
        created=0,
        choices=tuple(
            replace(
                choice,
                native="",
                parts=tuple(Text(p.text) if isinstance(p, Refusal) else p for p in choice.parts),
            )
            for choice in answer.choices
        ),
    )


@given(canon_answers(NAME, "", most_choices=3, usage=COUNTED))
def test_answers_come_back(answer):
    """decode∘encode is the identity on whole answers."""
    body = DIALECT.encode_answer(answer, request(), STAMP)
    assert spoken(answer) == spoken(DIALECT.decode_answer(body))


@given(canon_answers(NAME, "", most_choices=3, usage=COUNTED), st.booleans(), st.data())
def test_streams_come_back(answer, mixed, data):
    """A stream we wrote, read again in any chunking, amounts to the same answer."""
    events = list(unfold(answer))
    events = interleaved(events) if mixed else events
    encoder = DIALECT.encoder(request(), STAMP)
    stream = b"".join(encoder.feed([event]) for event in events)

    assert stream == DIALECT.encoder(request(), STAMP).feed(events)
    again = read(DIALECT.decoder(), data.draw(chunkings(stream)))
    assert spoken(fold(events)) == spoken(fold(again))


def told(answer: Answer) -> Any:
    """What must come through of an answer signed by anybody."""
    return [
        (
            "".join(p.text for p in choice.parts if isinstance(p, Text | Refusal)),
            "".join(p.text for p in choice.parts if isinstance(p, Reasoning)),
            Counter(
                (p.signature, p.origin)
                for p in choice.parts
                if isinstance(p, Reasoning) and p.signature
            ),
            [(p.id, p.name, p.arguments) for p in choice.parts if isinstance(p, ToolCall)],
            choice.finish,
        )
        for choice in answer.choices
    ]


@given(st.sampled_from((NAME, FOREIGN)).flatmap(lambda by: canon_streams(by, by)))
def test_proofs_come_through(events):
    """Streamed or whole, a Gemini client is told the same, and can give every proof back."""
    answer = fold(events)
    streamed = fold(read(DIALECT.decoder(), [DIALECT.encoder(request(), STAMP).feed(events)]))
    whole = DIALECT.decode_answer(DIALECT.encode_answer(answer, request(), STAMP))
    assert told(answer) == told(streamed)
    assert told(answer) == told(whole)


FIELDS = (
    *("candidates", "content", "parts", "text", "thought", "thoughtSignature", "functionCall"),
    *("name", "id", "args", "partialArgs", "jsonPath", "willContinue", "finishReason", "index"),
    *("usageMetadata", "promptTokenCount", "error", "code", "message", "contents", "role"),
    *("functionResponse", "response", "inlineData", "tools", "functionDeclarations"),
    *("generationConfig", "thinkingConfig", "toolConfig", "promptFeedback", "blockReason"),
)
odd_json = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=12,
).map(json.encode)
near_parts = st.fixed_dictionaries(
    {},
    optional={
        "text": texts | st.just(""),
        "thought": st.booleans(),
        "thoughtSignature": words,
        "functionCall": st.fixed_dictionaries(
            {},
            optional={
                "name": words,
                "id": words,
                "args": st.just({"a": 1}),
                "willContinue": st.booleans(),
                "partialArgs": st.lists(
                    st.fixed_dictionaries(
                        {"jsonPath": st.sampled_from(("$.a", "$.b[0]", "$.b[1].c", "$.a.b"))},
                        optional={"stringValue": texts, "willContinue": st.booleans()},
                    ),
                    max_size=2,
                ),
            },
        ),
        "executableCode": st.just({}),
    },
)
near_chunks = st.builds(
    lambda parts, finish, index: json.encode(
        {"candidates": [{"index": index, "content": {"parts": parts}, "finishReason": finish}]}
    ),
    st.lists(near_parts, max_size=3),
    st.sampled_from((None, None, None, "STOP", "MAX_TOKENS", "MALFORMED_FUNCTION_CALL")),
    st.integers(0, 1),
)
streams = st.lists(
    st.tuples(
        st.one_of(near_chunks, near_chunks, near_chunks, odd_json, st.binary()),
        st.sampled_from((b"\r\n\r\n", b"\n\n")),
    ),
    max_size=6,
).map(lambda pairs: b"".join(b"data: " + payload + end for payload, end in pairs))


@given(streams, st.data())
def test_any_chunking_gives_the_same_events(stream, data):
    """Where reads are cut means nothing, whatever the stream holds; and the grammar is obeyed."""
    expected = outcome([stream])
    assert expected == outcome(data.draw(chunkings(stream)))
    assert expected == outcome([stream[i : i + 1] for i in range(len(stream))])


def outcome(pieces):
    """All events, and the error the end of the body raises."""
    decoder, events = DIALECT.decoder(), list[Event]()
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.finish()
    except (Disconnected, Garbled) as error:
        return [*comparable(events), repr(error)]
    if events:
        assert isinstance(events[0], Started) or len(events) == 1
        assert [] == violations(events)
    return comparable(events)


def comparable(events):
    """Errors are compared by what they say."""
    return [repr(event) if isinstance(event, Faulted) else event for event in events]


@given(streams)
def test_a_watcher_sees_what_a_decoder_reads(stream):
    """The same usage; an error where the decoder tells of one; every byte passes or is at hand."""
    watcher, whole = DIALECT.watcher(wants_usage=True), Splitter().feed(stream)
    events = []
    decoder = DIALECT.decoder()
    try:
        events = list(decoder.feed(whole))
    except GatewayError:
        pass
    try:
        assert whole == watcher.feed(whole)
    except GatewayError:
        assert whole.startswith(watcher.before_error)
        assert any(isinstance(event, Faulted) for event in events)
    else:
        faults = [e.error for e in events if isinstance(e, Faulted)]
        assert all("broke off" in error.message or "arguments" in error.message for error in faults)


@given(st.one_of(odd_json, st.binary(max_size=40)))
def test_only_gateway_errors(data):
    """Whatever arrives, from a client or an upstream."""
    for call in (
        lambda: DIALECT.decode_request(data, {}),
        lambda: DIALECT.decode_answer(data),
        lambda: DIALECT.read_usage(data),
        lambda: DIALECT.decode_error(500, (), data),
    ):
        try:
            call()
        except GatewayError:
            continue
