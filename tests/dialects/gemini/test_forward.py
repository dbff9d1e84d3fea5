"""Requests that pass."""

from msgspec import Raw, json

from tests.dialects.gemini.kit import DIALECT, deployment
from trunkline.dialects.gemini.signature import PLACEHOLDER, pack


def forwarded(envelope, **quirks):
    return DIALECT.forward(envelope, deployment(**quirks), {})


def test_to_the_byte():
    """But for what a face put there from the path."""
    contents = Raw(b'[ {"parts":[{"text":"\\u00e9"}]} ]')
    envelope = {"contents": contents, "model": Raw(b'"m"'), "stream": Raw(b"true")}
    assert b'{"contents":[ {"parts":[{"text":"\\u00e9"}]} ]}' == forwarded(envelope).body


def test_quirks():
    """Of the top level are applied, and noted."""
    encoded = forwarded({"contents": Raw(b"[]"), "labels": Raw(b"{}")}, drop=("labels",))
    assert b'{"contents":[]}' == encoded.body
    assert ["labels"] == [note.field for note in encoded.notes]


def test_proofs_of_others():
    """Are taken out: Google would refuse the request. A content of nothing else goes with them."""
    theirs = {"text": "hm", "thought": True, "thoughtSignature": pack("s", "anthropic-messages")}
    snake = {"text": "", "thought_signature": pack("s", "openai-chat")}
    said = {"role": "model", "parts": [theirs, {"text": "a"}, snake]}
    alone = {"role": "model", "parts": [theirs]}
    encoded = forwarded({"contents": Raw(json.encode([said, alone]))})
    assert [{"role": "model", "parts": [{"text": "a"}]}] == json.decode(encoded.body)["contents"]
    assert ["contents"] == [note.field for note in encoded.notes]


def test_a_text_about_the_tag():
    """Or a body of another shape is left for the upstream to judge."""
    tag = pack("", "x")
    for contents in ([{"parts": [{"text": tag}]}], {"parts": tag}, [{"parts": tag}], [tag]):
        encoded = forwarded({"contents": Raw(json.encode(contents))})
        assert contents == json.decode(encoded.body)["contents"]
        assert () == encoded.notes


def test_calls_of_others():
    """Where the model wants signatures, the first call of a turn gets what Google takes for one."""
    asked = Raw(b'{ "role":"user","parts":[{"text":"functionCall"}] }')
    call = {"functionCall": {"name": "f", "args": {}}}
    turn = {"role": "model", "parts": [{"text": "a"}, call, call]}
    said = Raw(json.encode([asked, turn]))
    assert bytes(said) == bytes(
        json.decode(forwarded({"contents": said}).body, type=_BODY)["contents"]
    )

    encoded = forwarded({"contents": said}, thought_signatures=True)
    contents = json.decode(encoded.body)["contents"]
    signed = {**call, "thoughtSignature": PLACEHOLDER}
    assert [json.decode(asked), {**turn, "parts": [{"text": "a"}, signed, call]}] == contents
    assert () == encoded.notes
    again = forwarded({"contents": Raw(json.encode(contents))}, thought_signatures=True)
    assert contents == json.decode(again.body)["contents"]


def test_calls_of_others_and_their_proofs():
    """Both are seen to; a body of another shape is left for the upstream to judge."""
    theirs = {"text": "hm", "thought": True, "thoughtSignature": pack("s", "anthropic-messages")}
    call = {"function_call": {"name": "f"}}
    said = [
        {"parts": [{"text": "hi"}]},
        {"role": "model", "parts": [theirs, call]},
        {"role": "model"},
    ]
    encoded = forwarded({"contents": Raw(json.encode(said))}, thought_signatures=True)
    parts = [{**call, "thoughtSignature": PLACEHOLDER}]
    expected = [said[0], {"role": "model", "parts": parts}, {"role": "model"}]
    assert expected == json.decode(encoded.body)["contents"]
    odd = [{"role": "model", "parts": "functionCall"}, {"functionCall": 1}]
    for contents in (odd, {"functionCall": odd}):
        passed = forwarded({"contents": Raw(json.encode(contents))}, thought_signatures=True)
        assert contents == json.decode(passed.body)["contents"]


_BODY = dict[str, Raw]
