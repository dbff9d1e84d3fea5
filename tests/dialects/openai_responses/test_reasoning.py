"""Reasoning items, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.dialects.openai_responses.upstream import FOREIGN, OWN
from tests.strategies import texts
from trunkline.canon.content import Reasoning
from trunkline.dialects.openai_responses.reasoning import item_of, part_of, proof_of

several = st.lists(texts, max_size=3)


@given(st.text("rs_019", max_size=5), st.text("gAz=", max_size=5), several, st.booleans())
def test_there_and_back(item_id, sealed, shown, spoken):
    """An item that proves anything comes back as it was, its texts divided as they were."""
    part = part_of(item_id, sealed, () if spoken else shown, shown if spoken else ())
    if not (item_id or sealed):
        assert part == (Reasoning("\n\n".join(shown)) if shown else None)
        return
    item = json.decode(json.encode(item_of(part, proof_of(part))))
    field = "content" if spoken and shown else "summary"
    assert shown == [text["text"] for text in item[field]]
    assert (item_id, sealed) == (item.get("id", ""), item.get("encrypted_content", ""))


def test_an_empty_summary_is_said():
    """The API requires the field."""
    part = part_of("rs_1", "gAAA", (), ())
    assert {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"} == (
        json.decode(json.encode(item_of(part, proof_of(part))))
    )


def test_a_text_that_was_changed():
    """Whoever shortened it: what is left is one text."""
    part = part_of("rs_1", "gAAA", ("one", "two"), ())
    changed = Reasoning(part.text[:-1], part.signature, part.origin)
    assert ["one\n\ntw"] == [text.text for text in item_of(changed, proof_of(changed)).summary]


@pytest.mark.parametrize(
    "part",
    (Reasoning("t", "sig", FOREIGN), Reasoning("t", "no JSON", OWN), Reasoning("t", "[]", OWN)),
)
def test_proofs_of_others(part):
    """Prove nothing here."""
    proof = proof_of(part)
    assert ("", "") == (proof.id, proof.encrypted_content)
