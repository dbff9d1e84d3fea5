"""Proofs that clients carry for us."""

from trunkline.canon.content import Reasoning
from trunkline.dialects.openai_responses.carried import carried, carry


def test_there_and_back():
    """Signature, origin and whether it was hidden."""
    for redacted in (False, True):
        packed = carry("s:i\ng", "anthropic-messages", redacted=redacted)
        assert Reasoning("t", "s:i\ng", "anthropic-messages", redacted) == carried("t", packed)


def test_not_ours():
    """OpenAI's own is left alone."""
    assert carried("t", "gAAAAABo") is None
    assert carried("t", "") is None
