"""Thought signatures in the ids of tool calls."""

import re

from trunkline.dialects.thought_ids import signed, unsigned


def test_there_and_back():
    """Travel in the id, in letters any dialect takes, and come off it again."""
    call_id = signed("call_1", "A+/=b")
    assert re.fullmatch("[a-zA-Z0-9_-]+", call_id)
    assert ("call_1", "A+/=b") == unsigned(call_id)


def test_nothing_to_carry():
    """No signature leaves the id alone, and so does what only looks like one."""
    assert "c" == signed("c", "")
    assert ("c", "") == unsigned("c")
    assert ("c__thought_", "") == unsigned("c__thought_")
    assert ("c__thought_!", "") == unsigned("c__thought_!")
