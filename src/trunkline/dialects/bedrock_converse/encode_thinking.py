"""How much the model shall reason, in the words of its family."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from trunkline.canon.request import Thinking
from trunkline.dialects.bedrock_converse.draft import Draft
from trunkline.dialects.bedrock_converse.encode_turns import Turn, within_tool_loop
from trunkline.dialects.bedrock_converse.families import Family
from trunkline.dialects.bedrock_converse.wire import Fields
from trunkline.dialects.claude import cannot_think, takes_xhigh, thinks_adaptively
from trunkline.dialects.unasked import ANTHROPIC

MIN_BUDGET = 1024
"""The least that Claude takes (platform.claude.com, extended thinking, seen 2026-11-21)."""
_BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32000,
}
"""An effort's worth in tokens, for models that know budgets alone."""
_THREE = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
"""Families that know three efforts; the nearest stands for another."""


class Reasoned(Struct, frozen=True):
    """What goes out."""

    fields: Fields
    """Into additionalModelRequestFields."""
    max_tokens: int | None
    effort: str | None = None
    """Into outputConfig."""
    thinks: bool = False
    """Sampling parameters are forbidden."""
    budgeted: bool = False
    """Forced tools are, too."""


def encode_thinking(draft: Draft, turns: Sequence[Turn]) -> Reasoned:
    limit, asked = _limit(draft), draft.request.thinking
    if asked is None or (asked.mode is None and asked.effort is None):
        return Reasoned({}, limit)
    return _ENCODERS[draft.family](asked, limit, draft, turns)


def _limit(draft: Draft) -> int | None:
    """None leaves it to the model, which then writes as much as it can."""
    asked, most = draft.request.max_output_tokens, draft.deployment.max_output_tokens
    if asked is not None and most is not None and asked > most:
        draft.note("max_tokens", f"lowered to {most}, the most this model writes")
        return most
    return asked


def _is_off(asked: Thinking) -> bool:
    return asked.mode == "disabled" or (asked.effort == "none" and asked.mode is None)


def _claude(asked: Thinking, limit: int | None, draft: Draft, turns: Sequence[Turn]) -> Reasoned:
    off: Fields = {"thinking": {"type": "disabled"}}
    if cannot_think(draft.deployment.model):
        return _others(asked, limit, draft, turns)
    if _is_off(asked):
        return Reasoned(off, limit)
    if asked.mode is None and draft.request.origin == ANTHROPIC:
        return Reasoned({}, limit, _effort_alone(asked, draft))
    if thinks_adaptively(draft.deployment.model):
        shown = {"display": "summarized"} if asked.display not in {None, "omitted"} else {}
        on: Fields = {"thinking": {"type": "adaptive", **shown}}
        return Reasoned(on, limit, _effort(asked, draft), thinks=True)
    if within_tool_loop(turns):
        # 400: "expected thinking, but found tool_use": the loop began without thinking.
        draft.note("thinking", "off: the tool calls being answered came without this model's own")
        return Reasoned(off, limit)
    if limit is not None and limit <= MIN_BUDGET:
        draft.note("thinking", f"off: max_tokens leaves no room for {MIN_BUDGET} tokens of it")
        return Reasoned(off, limit)
    thinking = {"type": "enabled", "budget_tokens": _budget(asked, limit, draft)}
    return Reasoned({"thinking": thinking}, limit, thinks=True, budgeted=True)


def _effort_alone(asked: Thinking, draft: Draft) -> str | None:
    """Of a client of Anthropic's API, where an effort says how much is written and no `thinking` is off."""
    if thinks_adaptively(draft.deployment.model):
        return _effort(asked, draft)
    draft.note("output_config.effort", "dropped: this model is told no effort")
    return None


def _budget(asked: Thinking, limit: int | None, draft: Draft) -> int:
    """At least 1024, and room for an answer within max_tokens."""
    given = asked.budget_tokens
    budget = _BUDGETS.get(asked.effort or "high", _BUDGETS["high"]) if given is None else given
    room = budget if limit is None else limit - 1 if given is not None else limit * 3 // 4
    fitted = max(MIN_BUDGET, min(budget, room))
    if given is not None and fitted != given:
        draft.note("thinking.budget_tokens", f"set to {fitted}: at least 1024, below max_tokens")
    return fitted


def _effort(asked: Thinking, draft: Draft) -> str | None:
    """outputConfig.effort is low, medium, high, xhigh or max (the service model, seen 2026-11-21)."""
    effort = asked.effort
    if effort in {None, "none"}:
        return None
    if effort == "minimal":
        return "low"
    if effort == "xhigh" and not takes_xhigh(draft.deployment.model):
        draft.note("reasoning_effort", "lowered to high: this model knows no xhigh")
        return "high"
    return effort


def _nova(asked: Thinking, limit: int | None, draft: Draft, _turns: Sequence[Turn]) -> Reasoned:
    """docs.aws.amazon.com/nova, "Extended thinking", seen 2026-11-21: high takes no limit beside it."""
    if _is_off(asked):
        return Reasoned({"reasoningConfig": {"type": "disabled"}}, limit)
    effort = _THREE.get(asked.effort or "medium", "high")
    if effort == "high" and limit is not None:
        draft.note("reasoning_effort", "lowered to medium: high takes no max_tokens beside it")
        effort = "medium"
    config = {"type": "enabled", "maxReasoningEffort": effort}
    return Reasoned({"reasoningConfig": config}, limit, thinks=effort == "high")


def _gpt_oss(asked: Thinking, limit: int | None, draft: Draft, _turns: Sequence[Turn]) -> Reasoned:
    if _is_off(asked):
        draft.note("thinking", "lowered to low: this model always reasons")
    effort = "low" if _is_off(asked) else _THREE.get(asked.effort or "medium", "high")
    return Reasoned({"reasoning_effort": effort}, limit)


def _others(asked: Thinking, limit: int | None, draft: Draft, _turns: Sequence[Turn]) -> Reasoned:
    if not _is_off(asked):
        draft.note("thinking", "dropped: this model reasons by itself or not at all")
    return Reasoned({}, limit)


_ENCODERS: Mapping[Family, Callable[[Thinking, int | None, Draft, Sequence[Turn]], Reasoned]] = {
    Family.CLAUDE: _claude,
    Family.NOVA: _others,
    Family.NOVA_2: _nova,
    Family.GPT_OSS: _gpt_oss,
    Family.OTHER: _others,
}
