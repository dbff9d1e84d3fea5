"""Ids of calls that an upstream gave none."""

import pytest
from msgspec import json

from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Text, ToolCall
from trunkline.canon.fold import fold, unfold
from trunkline.canon.request import ChatRequest
from trunkline.dialects.base import Stamp
from trunkline.dialects.invented_ids import all_named, named
from trunkline.dialects.registry import DIALECTS
from trunkline.dialects.thought_ids import signed, unsigned

CLIENTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini")
PART = b'{"functionCall":{"name":"f","args":{}}}'
GEMINI = b'{"candidates":[{"content":{"role":"model","parts":[%b,%b]},"finishReason":"STOP"}]}' % (
    PART,
    PART,
)
CALL = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
MESSAGE = {"tool_calls": [{**CALL, "index": 0, "id": None}, {**CALL, "index": 1, "id": ""}]}
CHAT = json.encode({"choices": [{"index": 0, "message": MESSAGE, "finish_reason": "tool_calls"}]})
CHUNK = json.encode({"choices": [{"index": 0, "delta": MESSAGE, "finish_reason": "tool_calls"}]})
UPSTREAMS = (("gemini", GEMINI, GEMINI), ("openai-chat", CHAT, CHUNK))


def test_given_ids():
    """Stay, and so does a signature in one."""
    assert "call_1" == named("call_1", "t", 0)
    assert signed("call_1", "s") == named(signed("call_1", "s"), "t", 0)


def test_invented_ids():
    """Differ from call to call and from answer to answer; a signature stays in them."""
    ids = {named("", token, number) for token in ("s", "t") for number in (0, 1)}
    assert 4 == len(ids)
    assert ("call_t01", "sig") == unsigned(named(signed("", "sig"), "t", 1))


def test_whole_answers():
    """Are numbered as the parts of all their choices are."""
    parts = (Text("a"), ToolCall("", "f", "{}"), ToolCall("given", "f", "{}"))
    answer = Answer(choices=(Choice(parts=parts), Choice(index=1, parts=parts)))
    told = [
        p.id for c in all_named(answer, "t").choices for p in c.parts if isinstance(p, ToolCall)
    ]
    assert ["call_t01", "given", "call_t04", "given"] == told


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("upstream", "body", "event"), UPSTREAMS)
def test_two_turns(client, upstream, body, event):
    """Of which an upstream says the very same have calls of their own names, whole and streamed."""
    ids = [
        *_whole_ids(client, upstream, body, "one"),
        *_whole_ids(client, upstream, body, "two"),
        *_streamed_ids(client, upstream, event, "three"),
        *_streamed_ids(client, upstream, event, "four"),
    ]
    assert (8, True) == (len(set(ids)), all(call_id.startswith("call_") for call_id in ids))
    streamed = _streamed_ids(client, upstream, event, "one")
    assert ids[:2] == streamed


def _whole_ids(client, upstream, body, token):
    answer = DIALECTS[upstream].decode_answer(body)
    request = ChatRequest(model="m", messages=(), origin=client)
    written = DIALECTS[client].encode_answer(answer, request, Stamp(token, "m", 1))
    return _ids(DIALECTS[client].decode_answer(written))


def _streamed_ids(client, upstream, event, token):
    decoder = DIALECTS[upstream].decoder()
    events = [*decoder.feed(b"data: %b\n\n" % event), *decoder.finish()]
    request = ChatRequest(model="m", messages=(), origin=client, stream=True)
    written = DIALECTS[client].encoder(request, Stamp(token, "m", 1)).feed(events)
    again = DIALECTS[client].decoder()
    assert [*unfold(fold(events))] == [*unfold(DIALECTS[upstream].decode_answer(_body(upstream)))]
    return _ids(fold([*again.feed(written), *again.finish()]))


def _body(upstream):
    return next(body for name, body, _ in UPSTREAMS if name == upstream)


def _ids(answer):
    return [part.id for part in answer.choices[0].parts if isinstance(part, ToolCall)]
