"""What an upstream that completes is sent: a client's own body, a prompt, a conversation as a transcript."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_completions.making import DIALECT, asked, target
from trunkline.canon.content import Image, Message, Remote, Role, Text
from trunkline.canon.errors import Unsupported
from trunkline.canon.request import ChatRequest, OutputFormat, Tool


def sent(request, **quirks):
    return json.decode(DIALECT.encode_request(request, target(**quirks)).body)


def chat(*messages, **more):
    return ChatRequest(model="m", messages=messages, origin="openai-chat", **more)


def test_a_client_s_own_body_passes():
    """Its model replaced; a stream is asked for its usage; what is rejected is dropped with a note."""
    envelope = {
        "model": Raw(b'"m"'),
        "prompt": Raw(b"[ 1,2 ]"),
        "stream": Raw(b"true"),
        "user": Raw(b'"u"'),
    }
    encoded = DIALECT.forward(envelope, target(drop=("user",)), {})

    assert b'"prompt":[ 1,2 ]' in encoded.body
    assert {
        "model": "up",
        "prompt": [1, 2],
        "stream": True,
        "stream_options": {"include_usage": True},
    } == json.decode(encoded.body)
    assert ["user"] == [note.field for note in encoded.notes]
    assert b"stream_options" not in DIALECT.forward(envelope, target(stream_usage=False), {}).body


def test_a_prompt_that_must_be_written_anew():
    """Everything it said, in its own words."""
    request = asked(max_tokens=5, n=2, stop=["x"], logprobs=2, seed=1, stream=True, best_of=3)

    assert {
        "model": "up",
        "prompt": "Say",
        "max_tokens": 5,
        "stop": ["x"],
        "n": 2,
        "seed": 1,
        "logprobs": 2,
        "stream": True,
        "stream_options": {"include_usage": True},
        "best_of": 3,
    } == sent(request)


def test_what_is_rejected_is_dropped_from_what_is_written_anew():
    """With a note, as from a body that passes."""
    request = asked(models=["a/dear-one"], seed=1)
    encoded = DIALECT.encode_request(request, target(drop=("seed",), routing=("models",)))

    assert {"model": "up", "prompt": "Say", "max_tokens": 16} == json.decode(encoded.body)
    assert [
        ("models", "dropped: who answers is decided here"),
        ("seed", "dropped: the provider rejects it"),
    ] == [(note.field, note.message) for note in encoded.notes]


def test_a_conversation_is_a_transcript():
    """Ended where the model would speak for its user; fields of the other dialect are dropped."""
    request = chat(
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.USER, (Text("Hi"), Text("!"))),
        Message(Role.ASSISTANT, (Text("Ho"),)),
        Message(Role.USER, (Text("Again"),)),
        extra={"x": Raw(b"1")},
    )
    body = sent(request)

    assert (
        "System: Be brief.\n\nUser: Hi!\n\nAssistant: Ho\n\nUser: Again\n\nAssistant:"
        == body["prompt"]
    )
    assert ["\n\nUser:"] == body["stop"]
    assert ["x"] == [note.field for note in DIALECT.encode_request(request, target()).notes]


@pytest.mark.parametrize(
    ("request_", "param"),
    (
        (chat(tools=(Tool(name="t"),)), "tools"),
        (chat(output_format=OutputFormat(kind="json_object")), "response_format"),
        (chat(Message(Role.USER, (Image(Remote("http://x")),))), "messages"),
        (chat(Message(Role.TOOL, ())), "messages"),
    ),
)
def test_what_is_no_text(request_, param):
    """Refused by name."""
    with pytest.raises(Unsupported) as told:
        sent(request_)
    assert param == told.value.param
