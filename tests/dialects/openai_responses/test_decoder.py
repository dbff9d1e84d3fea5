"""Streams of upstreams."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_responses.upstream import (
    OWN,
    RESPONSE,
    USAGE,
    added,
    answer_of,
    created,
    delta,
    done,
    ended,
    event,
    fault_of,
    finished,
    message,
    parts_of,
    read,
)
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.errors import Disconnected, Garbled, Overloaded, QuotaExhausted, Throttled
from trunkline.canon.event import (
    Ended,
    Faulted,
    Finished,
    FinishReason,
    Logprobs,
    PartClosed,
    PartDelta,
    PartKind,
    PartOpened,
    Started,
    UsageReported,
)
from trunkline.canon.usage import Usage
from trunkline.dialects.openai_responses.decoder import StreamDecoder

CALL = {"call_id": "call_a", "name": "f", "arguments": ""}


def test_a_text():
    """Each event of OpenAI's becomes one of ours, or none."""
    assert [
        Started("resp_1", "m", 7, {}, OWN),
        PartOpened(0, PartKind.TEXT, extra={"id": Raw(b'"item_0"')}),
        PartDelta(0, "Hel"),
        PartDelta(0, "lo"),
        PartClosed(0),
        UsageReported(Usage(input=5, cache_read=4, output=3, reasoning=2)),
        Finished(FinishReason.STOP, 0, "completed", origin=OWN),
        Ended(),
    ] == read([created(), message(0, "Hel", "lo"), ended()])


def test_parallel_items():
    """Deltas go where their output_index says, however the items interleave."""
    parts = parts_of(
        added(0, "function_call", call_id="call_a", name="f", arguments=""),
        added(1, "function_call", call_id="call_b", name="g", arguments=""),
        delta(1, '{"b"', "function_call_arguments"),
        delta(0, '{"a"', "function_call_arguments"),
        delta(1, ":2}", "function_call_arguments"),
        delta(0, ":1}", "function_call_arguments"),
        done(1, "function_call", call_id="call_b", name="g", arguments='{"b":2}'),
        done(0, "function_call", call_id="call_a", name="f", arguments='{"a":1}'),
    )
    assert [("call_a", '{"a":1}'), ("call_b", '{"b":2}')] == [(p.id, p.arguments) for p in parts]


def test_ids_that_change():
    """GitHub's gateway names an item by another id in each event."""
    wire = message(0, "Hel", "lo").replace(b"item_0", b"item_1", 1).replace(b"item_0", b"item_2", 2)
    assert [Text("Hello", extra={"id": Raw(b'"item_1"')})] == list(parts_of(wire))


def test_items_known_by_their_id_alone():
    """An event that tells no output_index is found by the item's id."""
    wire = added(3, "message", role="assistant") + delta(3, "hi", content_index=0)
    (part,) = parts_of(wire.replace(b'"output_index":3,', b""))
    assert "hi" == part.text


def test_a_call_whose_arguments_come_whole():
    """Whether the arguments are said by the call's end, the item's, or in its beginning."""
    expected = [ToolCall("call_a", "f", '{"a":1}', extra={"id": Raw(b'"item_0"')})]
    whole = {"call_id": "call_a", "name": "f", "arguments": '{"a":1}'}
    by_end = finished(0, "function_call_arguments", arguments='{"a":1}')

    assert expected == list(
        parts_of(added(0, "function_call", **CALL), by_end, done(0, "function_call", **whole))
    )
    assert expected == list(
        parts_of(added(0, "function_call", **CALL), done(0, "function_call", **whole))
    )
    assert expected == list(
        parts_of(added(0, "function_call", **whole), done(0, "function_call", **whole))
    )
    assert expected == list(parts_of(done(0, "function_call", **whole)))


def test_a_half_said_text_is_completed():
    """What a part's end says beyond its deltas is not lost."""
    (part,) = parts_of(
        added(0, "message"),
        delta(0, "He", content_index=0),
        finished(0, "output_text", content_index=0, text="Hello"),
        done(0, "message", content=[{"type": "output_text", "text": "Hello"}]),
    )
    assert "Hello" == part.text


def test_custom_calls():
    """Free text in; the kind is kept."""
    item = {"call_id": "call_a", "name": "patch"}
    (part,) = parts_of(
        added(0, "custom_tool_call", **item, input=""),
        delta(0, "*** Begin", "custom_tool_call_input"),
        finished(0, "custom_tool_call_input", input="*** Begin Patch"),
        done(0, "custom_tool_call", **item, input="*** Begin Patch"),
    )
    assert ("call_a", "patch", "*** Begin Patch", "custom") == (
        part.id,
        part.name,
        part.arguments,
        part.kind,
    )


def test_custom_calls_of_nobody():
    """xAI writes its own search as a custom call: no tool of the client's, so not its business."""
    item = {"call_id": "xs_1", "name": "x_search", "input": "{}"}
    stream = added(0, "custom_tool_call", **item) + done(0, "custom_tool_call", **item)
    answer = answer_of(created(tools=[{"type": "x_search"}]), stream, ended())

    assert [PartKind.OPAQUE.value] == ["opaque" for p in answer.choices[0].parts]
    assert isinstance(answer.choices[0].parts[0], Opaque)
    assert FinishReason.STOP is answer.choices[0].finish


def test_a_call_that_ends_under_another_name():
    """Is the call it was opened as."""
    tools = [{"type": "custom", "name": "patch"}]
    item = {"call_id": "c", "input": "x"}
    stream = added(0, "custom_tool_call", name="patch", **item)
    stream += done(0, "custom_tool_call", name="", **item)
    (part,) = answer_of(created(tools=tools), stream, ended()).choices[0].parts
    assert ("patch", "x") == (part.name, part.arguments)


def test_tools_in_namespaces():
    """A call's name is the one its tool has among all the others."""
    item = {"call_id": "c", "name": "close", "namespace": "agents", "arguments": "{}"}
    (part,) = parts_of(added(0, "function_call", **item), done(0, "function_call", **item))
    extra = {"id": Raw(b'"item_0"'), "namespace": Raw(b'"agents"')}
    assert ("agents__close", extra) == (part.name, part.extra)


def test_refusals():
    """A part of its own, beside the text that came before it."""
    parts = parts_of(
        added(0, "message"),
        delta(0, "Well.", content_index=0),
        delta(0, "I can", "refusal", content_index=1),
        finished(0, "refusal", content_index=1, refusal="I cannot"),
        done(0, "message"),
    )
    assert ["Well.", "I cannot"] == [part.text for part in parts]
    assert Refusal("I cannot") == parts[1]


def test_summaries():
    """Paragraphs of one part, which the item's end proves."""
    texts = ("First.", "Then.")
    parts = parts_of(
        added(0, "reasoning", summary=[]),
        delta(0, "First.", "reasoning_summary_text", summary_index=0),
        finished(0, "reasoning_summary_text", summary_index=0, text="First."),
        delta(0, "Then.", "reasoning_summary_text", summary_index=1),
        done(
            0,
            "reasoning",
            summary=[{"type": "summary_text", "text": text} for text in texts],
            encrypted_content="gAAA",
        ),
    )
    proof = '{"id":"item_0","encrypted_content":"gAAA","lengths":[6,5]}'
    assert [Reasoning("First.\n\nThen.", proof, OWN)] == list(parts)


def test_reasoning_without_words():
    """What is sealed is worth a part; its client sends it back."""
    parts = parts_of(added(0, "reasoning"), done(0, "reasoning", encrypted_content="gAAA"))
    proof = '{"id":"item_0","encrypted_content":"gAAA"}'
    assert [Reasoning("", proof, OWN, redacted=True)] == list(parts)


def test_reasoning_itself():
    """Open models show it, not its summary; the other of the two is not said again."""
    parts = parts_of(
        added(0, "reasoning"),
        delta(0, "Hm.", "reasoning_text", content_index=0),
        delta(0, "In short", "reasoning_summary_text", summary_index=0),
        done(0, "reasoning", content=[{"type": "reasoning_text", "text": "Hm."}], summary=[]),
    )
    assert [Reasoning("Hm.", '{"id":"item_0","spoken":true}', OWN)] == list(parts)


def test_built_in_tools_stay_whole():
    """Their items are kept as they are when they are done; their own events say nothing to us."""
    search = {"status": "completed", "action": {"type": "search", "query": "q"}}
    odd = event("shell_call_output_content.delta", output_index=0, delta={"stdout": "x"})
    (part,) = parts_of(
        added(0, "web_search_call"),
        event("web_search_call.searching", output_index=0, item_id="item_0"),
        odd,
        done(0, "web_search_call", **search),
    )
    item = {"type": "web_search_call", "id": "item_0", **search}
    assert Opaque(OWN, Raw(json.encode(item))) == part


def test_annotations():
    """As their own dialect wrote them, once, whether they come alone or with the part's end."""
    cited = {"type": "url_citation", "url": "https://example.com"}
    other = {"type": "url_citation", "url": "https://example.org"}
    place = {"item_id": "item_0", "output_index": 0, "content_index": 0}
    (part,) = parts_of(
        added(0, "message"),
        delta(0, "See", content_index=0),
        event("output_text.annotation.added", annotation=cited, **place),
        finished(
            0,
            "content_part",
            content_index=0,
            part={"type": "output_text", "text": "See", "annotations": [cited, other]},
        ),
        done(0, "message"),
    )
    assert (Raw(json.encode([cited, other])), OWN) == (part.annotations, part.origin)


def test_log_probabilities():
    """As Chat Completions writes them, whose entries are the same."""
    entry = {"token": "hi", "logprob": -0.5, "bytes": [104, 105], "top_logprobs": []}
    events = read(
        [created(), added(0, "message"), delta(0, "hi", content_index=0, logprobs=[entry]), ended()]
    )
    assert {"content": [entry], "refusal": None} == next(
        json.decode(event.raw) for event in events if isinstance(event, Logprobs)
    )


@pytest.mark.parametrize(
    ("reason", "expected", "native"),
    (
        ("max_output_tokens", FinishReason.LENGTH, "max_output_tokens"),
        ("content_filter", FinishReason.CONTENT_FILTER, "content_filter"),
        (None, FinishReason.LENGTH, "max_output_tokens"),
    ),
)
def test_incomplete_answers(reason, expected, native):
    """Cut in the middle of a part: it is closed, and why is told."""
    details = {"reason": reason} if reason else None
    stream = added(0, "message") + delta(0, "He", content_index=0)
    answer = answer_of(created(), stream, ended("incomplete", incomplete_details=details))

    assert (expected, native) == (answer.choices[0].finish, answer.choices[0].native)
    assert "He" == answer.choices[0].parts[0].text


def test_calls_finish_a_turn():
    """`completed` is all that the API says; a cut stays one."""
    call = added(0, "function_call", **CALL)
    calls = answer_of(created(), call, ended())
    cut = answer_of(created(), call, ended("incomplete"))
    assert FinishReason.TOOL_CALLS is calls.choices[0].finish
    assert FinishReason.LENGTH is cut.choices[0].finish


def test_an_error_as_the_api_writes_it():
    """Nested, and a failed response behind it, which says the same."""
    told = {"type": "insufficient_quota", "code": "insufficient_quota", "message": "Pay."}
    error = event("x", error=told).replace(b"response.x", b"error")
    failed = ended("failed", error={"code": "insufficient_quota", "message": "Pay."})
    fault = fault_of(created(), error, failed)
    assert (QuotaExhausted, "Pay.") == (type(fault), fault.message)


def test_an_error_as_the_specification_writes_it():
    """Flat."""
    error = (
        b'event: error\ndata: {"type":"error","code":"rate_limit_exceeded","message":"Slow."}\n\n'
    )
    fault = fault_of(created(), error)
    assert (Throttled, "Slow.") == (type(fault), fault.message)


def test_a_failed_response():
    """Its own error is told, also where no error event came before."""
    failed = ended("failed", error={"code": "server_error", "message": "Oops."})
    fault = fault_of(created(), message(0, "hi"), failed)
    assert (Overloaded, "Oops.") == (type(fault), fault.message)


def test_a_response_that_failed_without_a_word():
    """It broke off: nothing says that it is whole."""
    assert isinstance(fault_of(created(), ended("failed", error=None)), Disconnected)
    assert isinstance(fault_of(created(), ended("cancelled")), Disconnected)


def test_a_stream_without_its_last_event():
    """Cut, whatever came: also behind another dialect's sentinel."""
    decoder = StreamDecoder()
    decoder.feed(created() + message(0, "hi") + b"data: [DONE]\n\n")
    with pytest.raises(Disconnected):
        decoder.finish()


def test_a_last_event_without_its_blank_line():
    """Whole enough."""
    assert "hi" == answer_of(created() + message(0, "hi") + ended()[:-2]).choices[0].parts[0].text


def test_another_dialects_sentinel():
    """OpenRouter and others append it."""
    assert isinstance(read([created(), ended(), b"data: [DONE]\n\n"])[-1], Ended)


def test_events_without_names_and_comments():
    """OpenRouter names no events, and talks while it waits."""
    stream = created() + message(0, "hi") + ended()
    bare = b": OPENROUTER PROCESSING\n\n" + b"".join(
        line + b"\n\n" for line in stream.split(b"\n") if line.startswith(b"data: ")
    )
    assert read([stream]) == read([bare])
    assert read([stream]) == read([stream.replace(b"\n", b"\r\n")])


def test_output_that_only_the_end_tells():
    """Who streams no items has them in the last event."""
    output = [
        {"type": "message", "id": "m1", "content": [{"type": "output_text", "text": "hi"}]},
        {"type": "function_call", "id": "f1", "call_id": "c", "name": "f", "arguments": "{}"},
    ]
    parts = answer_of(created(), ended(output=output)).choices[0].parts
    assert ["hi", "{}"] == [parts[0].text, parts[1].arguments]


def test_items_that_were_never_announced():
    """Text is better heard than in form; what else is unknown is left out."""
    stream = delta(0, "hi", content_index=0) + delta(5, "{}", "function_call_arguments")
    answer = answer_of(created(), stream, ended())
    assert ["hi"] == [part.text for part in answer.choices[0].parts]


def test_an_event_under_a_wrong_name():
    """Its data is right, however it is read."""
    wrong = delta(0, "hi", content_index=0).replace(b"output_text", b"refusal", 1)
    stream = created() + added(0, "message") + wrong + wrong + ended()
    assert ["hihi"] == [part.text for part in answer_of(stream).choices[0].parts]
    assert read([stream]) == read([stream.replace(b"\n", b"\r\n")])


def test_events_of_no_known_kind():
    """One day there will be more."""
    answer = answer_of(created(), event("sings", item=7, delta=["la"]), message(0, "hi"), ended())
    assert "hi" == answer.choices[0].parts[0].text


def test_a_stream_of_chat_completions():
    """Another API's: told so."""
    chunk = b'data: {"object":"chat.completion.chunk","choices":[]}\n\n'
    fault = fault_of(chunk)
    assert isinstance(fault, Garbled)
    assert "Chat Completions" in fault.message


def test_an_upstream_that_does_not_stream():
    """Its whole answer is as good."""
    item = {"type": "message", "id": "m1", "content": [{"type": "output_text", "text": "hi"}]}
    body = {**RESPONSE, "status": "completed", "output": [item], "usage": USAGE}
    assert "hi" == answer_of(json.encode(body)).choices[0].parts[0].text

    error = {"error": {"code": "rate_limit_exceeded", "message": "Slow."}}
    assert isinstance(fault_of(json.encode(error)), Throttled)


def test_fields_of_the_answer_are_kept():
    """Those of the beginning first; at the end what is new."""
    events = read([created(store=False, metadata={}), ended(store=False, metadata={"a": "b"})])
    assert {"store": Raw(b"false"), "metadata": Raw(b"{}")} == events[0].extra
    assert {"metadata": Raw(b'{"a":"b"}')} == events[-1].extra


@pytest.mark.parametrize("bad", (b"data: {\n\n", b"data: []\n\n", b'data: {"type":7}\n\n'))
def test_unreadable_events(bad):
    """End the answer, behind what came before."""
    events = read([created() + message(0, "hi") + bad + ended()])
    assert isinstance(events[-1], Faulted)
    assert PartDelta(0, "hi") in events
