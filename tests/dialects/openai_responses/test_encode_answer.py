"""Whole answers onto the wire."""

from msgspec import Raw, json

from tests.dialects.openai_responses.kit import answer, decode, output, whole
from trunkline.canon.answer import Choice
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import FinishReason

OWN = "openai-responses"


def test_order():
    """Reasoning, message, calls: each in its place, none empty."""
    items = output(
        Reasoning("hm"),
        Reasoning(""),
        Text("a"),
        Text(""),
        Refusal("no"),
        Refusal(""),
        ToolCall("c1", "f", '{"a":1}'),
        ToolCall("c2", "g", ""),
    )
    assert ["reasoning", "message", "function_call", "function_call"] == [i["type"] for i in items]
    assert ["output_text", "refusal"] == [content["type"] for content in items[1]["content"]]
    assert ['{"a":1}', "{}"] == [item["arguments"] for item in items[2:]]
    assert [f"{p}_0123456789abcdef0{n}" for n, p in enumerate(("rs", "msg", "fc", "fc"))] == [
        item["id"] for item in items
    ]


def test_nothing_said():
    """An empty answer has an empty output."""
    assert [] == output()
    assert [] == whole(answer(choices=()))["output"]


def test_a_cut_answer():
    """Its last item is incomplete, the ones before it are not."""
    items = output(Text("a"), ToolCall("c", "f", "{"), finish=FinishReason.LENGTH)
    assert ["completed", "incomplete"] == [item["status"] for item in items]


def test_messages_of_the_same_api():
    """Texts of one item stay one message, of several stay several."""
    one, two = ({"id": Raw(json.encode(name))} for name in ("msg_1", "msg_2"))
    parts = (Text("a", extra=one), Text("b", extra=one), Text("c", extra=two))
    items = output(*parts, origin=OWN)
    assert [("msg_1", 2), ("msg_2", 1)] == [(i["id"], len(i["content"])) for i in items]
    assert [3] == [len(item["content"]) for item in output(*parts)]
    refused = output(*parts[:1], Refusal("no"), origin=OWN)
    assert [("msg_1", 2)] == [(item["id"], len(item["content"])) for item in refused]


def test_annotations():
    """This API's own alone."""
    note = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1}
    notes = Raw(json.encode([note]))
    (own,) = output(Text("a", annotations=notes, origin=OWN))
    (foreign,) = output(Text("a", annotations=notes, origin="anthropic-messages"))
    assert [note] == own["content"][0]["annotations"]
    assert [] == foreign["content"][0]["annotations"]


def test_log_probabilities():
    """With the first text."""
    entry = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
    given = Raw(json.encode({"content": [entry], "refusal": None}))
    choice = Choice(parts=(Text("a"), Text("b")), finish=FinishReason.STOP, logprobs=given)
    (message,) = whole(answer(choices=(choice,)))["output"]
    assert [[entry], []] == [content["logprobs"] for content in message["content"]]


def test_items_of_other_kinds():
    """Whole, if they are this API's."""
    call = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    call["action"] = {"type": "search", "query": "q"}
    own, foreign = Opaque(OWN, Raw(json.encode(call))), Opaque("anthropic-messages", Raw(b"{}"))
    assert [call] == output(own, foreign)


def test_custom_tools():
    """Unwrapped where their upstream knew a function, left alone where it did not."""
    request = decode(tools=[{"type": "custom", "name": "patch"}])
    wrapped = ToolCall("c1", "patch", '{"input":"a\\nb"}')
    items = output(wrapped, ToolCall("c2", "patch", "{x", "custom"), request=request)
    assert [("custom_tool_call", "a\nb"), ("custom_tool_call", "{x")] == [
        (item["type"], item["input"]) for item in items
    ]
    assert ["ctc_0123456789abcdef00", "ctc_0123456789abcdef01"] == [item["id"] for item in items]
