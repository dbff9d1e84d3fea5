"""The conversation as Google wants it."""

from msgspec import Raw

from tests.dialects.gemini.kit import NAME, notes, request, results, sent
from tests.dialects.turns import assistant, system, user
from trunkline.canon.content import Message, Opaque, Reasoning, Role, Text, ToolCall, ToolResult
from trunkline.dialects.gemini.signature import PLACEHOLDER
from trunkline.dialects.thought_ids import signed

CALL = ToolCall("c1", "f", '{"a":1}')
PROOF = Reasoning("", "c2ln", NAME, redacted=True)


def contents(*messages, **quirks):
    return sent(request(*messages), **quirks)["contents"]


def model(*parts, **quirks):
    """The parts of the model's turn."""
    return contents(user("hi"), assistant(*parts), **quirks)[1]["parts"]


def test_the_system():
    """Stands apart, each of its texts a part."""
    body = sent(request(system("a", "b"), Message(Role.DEVELOPER, (Text("c"),)), user("hi")))
    assert {"parts": [{"text": "a"}, {"text": "b"}, {"text": "c"}]} == body["systemInstruction"]
    assert [{"role": "user", "parts": [{"text": "hi"}]}] == body["contents"]


def test_a_system_message_later():
    """Stays in place, as a user's: to hoist it would break every prompt cache."""
    said = request(user("hi"), assistant("yes"), system("now be brief"), user("go"))
    assert ["user", "model", "user", "user"] == [c["role"] for c in sent(said)["contents"]]
    assert "messages.2.role" in notes(said)


def test_a_turn_of_the_model():
    """Is one content, so that all results can follow all calls."""
    said = contents(user("hi"), assistant("a"), assistant(CALL), results(ToolResult("c1", ())))
    assert ["user", "model", "user"] == [c["role"] for c in said]
    assert 2 == len(said[1]["parts"])


def test_nothing_to_begin_with():
    """Contents may not be empty, nor begin with the model."""
    assert "Continue." == contents(system("a"))[0]["parts"][0]["text"]
    assert "Continue." == contents(assistant("a"))[0]["parts"][0]["text"]
    assert ["model"] == [c["role"] for c in sent(request(assistant("a"), origin=NAME))["contents"]]


def test_calls():
    """Arguments are an object; the signature in the id stands on the part."""
    call = {"id": "c1", "name": "f", "args": {"a": 1}}
    assert [{"functionCall": call}] == model(CALL)
    signed_call = ToolCall(signed("c1", "c2ln"), "f", '{"a":1}')
    assert [{"functionCall": call, "thoughtSignature": "c2ln"}] == model(signed_call)
    broken = ToolCall("c1", "f", "{broken")
    assert {"input": "{broken"} == model(broken)[0]["functionCall"]["args"]
    assert "messages.1.content.0.arguments" in notes(request(user("hi"), assistant(broken)))
    assert {} == model(ToolCall("c1", "f", ""))[0]["functionCall"]["args"]
    custom = ToolCall("c1", "f", "text", "custom")
    assert {"input": "text"} == model(custom)[0]["functionCall"]["args"]


def test_missing_signatures():
    """Where the model wants them, the first call of a turn gets what Google takes for one."""
    second = ToolCall("c2", "g", "{}")
    first, other = model(CALL, second, thought_signatures=True)
    assert (PLACEHOLDER, False) == (first["thoughtSignature"], "thoughtSignature" in other)
    (own,) = model(ToolCall(signed("c1", "c2ln"), "f", "{}"), thought_signatures=True)
    assert "c2ln" == own["thoughtSignature"]
    assert "thoughtSignature" not in model(CALL)[0]
    turns = (user("hi"), assistant(CALL), assistant(second))
    _, *own = sent(request(*turns, origin=NAME), thought_signatures=True)["contents"]
    assert [PLACEHOLDER, None] == [turn["parts"][0].get("thoughtSignature") for turn in own]


def test_thoughts():
    """Google's go back as they came; others' are dropped, and that is said."""
    assert [
        {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "ha", "thought": True},
    ] == model(Reasoning("hm", "c2ln", NAME), Reasoning("ha", "", NAME))
    said = request(user("hi"), assistant(Reasoning("hm", "s", "anthropic-messages"), "a"))
    assert "messages.1.content.0" in notes(said)
    assert [{"text": "a"}] == sent(said)["contents"][1]["parts"]


def test_proofs_of_what_nobody_saw():
    """On the text before, the text behind, or an empty one of their own."""
    on_text = [{"text": "a", "thoughtSignature": "c2ln"}]
    assert on_text == model("a", PROOF)
    assert on_text == model(PROOF, "a")
    assert [{"text": "", "thoughtSignature": "c2ln"}] == model(PROOF)
    assert [*on_text, {"text": "", "thoughtSignature": "c2ln"}] == model("a", PROOF, PROOF)
    assert [{"text": "", "thoughtSignature": "c2ln"}, *on_text] == model(PROOF, PROOF, "a")


def test_what_only_others_know():
    """Of a model's history it is dropped, and that is said."""
    said = request(user("hi"), assistant("a", Opaque("x", Raw(b"{}"))))
    assert "messages.1.content.1" in notes(said)
    own = Opaque(NAME, Raw(b'{"executableCode":{}}'))
    assert {"executableCode": {}} == model(own)[0]


def test_names_of_participants():
    """Have no place."""
    assert "messages.0.name" in notes(request(Message(Role.USER, (Text("hi"),), "Ann")))


def test_a_message_of_nothing():
    """Is none: contents have parts."""
    assert 1 == len(contents(user("hi"), assistant("")))
