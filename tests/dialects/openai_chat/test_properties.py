"""What holds for every request, answer and stream."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, json
from msgspec.structs import replace

from tests.dialects.openai_chat.kit import (
    DIALECT,
    FOREIGN,
    ROOMY,
    STAMP,
    comparable,
    read,
    request,
    without_native,
)
from tests.strategies import (
    canon_answers,
    canon_requests,
    canon_streams,
    chunkings,
    interleaved,
    json_objects,
    texts,
    words,
)
from trunkline.canon.deployment import Deployment
from trunkline.canon.errors import Disconnected, GatewayError
from trunkline.canon.event import Started
from trunkline.canon.fold import fold
from trunkline.canon.grammar import violations
from trunkline.canon.request import OutputFormat, Thinking
from trunkline.wire.sse import Splitter

ROOMY_PLACE = Deployment(
    id="p/m", provider="p", model="a-model", dialect="openai-chat", quirks=ROOMY
)
MORE = {
    "top_k": st.none() | st.integers(1, 50),
    "seed": st.none() | st.integers(0, 99),
    "presence_penalty": st.none() | st.floats(-2, 2),
    "frequency_penalty": st.none() | st.floats(-2, 2),
    "n": st.none() | st.integers(1, 4),
    "logprobs": st.none() | st.booleans(),
    "top_logprobs": st.none() | st.integers(0, 20),
    "logit_bias": st.none() | json_objects(),
    "metadata": st.none() | json_objects(),
    "verbosity": st.none() | st.sampled_from(("low", "high")),
    "service_tier": st.none() | st.sampled_from(("auto", "flex")),
    "thinking": st.sampled_from((None, Thinking(effort="low"), Thinking(effort="xhigh"))),
    "output_format": st.none()
    | st.builds(OutputFormat, kind=st.just("json_object"))
    | st.builds(
        OutputFormat,
        kind=st.just("json_schema"),
        schema=json_objects(),
        name=words,
        strict=st.none() | st.booleans(),
    ),
    "extra": st.dictionaries(words.map("x_{}".format), st.just(Raw(b"[1, 2]")), max_size=2),
}
OWN = "openai-chat"


@given(canon_requests(OWN, "", MORE))
def test_requests_come_back(canonical):
    """decode∘encode is the identity on requests but for thinking signed elsewhere, which stays here."""
    sent = DIALECT.encode_request(canonical, ROOMY_PLACE)
    expected = replace(canonical, include_usage=canonical.stream)
    if not canonical.tools:
        expected = replace(expected, tool_choice=None)

    assert expected == DIALECT.decode_request(sent.body, {})
    assert () == sent.notes


@given(canon_answers(OWN, FOREIGN, most_choices=3))
def test_answers_come_back(answer):
    """decode∘encode is the identity on whole answers."""
    body = DIALECT.encode_answer(answer, request(), STAMP)
    assert answer == without_native(DIALECT.decode_answer(body))


@given(canon_streams(OWN, FOREIGN, most_choices=3), st.booleans(), st.data())
def test_streams_come_back(events, mixed, data):
    """A stream we wrote, read again in any chunking, amounts to the same answer."""
    events = interleaved(events) if mixed else events
    asked = request(stream=True, include_usage=True)
    encoder = DIALECT.encoder(asked, STAMP)
    stream = b"".join(encoder.feed([event]) for event in events)

    assert stream == DIALECT.encoder(asked, STAMP).feed(events)
    again = read(DIALECT.decoder(), data.draw(chunkings(stream)))
    assert fold(events) == without_native(fold(again))


@given(canon_streams(FOREIGN, FOREIGN))
def test_a_stream_equals_its_whole(events):
    """A client that streams and one that does not are told the same."""
    answer = fold(events)
    encoder = DIALECT.encoder(request(include_usage=True), STAMP)
    streamed = fold(read(DIALECT.decoder(), [encoder.feed(events)]))
    body = DIALECT.encode_answer(answer, request(), STAMP)

    assert DIALECT.decode_answer(body) == streamed


def frames(payloads):
    return b"".join(b"data: " + payload + b"\n\n" for payload in payloads)


odd_json = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "choices",
                    "delta",
                    "content",
                    "tool_calls",
                    "function",
                    "arguments",
                    "index",
                    "id",
                    "usage",
                    "error",
                    "message",
                    "finish_reason",
                    "reasoning_details",
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
).map(json.encode)
near_chunks = st.builds(
    lambda delta, finish, index: json.encode(
        {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "content": st.none() | texts,
            "reasoning": texts,
            "refusal": texts,
            "tool_calls": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "index": st.integers(0, 2),
                        "id": words,
                        "function": st.fixed_dictionaries(
                            {}, optional={"name": words, "arguments": texts}
                        ),
                    },
                ),
                max_size=2,
            ),
        },
    ),
    st.sampled_from((None, None, None, "stop", "length", "error")),
    st.integers(0, 1),
)
streams = st.lists(
    st.one_of(near_chunks, near_chunks, near_chunks, odd_json, st.just(b"[DONE]"), st.binary()),
    max_size=6,
).map(frames)


@given(streams, st.data())
def test_any_chunking_gives_the_same_events(stream, data):
    """Where reads are cut means nothing, whatever the stream holds; and the grammar is obeyed."""
    expected = outcome([stream])
    assert expected == outcome(data.draw(chunkings(stream)))
    assert expected == outcome([stream[i : i + 1] for i in range(len(stream))])


def outcome(pieces):
    """All events, and the error the end of the body raises."""
    decoder, events = DIALECT.decoder(), []
    for piece in pieces:
        events += decoder.feed(piece)
    try:
        events += decoder.finish()
    except Disconnected as error:
        return [*comparable(events), repr(error)]
    if events:
        assert isinstance(events[0], Started) or len(events) == 1
        assert [] == violations(events)
    return comparable(events)


@given(streams, st.data())
def test_the_watcher_passes_what_came(stream, data):
    """Bytes pass as they came, up to what is wrong; where reads are cut means nothing."""
    passed, seen = watch([stream])
    assert stream.startswith(passed)
    assert (passed, seen) == watch(data.draw(chunkings(stream)))


def watch(pieces):
    """What passed, and all there is to know afterwards."""
    watcher, splitter, passed = DIALECT.watcher(wants_usage=True), Splitter(), b""
    try:
        for piece in pieces:
            if block := splitter.feed(piece):
                passed += watcher.feed(block)
    except GatewayError as error:
        passed += watcher.before_error
        return passed, (repr(error), watcher.delivered, watcher.usage)
    return passed, (watcher.sighting, watcher.delivered, watcher.usage)
