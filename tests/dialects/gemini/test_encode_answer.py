"""Whole answers, as a Gemini client reads them."""

from typing import Any

from msgspec import Raw, json

from tests.dialects.gemini.kit import DIALECT, NAME, STAMP, request
from trunkline.canon.answer import Answer, Choice
from trunkline.canon.content import Opaque, Reasoning, Refusal, Text, ToolCall
from trunkline.canon.event import FinishReason
from trunkline.canon.usage import Usage
from trunkline.dialects.gemini.signature import unpack
from trunkline.dialects.thought_ids import signed


def said(*parts: Any, origin: str = "openai-chat", **fields: Any) -> Any:
    choice = Choice(parts=parts, **{"finish": FinishReason.STOP, **fields})
    answer = Answer(id="x", choices=(choice,), origin=origin)
    return json.decode(DIALECT.encode_answer(answer, request(), STAMP))


def parts(*given: Any, origin: str = "openai-chat") -> Any:
    return said(*given, origin=origin)["candidates"][0]["content"]["parts"]


def test_the_frame():
    """Ids and names of another dialect's answer are the stamp's; its fields do not show."""
    answer = Answer(
        id="chatcmpl-1",
        choices=(Choice(parts=(Text("hi"),), finish=FinishReason.LENGTH),),
        usage=Usage(input=1, output=2),
        extra={"system_fingerprint": Raw(b'"x"')},
        origin="openai-chat",
    )
    assert {
        "candidates": [
            {
                "content": {"parts": [{"text": "hi"}], "role": "model"},
                "finishReason": "MAX_TOKENS",
                "index": 0,
            }
        ],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
        "modelVersion": "the-model",
        "responseId": "0123456789",
    } == json.decode(DIALECT.encode_answer(answer, request(), STAMP))


def test_calls():
    """The signature leaves the id; arguments are an object, whatever the model wrote."""
    assert [
        {
            "functionCall": {"id": "x", "name": "f", "args": {"a": 1}},
            "thoughtSignature": "c2ln",
        },
        {"functionCall": {"id": "y", "name": "g", "args": {"input": "{broken"}}},
    ] == parts(ToolCall(signed("x", "c2ln"), "f", '{"a":1}'), ToolCall("y", "g", "{broken"))


def test_thoughts():
    """Another provider's proof is packed; Google's own stands where Google puts it."""
    (theirs,) = parts(Reasoning("hm", "s", "anthropic-messages"))
    assert ("hm", True) == (theirs["text"], theirs["thought"])
    assert ("s", "anthropic-messages") == unpack(theirs["thoughtSignature"])
    own = Reasoning("", "c2ln", NAME, redacted=True)
    assert [{"text": "a", "thoughtSignature": "c2ln"}] == parts(Text("a"), own, origin=NAME)
    assert [{"text": "", "thoughtSignature": "c2ln"}] == parts(own, origin=NAME)
    assert [] == parts(Reasoning(""))


def test_hidden_thoughts_of_others():
    """A redacted part shows nothing, and travels."""
    (hidden,) = parts(Reasoning("", "data", "anthropic-messages", redacted=True))
    assert ("", True) == (hidden["text"], hidden["thought"])
    assert ("data", "anthropic-messages") == unpack(hidden["thoughtSignature"])


def test_what_remains():
    """A refusal is a text; only Google's own opaque parts are understood."""
    own, theirs = Opaque(NAME, Raw(b'{"executableCode":{}}')), Opaque("x", Raw(b"{}"))
    assert [{"text": "no"}, {"executableCode": {}}] == parts(Refusal("no"), Text(""), own, theirs)


def test_its_own_fields():
    """A reason in Google's words, details, and what surrounds the candidates."""
    own = said(
        Text("a"),
        origin=NAME,
        finish=FinishReason.CONTENT_FILTER,
        native="RECITATION",
        details=Raw(b'{"citationMetadata":{}}'),
    )
    (candidate,) = own["candidates"]
    assert ("RECITATION", {}) == (candidate["finishReason"], candidate["citationMetadata"])
    assert "x" == own["responseId"]


def test_a_refused_prompt():
    """Goes out as it came in: feedback, and no candidate."""
    body = json.encode({"promptFeedback": {"blockReason": "SAFETY"}})
    again = json.decode(DIALECT.encode_answer(DIALECT.decode_answer(body), request(), STAMP))
    assert "candidates" not in again
    assert {"blockReason": "SAFETY"} == again["promptFeedback"]


def test_log_probabilities():
    """In Google's form."""
    told = Raw(b'{"content":[{"token":"a","logprob":-1.0,"top_logprobs":[]}]}')
    (candidate,) = said(Text("a"), logprobs=told)["candidates"]
    assert "a" == candidate["logprobsResult"]["chosenCandidates"][0]["token"]
