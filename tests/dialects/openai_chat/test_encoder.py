"""Streams for clients."""

from msgspec import Raw, json

from tests.dialects.openai_chat.kit import DIALECT, STAMP, request, written
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
from trunkline.canon.request import Tool
from trunkline.canon.usage import Usage

OWN = "openai-chat"
START = Started("c1", "m", 7, {"system_fingerprint": Raw(b'"fp"')}, OWN)
STOP = Finished(FinishReason.STOP)
TEXT = PartOpened(0, PartKind.TEXT)


def deltas(burst, **asked):
    chunks = written([START, *burst], request(**asked))
    return [c["choices"][0]["delta"] for c in chunks if c and c["choices"]]


def test_the_bytes():
    """As OpenAI writes them, key by key."""
    encoder = DIALECT.encoder(request(include_usage=True), STAMP)
    head = (
        b'data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m",'
        b'"system_fingerprint":"fp","choices":['
    )
    assert encoder.feed([START]) == b""
    assert encoder.feed([TEXT, PartDelta(0, 'a"')]) == (
        head + b'{"index":0,"delta":{"role":"assistant","content":"","refusal":null},'
        b'"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
        + head
        + b'{"index":0,"delta":{"content":"a\\""},'
        b'"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
    )
    assert encoder.feed([PartClosed(0), STOP]) == (
        head + b'{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}\n\n'
    )
    usage = encoder.feed([UsageReported(Usage(input=1)), Ended()])
    assert usage.startswith(head + b'],"usage":{"prompt_tokens":1,')
    assert usage.endswith(b"}\n\ndata: [DONE]\n\n")


def test_head_of_another_dialect():
    """Its id and extras mean nothing here; its model and time do."""
    burst = [Started("msg_1", "claude", 9, {"container": Raw(b"1")}, "anthropic-messages"), STOP]
    first = written(burst)[0]
    assert ("chatcmpl-0123456789", "claude", 9) == (first["id"], first["model"], first["created"])
    assert "container" not in first
    empty = written([Started("", ""), STOP])[0]
    assert ("the-model", 1_700_000_000) == (empty["model"], empty["created"])


def test_usage_only_if_asked():
    """Without include_usage no chunk has the key; with it, all before the last have null."""
    burst = [START, TEXT, PartClosed(0), STOP, UsageReported(Usage(input=1)), Ended()]
    assert all("usage" not in chunk for chunk in written(burst)[:-1])
    *others, last, done = written(burst, request(include_usage=True))
    assert [None] * len(others) == [chunk["usage"] for chunk in others]
    assert ([], 1, None) == (last["choices"], last["usage"]["prompt_tokens"], done)


def test_no_usage_to_tell():
    """None is made up."""
    chunks = written([START, STOP, Ended()], request(include_usage=True))
    assert all(chunk is None or chunk["choices"] for chunk in chunks)


def test_an_empty_answer():
    """Still has its role, and its reason."""
    assert [{"role": "assistant", "content": "", "refusal": None}, {}] == deltas([STOP, Ended()])


def call(index, name="f", **more):
    return PartOpened(index, PartKind.TOOL_CALL, id=f"call_{index}", name=name, **more)


def test_calls():
    """Index counts calls, not parts; id and name once; content null where nothing is said."""
    burst = [call(0), PartDelta(0, "{}"), PartClosed(0), call(1), PartDelta(1, "{"), PartClosed(1)]
    function = {"name": "f", "arguments": ""}
    assert [
        {"role": "assistant", "content": None, "refusal": None},
        {"tool_calls": [{"index": 0, "id": "call_0", "type": "function", "function": function}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"tool_calls": [{"index": 1, "id": "call_1", "type": "function", "function": function}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{"}}]},
    ] == deltas(burst)


def test_calls_behind_text():
    """The first call has index 0 all the same."""
    burst = [TEXT, PartDelta(0, "a"), PartClosed(0), call(1), PartClosed(1)]
    assert 0 == deltas(burst)[-1]["tool_calls"][0]["index"]


def test_interleaved_calls():
    """Each delta goes to its own call."""
    burst = [call(0), call(1), PartDelta(1, "b"), PartDelta(0, "a"), PartClosed(0), PartClosed(1)]
    assert [(1, "b"), (0, "a")] == [
        (d["tool_calls"][0]["index"], d["tool_calls"][0]["function"]["arguments"])
        for d in deltas(burst)[3:]
    ]


def test_custom_calls():
    """Free text under its own name."""
    burst = [call(0, call_kind="custom"), PartDelta(0, "a"), PartClosed(0)]
    _, opened, more = deltas(burst)
    assert {"name": "f", "input": ""} == opened["tool_calls"][0]["custom"]
    assert {"tool_calls": [{"index": 0, "custom": {"input": "a"}}]} == more


def test_functions():
    """Who asked with `functions`, the API before tools, is answered in it."""
    tools = (Tool(name="f", origin="openai-chat/functions"),)
    burst = [START, call(0), PartDelta(0, "{}"), PartClosed(0), Finished(FinishReason.TOOL_CALLS)]
    _, opened, more, finish = written(burst, request(tools=tools))
    assert {"name": "f", "arguments": ""} == opened["choices"][0]["delta"]["function_call"]
    assert {"function_call": {"arguments": "{}"}} == more["choices"][0]["delta"]
    assert "function_call" == finish["choices"][0]["finish_reason"]


def test_reasoning():
    """Text as it comes; with its signature once more, whole, for the client to send back."""
    burst = [
        PartOpened(0, PartKind.REASONING),
        PartDelta(0, "a"),
        PartDelta(0, "b"),
        Signed(0, "sig", "anthropic-messages"),
        PartClosed(0),
    ]
    assert [
        {"role": "assistant", "content": None, "refusal": None},
        {"reasoning_content": "a"},
        {"reasoning_content": "b"},
        {
            "reasoning_details": [
                {
                    "type": "reasoning.text",
                    "format": "trunkline/anthropic-messages",
                    "index": 0,
                    "text": "ab",
                    "signature": "sig",
                }
            ]
        },
    ] == deltas(burst)


def test_hidden_reasoning():
    """Only the proof of it."""
    burst = [PartOpened(0, PartKind.REASONING, redacted=True), Signed(0, "d", "x"), PartClosed(0)]
    (detail,) = deltas(burst)[1]["reasoning_details"]
    assert ("reasoning.encrypted", "d", "trunkline/x") == (
        detail["type"],
        detail["data"],
        detail["format"],
    )


def test_refusal_annotations_and_own_parts():
    """
    In fields of their own, annotations together at the end, as a client may keep the last list
    alone; another dialect's are left out.
    """
    burst = [
        TEXT,
        Annotated(0, Raw(b'{"a":1}'), OWN),
        Annotated(0, Raw(b'{"b":1}'), "anthropic-messages"),
        Annotated(0, Raw(b'{"a":2}'), OWN),
        PartClosed(0),
        PartOpened(1, PartKind.REFUSAL),
        PartDelta(1, "no"),
        PartClosed(1),
        PartOpened(2, PartKind.OPAQUE, raw=Raw(b'{"audio":{"id":"x"}}'), origin=OWN),
        PartClosed(2),
        PartOpened(3, PartKind.OPAQUE, raw=Raw(b'{"c":1}'), origin="anthropic-messages"),
        PartClosed(3),
        Finished(FinishReason.STOP),
    ]
    assert [
        {"refusal": "no"},
        {"audio": {"id": "x"}},
        {"annotations": [{"a": 1}, {"a": 2}]},
        {},
    ] == deltas(burst)[1:]


def test_logprobs():
    """In the chunk of the tokens they weigh; in one of their own where that has gone."""
    weights = Logprobs(0, Raw(b'{"content":[1]}'))
    chunks = written([START, TEXT, PartDelta(0, "a"), weights, PartDelta(0, "b")])
    assert [None, {"content": [1]}, None] == [c["choices"][0]["logprobs"] for c in chunks]
    encoder = DIALECT.encoder(request(), STAMP)
    encoder.feed([START, TEXT, PartDelta(0, "a")])
    alone = json.decode(encoder.feed([weights])[6:])["choices"][0]
    assert ({}, {"content": [1]}) == (alone["delta"], alone["logprobs"])


def test_choices():
    """Each has its role once, its own calls and its own reason."""
    burst = [
        START,
        PartOpened(0, PartKind.TEXT, 0),
        PartOpened(1, PartKind.TEXT, 1),
        PartDelta(1, "b"),
        PartDelta(0, "a"),
        PartClosed(0),
        PartClosed(1),
        Finished(FinishReason.STOP, 0),
        Finished(FinishReason.LENGTH, 1),
    ]
    chunks = [c["choices"][0] for c in written(burst)]
    assert [0, 1, 1, 0, 0, 1] == [c["index"] for c in chunks]
    assert ["stop", "length"] == [c["finish_reason"] for c in chunks[-2:]]


def test_a_fault():
    """An error event, and no [DONE] behind it: never a fake ending."""
    encoder = DIALECT.encoder(request(), STAMP)
    encoder.feed([START, TEXT, PartDelta(0, "a")])
    error = Disconnected("gone")
    stream = encoder.feed([Faulted(error)])
    assert encoder.fault(error, "req_1") == stream
    assert b"[DONE]" not in stream
    assert {"message", "type", "param", "code"} == json.decode(stream[6:])["error"].keys()


PATCH = Tool(name="patch", kind="custom", raw=Raw(b"{}"), origin=OWN)
CALL = PartOpened(0, PartKind.TOOL_CALL, id="t1", name="patch")


def calls(*burst):
    found = deltas([*burst, Finished(FinishReason.TOOL_CALLS)], tools=(PATCH,))
    return [call for delta in found for call in delta.get("tool_calls", ())]


def pieces(said):
    return "".join(call["custom"]["input"] for call in said)


def test_a_custom_tool_that_its_upstream_knew_as_a_function():
    """The client gets what it declared: a custom call, whose text comes out of the JSON as it streams."""
    written_so = ['{"in', 'put": "*** Be', "gin\\", "n", '+a"', "}"]
    said = calls(CALL, *(PartDelta(0, piece) for piece in written_so), PartClosed(0))

    assert {"index": 0, "id": "t1", "type": "custom", "custom": {"name": "patch", "input": ""}} == (
        said[0]
    )
    assert "*** Begin\n+a" == pieces(said)
    assert len(said) > 2
    assert all(call["custom"]["input"] for call in said[1:])


def test_a_custom_call_that_is_no_such_object():
    """What the model wrote comes out as it is, at the latest when the call is whole."""
    assert '{"other": 1}' == pieces(calls(CALL, PartDelta(0, '{"other": 1}'), PartClosed(0)))
    assert "" == pieces(calls(CALL, PartClosed(0)))


def test_a_custom_call_of_an_upstream_that_has_them():
    """Its text passes as it is, also where it looks like JSON."""
    own = PartOpened(0, PartKind.TOOL_CALL, id="t1", name="patch", call_kind="custom")

    assert '{"input":"x"}' == pieces(calls(own, PartDelta(0, '{"input":"x"}'), PartClosed(0)))
