"""Items of an output, one by one."""

from msgspec import Raw, json

from tests.dialects.openai_responses.kit import STAMP, decode
from trunkline.canon.content import Reasoning
from trunkline.dialects.openai_responses.encode_items import (
    CallHead,
    ItemWriter,
    reasoning_of,
    refusal_content,
    sealed,
    text_content,
)
from trunkline.dialects.openai_responses.reasoning import signature_of

OWN = "openai-responses"
TOOLS = [
    {"type": "custom", "name": "patch"},
    {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "f"}]},
]


def writer(*, own=False):
    return ItemWriter(decode(tools=TOOLS), STAMP, own=own)


def test_ids():
    """Made of stamp and place; the upstream's own where it speaks this API."""
    given = {"id": Raw(b'"msg_up"')}
    assert "msg_0123456789abcdef0a" == writer().id_of("message", 10, given)
    assert "msg_up" == writer(own=True).id_of("message", 10, given)
    assert "fc_0123456789abcdef00" == writer(own=True).id_of("function", 0, {"id": Raw(b"5")})
    assert ("c", "call_0123456789abcdef01") == (
        writer().call_id("c", 1),
        writer().call_id("", 1),
    )


def test_kinds():
    """The client's definition tells, where the upstream knew no better."""
    kinds = [writer().kind_of("patch", "function"), writer().kind_of("f", "function")]
    assert ["custom", "function"] == kinds


def test_calls():
    """Of functions and custom tools, by the client's names."""
    function = CallHead("fc_1", "c1", "n__f", "function", {})
    custom = CallHead("ctc_1", "c2", "patch", "custom", {})
    assert {
        "id": "fc_1",
        "type": "function_call",
        "status": "completed",
        "arguments": "{}",
        "call_id": "c1",
        "name": "f",
        "namespace": "n",
    } == json.decode(writer().call(function, "completed", "{}"))
    assert {
        "id": "ctc_1",
        "type": "custom_tool_call",
        "status": "completed",
        "call_id": "c2",
        "input": "x",
        "name": "patch",
    } == json.decode(writer().call(custom, "completed", "x"))


def test_what_an_upstream_of_the_same_api_adds():
    """Stays with the item; from any other it means nothing."""
    extra = {"id": Raw(b'"fc_1"'), "namespace": Raw(b'"z"'), "caller": Raw(b"{}")}
    head = CallHead("fc_1", "c", "f", "function", extra)
    own = json.decode(writer(own=True).call(head, "completed", "{}"))
    assert ("f", "z", {}) == (own["name"], own["namespace"], own["caller"])
    assert "caller" not in json.decode(writer().call(head, "completed", "{}"))


def test_messages():
    """Content, status, and the phase if there is one."""
    contents = [text_content(b'"a"'), refusal_content(b'"no"')]
    told = {"phase": Raw(b'"final_answer"')}
    assert {
        "id": "msg_1",
        "type": "message",
        "status": "completed",
        "content": [
            {"type": "output_text", "annotations": [], "logprobs": [], "text": "a"},
            {"type": "refusal", "refusal": "no"},
        ],
        "phase": "final_answer",
        "role": "assistant",
    } == json.decode(writer(own=True).message("msg_1", b"completed", contents, told))
    assert "phase" not in json.decode(writer().message("msg_1", b"completed", (), told))


def test_reasoning_of_another_dialect():
    """A summary, and a proof that tells whose it is, even if it proves nothing."""
    signed = Reasoning("hm", "sig", "anthropic-messages")
    assert {
        "id": "rs_1",
        "type": "reasoning",
        "encrypted_content": "trunkline.1:anthropic-messages:0:sig",
        "summary": [{"type": "summary_text", "text": "hm"}],
    } == json.decode(reasoning_of(signed, "rs_1"))
    unsigned = json.decode(reasoning_of(Reasoning("hm", origin="openai-chat"), "rs_1"))
    assert "trunkline.1:openai-chat:0:" == unsigned["encrypted_content"]
    hidden = json.decode(reasoning_of(Reasoning("", "d", "x", redacted=True), "rs_1"))
    assert ([], "trunkline.1:x:1:d") == (hidden["summary"], hidden["encrypted_content"])


def test_reasoning_of_the_same_api():
    """As its upstream wrote it, under its own id."""
    part = Reasoning("a\n\nb", signature_of("rs_up", "seal", ["a", "b"]), OWN)
    assert {
        "id": "rs_up",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": t} for t in "ab"],
        "encrypted_content": "seal",
    } == json.decode(reasoning_of(part, "rs_1"))


def test_seals_belong_to_ids():
    """OpenAI knows its content again by the item's id alone: under another it travels packed."""
    part = Reasoning("a", signature_of("rs_up", "seal"), OWN)
    assert "seal" == sealed(part, "rs_up")
    assert sealed(part, "rs_1").startswith("trunkline.1:openai-responses:0:{")
