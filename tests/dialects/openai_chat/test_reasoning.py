"""Thinking and its proof, there and back."""

import pytest
from msgspec import Raw, json

from tests.dialects.openai_chat.kit import decode
from trunkline.canon.content import Reasoning
from trunkline.dialects.openai_chat.reasoning import proof_of, read_reasoning, write_details

ENTRY = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}


def raws(*entries):
    return [Raw(json.encode(entry)) for entry in entries]


@pytest.mark.parametrize(
    "parts",
    (
        [Reasoning("a", "sig", "anthropic-messages")],
        [Reasoning("", "sig", "anthropic-messages")],
        [Reasoning("", "data", "anthropic-messages", redacted=True)],
        [
            Reasoning("a", "1", "x"),
            Reasoning("", "2", "x", redacted=True),
            Reasoning("b", "3", "y"),
        ],
    ),
)
def test_there_and_back(parts):
    """Signatures, their makers, hidden parts and their order survive a client that echoes them."""
    details = [raw for n, part in enumerate(parts) for raw in write_details(part, n)]
    text = "".join(part.text for part in parts)
    assert parts == read_reasoning(text, details)
    assert parts == read_reasoning("", details)


def test_text_alone():
    """Comes back as text alone."""
    assert [] == write_details(Reasoning("a"), 0)
    assert [Reasoning("a")] == read_reasoning("a", [])
    assert [] == read_reasoning("", [])


def test_an_upstreams_own():
    """Kept whole as a signature, and written as it was."""
    details = raws({**ENTRY, "text": "a", "signature": "s"})
    (part,) = read_reasoning("a", details)
    assert ("a", "openai-chat", False) == (part.text, part.origin, part.redacted)
    assert [json.decode(raw) for raw in details] == [
        json.decode(raw) for raw in write_details(part, 0)
    ]


def test_an_upstreams_own_without_proof():
    """Is text."""
    assert [Reasoning("a")] == read_reasoning("", raws({**ENTRY, "text": "a"}))
    assert [Reasoning("s")] == read_reasoning(
        "", raws({"type": "reasoning.summary", "summary": "s"})
    )


def test_hidden_by_an_upstream():
    """Without text, the part is hidden."""
    (part,) = read_reasoning("", raws({"type": "reasoning.encrypted", "data": "d"}))
    assert part.redacted


def test_pieces_are_joined():
    """Entries of a stream continue the one before, by type and index."""
    details = raws(
        {**ENTRY, "text": "a"},
        {**ENTRY, "text": "b"},
        {**ENTRY, "signature": "s", "format": None},
        {**ENTRY, "index": 1, "text": "c", "signature": "t"},
        {"type": "reasoning.encrypted", "id": "x", "data": "d", "index": 1},
        {"type": "reasoning.encrypted", "id": "y", "data": "e", "index": 1},
    )
    assert [
        {**ENTRY, "text": "ab", "signature": "s"},
        {**ENTRY, "index": 1, "text": "c", "signature": "t"},
        {"type": "reasoning.encrypted", "id": "x", "data": "d", "index": 1},
        {"type": "reasoning.encrypted", "id": "y", "data": "e", "index": 1},
    ] == json.decode(proof_of(details))


def test_nonsense():
    """What is no entry is no proof."""
    assert "" == proof_of(raws(1, {"type": 1}, {"signature": 1}))
    assert [] == write_details(Reasoning("a", "no json", "openai-chat"), 0)


def test_a_clients_history():
    """An OpenAI client brings a signature of another dialect back."""
    signed = Reasoning("a", "sig", "anthropic-messages")
    message = {
        "role": "assistant",
        "content": "b",
        "reasoning_content": "a",
        "reasoning_details": [json.decode(raw) for raw in write_details(signed, 0)],
    }
    (read,) = decode(messages=[message]).messages
    assert signed == read.parts[0]
