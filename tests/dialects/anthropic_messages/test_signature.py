"""Tests of signatures that travel through an Anthropic client."""

import pytest

from trunkline.dialects.anthropic_messages.signature import TAG, pack, unpack


def test_anthropics_own_is_left_alone() -> None:
    """A genuine signature goes through to the byte, in both directions."""
    assert "EqQB==" == pack("EqQB==", "anthropic-messages")
    assert ("EqQB==", "anthropic-messages") == unpack("EqQB==")


@pytest.mark.parametrize("signature", ("", "gAAAA:x", '{"id":"rs_1"}', "trunkline.1:openai:x"))
@pytest.mark.parametrize("origin", ("openai-chat", "gemini", ""))
def test_a_foreign_one_comes_back_whole(signature: str, origin: str) -> None:
    """Whatever another dialect signed with, colons and our own tag included, is restored."""
    assert (signature, origin) == unpack(pack(signature, origin))


def test_what_only_resembles_our_tag_is_anthropics() -> None:
    """A tag without its second colon, or with a strange origin, is nobody's but Anthropic's."""
    assert (TAG + "OPENAI:x", "anthropic-messages") == unpack(TAG + "OPENAI:x")
