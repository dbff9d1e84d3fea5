"""Tests of a request passing through."""

from typing import Any

from msgspec import Raw, json

from tests.dialects.anthropic_messages.kit import DIALECT, deployment
from trunkline.canon.deployment import Quirks
from trunkline.dialects.anthropic_messages.signature import pack
from trunkline.dialects.base import Encoded
from trunkline.dialects.thought_ids import signed

ENVELOPE = {
    "model": Raw(b'"alias"'),
    "messages": Raw(b'[ {"role": "user",  "content": "hi"} ]'),
    "thinking": Raw(b'{"type":"adaptive"}'),
    "stream": Raw(b"true"),
}


def forward(
    envelope: dict[str, Raw], headers: dict[bytes, bytes] | None = None, **quirks: Any
) -> Encoded:
    to = deployment("claude-x", Quirks(**quirks))
    return DIALECT.forward(envelope, to, headers or {})


def test_all_but_the_model_stays_to_the_byte() -> None:
    """White space and order of fields included."""
    encoded = forward(ENVELOPE)

    assert (
        b'{"model":"claude-x","messages":[ {"role": "user",  "content": "hi"} ],'
        b'"thinking":{"type":"adaptive"},"stream":true}'
    ) == encoded.body
    assert () == encoded.notes


def test_headers() -> None:
    """The client's version and beta features, and the one version there is."""
    given = {b"anthropic-version": b"2024-01-01", b"anthropic-beta": b"x-1", b"x-api-key": b"s"}

    assert ((b"anthropic-version", b"2023-06-01"),) == forward(ENVELOPE).headers
    assert (
        (b"anthropic-version", b"2024-01-01"),
        (b"anthropic-beta", b"x-1"),
    ) == forward(ENVELOPE, given).headers


def test_quirks() -> None:
    """Dropped with a note, renamed, added; beta features too."""
    encoded = forward(
        ENVELOPE,
        {b"anthropic-beta": b"x"},
        drop=("thinking", "anthropic-beta"),
        add={"a": Raw(b"1")},
    )

    assert ["model", "messages", "stream", "a"] == list(json.decode(encoded.body))
    assert ["thinking", "anthropic-beta"] == [note.field for note in encoded.notes]
    assert 1 == len(encoded.headers)


def history(*messages: Any) -> tuple[Any, list[str]]:
    envelope = {**ENVELOPE, "messages": Raw(json.encode(messages))}
    encoded = forward(envelope)
    return json.decode(encoded.body)["messages"], [note.field for note in encoded.notes]


def test_reasoning_of_another_provider_is_taken_out() -> None:
    """Its signature is ours, and Anthropic would refuse it; its own stays."""
    foreign = {"type": "thinking", "thinking": "hm", "signature": pack("x", "openai-chat")}
    hidden = {"type": "redacted_thinking", "data": pack("x", "gemini")}
    own = {"type": "thinking", "thinking": "hm", "signature": "Eq"}
    text = {"type": "text", "text": "hi"}
    user = {"role": "user", "content": "hi"}

    assert (
        [user, {"role": "assistant", "content": [own, text]}, user],
        ["messages"],
    ) == history(
        user,
        {"role": "assistant", "content": [own, foreign, hidden, text]},
        {"role": "assistant", "content": [foreign]},
        user,
    )


def test_words_that_look_like_our_tag_stay() -> None:
    """In text it is text."""
    talk = {"role": "user", "content": [{"type": "text", "text": pack("x", "openai-chat")}]}
    plain = {"role": "user", "content": pack("x", "openai-chat")}

    assert ([talk, plain], []) == history(talk, plain)


def test_what_is_no_message_is_the_upstreams_to_refuse() -> None:
    """It goes as it is."""
    odd = Raw(b'["trunkline.1:x:", 3]')

    encoded = forward({**ENVELOPE, "messages": odd})

    assert bytes(odd) in encoded.body
    assert () == encoded.notes


def test_signatures_in_call_ids_stay_behind() -> None:
    """They are Gemini's alone; the call and its result still agree, all else is as it was."""
    call_id = signed("call_1", "sig")
    call = {"type": "tool_use", "id": call_id, "name": "f", "input": {"id": call_id}}
    result = {"type": "tool_result", "tool_use_id": call_id, "content": call_id}
    said = [
        {"role": "assistant", "content": [{"type": "text", "text": call_id}, call]},
        {"role": "user", "content": [result]},
        {"role": "user", "content": call_id},
    ]
    encoded = forward({**ENVELOPE, "messages": Raw(json.encode(said))})
    (_, sent), (answer,), text = [m["content"] for m in json.decode(encoded.body)["messages"]]

    assert {**call, "id": "call_1"} == sent
    assert {**result, "tool_use_id": "call_1"} == answer
    assert call_id == text
    assert () == encoded.notes
