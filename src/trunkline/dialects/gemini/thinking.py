"""How much the model shall think, as the model at hand can be told: in levels or in tokens, never both."""

from collections.abc import Mapping, Sequence

from trunkline.canon.deployment import Quirks
from trunkline.canon.request import Thinking
from trunkline.dialects.gemini.wire import Fields
from trunkline.dialects.notes import Notes
from trunkline.dialects.unasked import least_effort

_ORDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_LEVELS = frozenset({"minimal", "low", "medium", "high"})
_WORTH: Mapping[str, int] = {
    "minimal": 1_024,
    "low": 1_024,
    "medium": 8_192,
    "high": 24_576,
    "xhigh": 24_576,
    "max": 32_768,
}
"""An effort's tokens, as Google's own OpenAI endpoint counts them (ai.google.dev, OpenAI
compatibility, seen 2026-11-21)."""
_LOW, _MEDIUM = 4_096, 16_384
"""Up to how many tokens a budget is a low effort, or a medium one."""
_DYNAMIC = -1


def thinking_config(asked: Thinking | None, quirks: Quirks, notes: Notes) -> Fields | None:
    """None to say nothing, and leave it to the model."""
    if asked is None or (
        asked.mode is None and asked.effort is None and asked.budget_tokens is None
    ):
        if asked is not None and asked.native:
            notes.add("thinking", "dropped: only the client's dialect has such a setting")
        shown = asked is not None and asked.display not in (None, "omitted")
        return {"includeThoughts": True} if shown and _thinks(quirks) else None
    if not _thinks(quirks):
        notes.add("thinking", "dropped: the model does not think, or cannot be told to")
        return None
    off = asked.mode == "disabled" or (asked.effort == "none" and asked.mode is None)
    if quirks.thinking_budget is not None:
        config = _budget(asked, quirks.thinking_budget, notes, off=off)
    else:
        config = _level(asked, quirks.efforts, notes, off=off)
    if not off and asked.display != "omitted":
        config["includeThoughts"] = True
    return config


def no_thinking(quirks: Quirks) -> Fields:
    """
    For a client whose silence is a no: into generationConfig, where the model can be told so.

    The client did not say it itself: no note tells of what cannot be.
    """
    if quirks.thinking_budget is not None:
        return {} if quirks.thinking_budget[0] else {"thinkingConfig": {"thinkingBudget": 0}}
    effort = least_effort(quirks.efforts)
    return {"thinkingConfig": {"thinkingLevel": "MINIMAL"}} if effort == "minimal" else {}


def _thinks(quirks: Quirks) -> bool:
    return quirks.thinking_budget is not None or any(e in _LEVELS for e in quirks.efforts)


def _budget(asked: Thinking, bounds: tuple[int, int], notes: Notes, *, off: bool) -> Fields:
    least, most = bounds
    if off:
        if least:
            notes.add("thinking", f"set to {least} tokens: the model cannot be told not to think")
        return {"thinkingBudget": least}
    wanted = asked.budget_tokens
    if wanted is None and asked.effort is None:
        return {"thinkingBudget": _DYNAMIC}
    if wanted is None:
        return {"thinkingBudget": max(least, min(_WORTH.get(asked.effort or "", most), most))}
    fitted = max(least, min(wanted, most))
    if fitted != wanted:
        notes.add("thinking", f"set to {fitted} tokens: the model takes {least} to {most}")
    return {"thinkingBudget": fitted}


def _level(asked: Thinking, efforts: Sequence[str], notes: Notes, *, off: bool) -> Fields:
    levels = [effort for effort in efforts if effort in _LEVELS]
    wanted = "minimal" if off else asked.effort or _effort_of(asked.budget_tokens)
    if wanted is None:
        return {}
    at = _ORDER.index(wanted) if wanted in _ORDER else _ORDER.index("high")
    level = min(levels, key=lambda known: (abs(_ORDER.index(known) - at), _ORDER.index(known)))
    if off:
        notes.add("thinking", f"level '{level}': the model cannot be told not to think")
    elif level != wanted:
        notes.add("thinking", f"level '{level}' stands in for '{wanted}'")
    return {"thinkingLevel": level.upper()}


def _effort_of(budget: int | None) -> str | None:
    if budget is None:
        return None
    if budget <= _LOW:
        return "low"
    return "medium" if budget <= _MEDIUM else "high"
