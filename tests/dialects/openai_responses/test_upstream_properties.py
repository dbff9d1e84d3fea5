"""What holds for every stream of an upstream, whatever it holds."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.dialects.openai_responses.upstream import (
    comparable,
    created,
    ended,
    message,
)
from tests.strategies import chunkings, texts, words
from trunkline.canon.errors import Disconnected, GatewayError
from trunkline.canon.event import Started
from trunkline.canon.fold import fold, unfold
from trunkline.canon.grammar import violations
from trunkline.dialects.openai_responses.decode_answer import decode_answer, read_usage_of
from trunkline.dialects.openai_responses.decoder import StreamDecoder
from trunkline.dialects.openai_responses.watcher import StreamWatcher
from trunkline.wire.sse import Splitter

places = st.integers(0, 2)
inner_parts = st.fixed_dictionaries(
    {"type": st.sampled_from(("output_text", "refusal", "reasoning_text"))},
    optional={
        "text": texts,
        "refusal": texts,
        "annotations": st.lists(st.just({"type": "url_citation"}), max_size=2),
    },
)
output_items = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ("message", "reasoning", "function_call", "custom_tool_call", "web_search_call")
        )
    },
    optional={
        "id": words,
        "call_id": words,
        "name": words,
        "arguments": texts,
        "input": texts,
        "content": st.lists(inner_parts, max_size=2),
        "summary": st.lists(st.fixed_dictionaries({"text": texts}), max_size=2),
        "encrypted_content": words,
    },
)
deltas = st.sampled_from(
    (
        "output_text",
        "refusal",
        "reasoning_text",
        "reasoning_summary_text",
        "function_call_arguments",
        "custom_tool_call_input",
    )
)
item_events = st.fixed_dictionaries(
    {
        "type": st.sampled_from(("output_item.added", "output_item.done")),
        "output_index": places,
        "item": output_items,
    }
)
delta_events = st.fixed_dictionaries(
    {"type": deltas.map("{}.delta".format), "delta": texts, "output_index": places},
    optional={"content_index": places, "logprobs": st.just([{"token": "a"}])},
)
done_events = st.fixed_dictionaries(
    {
        "type": st.one_of(deltas.map("{}.done".format), st.just("content_part.done")),
        "output_index": places,
    },
    optional={
        "content_index": places,
        "text": texts,
        "refusal": texts,
        "arguments": texts,
        "part": inner_parts,
    },
)
note_events = st.fixed_dictionaries(
    {
        "type": st.just("output_text.annotation.added"),
        "output_index": places,
        "content_index": places,
        "annotation": st.just({"type": "url_citation"}),
    }
)
ends = st.sampled_from(("completed", "incomplete", "failed", "cancelled", "in_progress"))
end_events = st.fixed_dictionaries(
    {
        "type": ends,
        "response": st.fixed_dictionaries({"output": st.lists(output_items, max_size=2)}),
    }
)


def framed(told, named):
    told = {**told, "type": f"response.{told['type']}"}
    name = b"event: " + told["type"].encode() + b"\n" if named else b""
    return name + b"data: " + json.encode(told) + b"\n\n"


near_events = st.builds(
    framed,
    st.one_of(item_events, delta_events, delta_events, done_events, note_events, end_events),
    st.booleans(),
)
odd_events = st.one_of(st.binary(max_size=30), texts.map(json.encode), st.just(b"[DONE]")).map(
    lambda payload: b"data: " + payload + b"\n\n"
)
streams = st.lists(
    st.one_of(near_events, near_events, near_events, near_events, odd_events), max_size=10
).flatmap(lambda events: st.sampled_from((b"".join(events), created() + b"".join(events))))


@given(streams, st.data())
def test_any_chunking_gives_the_same_events(stream, data):
    """Where reads are cut means nothing, whatever the stream holds; and the grammar is obeyed."""
    expected = outcome([stream])
    assert expected == outcome(data.draw(chunkings(stream)))
    assert expected == outcome([stream[i : i + 1] for i in range(len(stream))])


def outcome(pieces):
    """All events, and the error the end of the body raises."""
    decoder, events = StreamDecoder(), []
    for piece in pieces:
        events += decoder.feed(piece)
    try:
        events += decoder.finish()
    except Disconnected as error:
        assert [] == violations(events, whole=False)
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
    watcher, splitter, passed = StreamWatcher(), Splitter(), b""
    try:
        for piece in pieces:
            if block := splitter.feed(piece):
                passed += watcher.feed(block)
    except GatewayError as error:
        passed += watcher.before_error
        told = (repr(error), watcher.delivered, watcher.usage)
        return passed, (*told, watcher.fault(error, "req_1"))
    return passed, (watcher.sighting, watcher.delivered, watcher.usage)


@given(st.lists(output_items, max_size=4))
def test_a_whole_answer_and_one_streamed_late(output):
    """An upstream that tells all at the end of its stream says what a whole answer says."""
    body = {"id": "r", "model": "m", "created_at": 7, "status": "completed", "output": output}
    whole = decode_answer(json.encode(body))
    stream = created(id="r") + ended(output=output, usage=None)
    decoder = StreamDecoder()
    streamed = fold([*decoder.feed(stream), *decoder.finish()])

    assert [] == violations(unfold(whole))
    assert whole.choices[0].finish is streamed.choices[0].finish
    parts = [[type(part) for part in a.choices[0].parts] for a in (whole, streamed)]
    assert parts[0] == parts[1]


@given(st.binary(max_size=80) | st.recursive(texts, st.lists).map(json.encode))
def test_only_gateway_errors_escape(body):
    """From whole answers and their usage, whatever they are."""
    for read in (decode_answer, read_usage_of):
        try:
            read(body)
        except GatewayError:
            continue


@given(st.lists(texts, min_size=1, max_size=4))
def test_text_comes_through(pieces):
    """All of it, in order."""
    stream = created() + message(0, *pieces) + ended()
    decoder = StreamDecoder()
    answer = fold([*decoder.feed(stream), *decoder.finish()])
    assert "".join(pieces) == answer.choices[0].parts[0].text
