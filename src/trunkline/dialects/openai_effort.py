"""How hard to think, in the one word OpenAI has for it."""

from collections.abc import Sequence

from trunkline.canon.request import Thinking
from trunkline.dialects.notes import Notes

_ORDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# Claude Code's "think" is 4,000 tokens, "think harder" 10,000, "ultrathink" 31,999 (seen 2026-11-21).
_LOW = 4_096
_ON = ("enabled", "adaptive")
_MEDIUM = 16_384


def reasoning_effort(thinking: Thinking, efforts: Sequence[str], notes: Notes) -> str | None:
    """One of `efforts`; None to say nothing."""
    wanted = _wanted(thinking)
    if wanted is None:
        return None
    if not efforts:
        notes.add("thinking", "dropped: the model has no levels of reasoning")
        return None
    if wanted in efforts:
        return wanted
    known = [effort for effort in efforts if effort in _ORDER]
    if wanted == "none" and "minimal" not in known:
        notes.add("thinking", "dropped: the model cannot be told not to reason")
        return None
    if not known or wanted not in _ORDER:
        notes.add("thinking", f"dropped: the model knows no reasoning effort '{wanted}'")
        return None
    at = _ORDER.index(wanted)
    # Some reasoning was asked for: none of it is no near neighbour.
    some = [effort for effort in known if effort != "none"] or known
    nearest = min(some, key=lambda effort: (abs(_ORDER.index(effort) - at), _ORDER.index(effort)))
    notes.add("thinking", f"reasoning effort '{nearest}' stands in for '{wanted}'")
    return nearest


def _wanted(thinking: Thinking) -> str | None:
    if thinking.mode == "disabled":
        return "none"
    if thinking.effort is not None:
        return thinking.effort
    budget = thinking.budget_tokens
    if budget is not None:
        if budget <= _LOW:
            return "low"
        return "medium" if budget <= _MEDIUM else "high"
    # "adaptive" without an effort, too: GPT-5.1 and later do not reason unless they are told.
    return "medium" if thinking.mode in _ON and not thinking.native else None
