"""One candidate, part by part."""

from msgspec import json

from tests.dialects.gemini.kit import answer_of, event, events_of, parts_of, whole
from trunkline.canon.content import Opaque, Reasoning, Text, ToolCall
from trunkline.canon.event import FinishReason, Logprobs, PartOpened
from trunkline.dialects.gemini.decode_answer import decode_answer
from trunkline.dialects.gemini.signature import pack
from trunkline.dialects.thought_ids import unsigned

STOP = event(finish="STOP")


def call(name="f", args=None, **more):
    return {"functionCall": {"name": name, **({} if args is None else {"args": args})}, **more}


def test_thoughts_and_text():
    """A part of each, in order."""
    thought = {"text": "hm", "thought": True}
    expected = (Reasoning("hmhm"), Text("a"), Reasoning("hm"))
    assert expected == parts_of(event(thought, thought), event({"text": "a"}, thought), STOP)


def test_a_signed_thought():
    """The proof is the thought's own."""
    thought = {"text": "hm", "thought": True, "thoughtSignature": "c2ln"}
    assert (Reasoning("hm", "c2ln", "gemini"),) == parts_of(event(thought), STOP)


def test_a_signed_text():
    """The proof of what nobody saw stands behind the text; so does that of an empty last one."""
    proof = Reasoning("", "c2ln", "gemini", redacted=True)
    assert (Text("a"), proof) == parts_of(event({"text": "a", "thoughtSignature": "c2ln"}), STOP)
    last = event({"text": "", "thoughtSignature": "c2ln"}, finish="STOP")
    assert (Text("a"), proof) == parts_of(event({"text": "a"}), last)
    alone = event({"thoughtSignature": "c2ln"}, finish="STOP")
    assert (Text("a"), proof) == parts_of(event({"text": "a"}), alone)


def test_calls():
    """Whole, their ids left to the client's side; STOP means a wait for results."""
    stream = event(call("f", {"a": 1}), call("g")), STOP
    first, second = parts_of(*stream)
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert ("f", '{"a":1}', "g", "{}") == (
        first.name,
        first.arguments,
        second.name,
        second.arguments,
    )
    assert ["", ""] == [first.id, second.id]
    assert (first, second) == whole(call("f", {"a": 1}), call("g")).choices[0].parts
    assert FinishReason.TOOL_CALLS == answer_of(*stream).choices[0].finish


def test_a_given_id():
    """Stays, with the signature in it."""
    given = {"functionCall": {"id": "x", "name": "f"}, "thoughtSignature": "c2ln"}
    (part,) = parts_of(event(given), STOP)
    assert isinstance(part, ToolCall)
    assert ("x", "c2ln") == unsigned(part.id)


def test_a_human_readers_blanks():
    """Whole answers are indented; arguments are not."""
    body = json.format(
        json.encode({"candidates": [{"content": {"parts": [call("f", {"a": [1]})]}}]})
    )
    (part,) = decode_answer(body).choices[0].parts
    assert isinstance(part, ToolCall)
    assert '{"a":[1]}' == part.arguments


def test_a_call_in_pieces():
    """Vertex AI's: begun by its name, ended by a piece that does not go on."""
    pieces = [
        {"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "c2ln"},
        {
            "functionCall": {
                "partialArgs": [{"jsonPath": "$.a", "stringValue": "x", "willContinue": True}],
                "willContinue": True,
            }
        },
        {"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "y"}]}},
    ]
    (part,) = parts_of(*[event(piece) for piece in pieces], STOP)
    assert isinstance(part, ToolCall)
    assert ("f", '{"a":"xy"}') == (part.name, part.arguments)
    assert "c2ln" == unsigned(part.id)[1]


def test_a_call_that_never_ends():
    """Another call, another part or the end of the answer ends it."""
    begun = {"functionCall": {"name": "f", "willContinue": True}}
    parts = parts_of(event(begun), event(begun), event({"text": "a"}), event(begun), STOP)
    assert ["ToolCall", "ToolCall", "Text", "ToolCall"] == [type(p).__name__ for p in parts]


def test_the_end_of_no_call():
    """An empty piece that belongs to nothing is nothing."""
    assert () == parts_of(event({"functionCall": {}}), STOP)


def test_what_only_google_knows():
    """Code it ran, pictures it drew: kept as it came, signature and all."""
    code = {"executableCode": {"code": "1+1"}, "thoughtSignature": "c2ln"}
    (part,) = parts_of(event(code), STOP)
    assert isinstance(part, Opaque)
    assert "gemini" == part.origin
    assert code == json.decode(part.raw)


def test_fields_of_a_candidate():
    """The latest of each is kept for our own clients."""
    body = {"content": {"parts": []}, "finishReason": "STOP", "groundingMetadata": {"a": 1}}
    answer = answer_of(
        event({"text": "x"}), b"data: " + json.encode({"candidates": [body]}) + b"\r\n\r\n"
    )
    details = answer.choices[0].details
    assert details is not None
    assert {"groundingMetadata": {"a": 1}} == json.decode(details)


def test_log_probabilities():
    """In the canonical form."""
    told = {"chosenCandidates": [{"token": "x", "logProbability": -1.0}]}
    body = {"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP", "logprobsResult": told}
    events = events_of(b"data: " + json.encode({"candidates": [body]}) + b"\r\n\r\n")
    (logprobs,) = [e for e in events if isinstance(e, Logprobs)]
    assert "x" == json.decode(logprobs.raw)["content"][0]["token"]


def test_another_dialects_proof():
    """A gateway behind this one packs foreign signatures: they are taken apart again."""
    thought = {"text": "hm", "thought": True, "thoughtSignature": pack("s", "anthropic-messages")}
    assert (Reasoning("hm", "s", "anthropic-messages"),) == parts_of(event(thought), STOP)


def test_no_content():
    """MAX_TOKENS may leave nothing at all."""
    body = b'data: {"candidates":[{"finishReason":"MAX_TOKENS"}]}\r\n\r\n'
    answer = answer_of(body)
    assert ((), FinishReason.LENGTH) == (answer.choices[0].parts, answer.choices[0].finish)
    assert not [e for e in events_of(body) if isinstance(e, PartOpened)]
