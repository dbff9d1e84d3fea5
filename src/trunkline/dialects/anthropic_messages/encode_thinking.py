"""How much the model shall reason, as the model at hand can be told."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from trunkline.canon.request import Thinking
from trunkline.dialects.anthropic_messages.draft import Draft
from trunkline.dialects.anthropic_messages.encode_turns import Turn, within_tool_loop
from trunkline.dialects.anthropic_messages.wire import BETA_HEADER, Fields
from trunkline.dialects.claude import (
    cannot_think,
    takes_effort,
    takes_xhigh,
    thinks_adaptively,
    thinks_by_budget_only,
)

MIN_BUDGET = 1024
"""The API's own minimum (thinking.budget_tokens in its SDK, seen 2026-11-21)."""

DEFAULT_MAX_TOKENS = 4096
"""Where neither client nor deployment names a limit: what every Claude can write."""

_BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32000,
}
"""An effort's worth in tokens, for models that know budgets alone."""
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "max": "max"}


class Reasoned(Struct, frozen=True):
    """What goes out: `thinking`, `output_config.effort` and `max_tokens`."""

    max_tokens: int
    thinking: Fields | None = None
    effort: str | None = None

    @property
    def on(self) -> bool:
        """Thinking forbids sampling parameters."""
        return self.thinking is not None and self.thinking["type"] != "disabled"

    @property
    def budgeted(self) -> bool:
        """It forbids forced tools, too, but where it is adaptive (recorded)."""
        return self.thinking is not None and self.thinking["type"] == "enabled"


def encode_thinking(draft: Draft, turns: Sequence[Turn]) -> Reasoned:
    limit = _limit(draft)
    asked = draft.request.thinking
    if asked is None or replace(asked, native={}) == Thinking():
        for field in asked.native if asked is not None and not draft.same else ():
            draft.note(field, "dropped: only its own dialect knows what it asks for")
        return Reasoned(limit)
    if cannot_think(draft.deployment.model):
        _note_thoughtless(asked, draft)
        return Reasoned(limit)
    chosen = _choose(asked, draft)
    if chosen is None or chosen["type"] != "enabled":
        return Reasoned(limit, chosen, _effort(asked, draft, chosen))
    if (draft.lost_reasoning or not draft.same) and within_tool_loop(turns):
        # 400: "expected thinking, but found tool_use": the loop began without thinking.
        draft.note("thinking", "off: the tool calls being answered came without this model's own")
        return Reasoned(limit, {"type": "disabled"})
    effort = _effort(asked, draft, chosen)
    return _budgeted(chosen, limit, effort, draft)


def _limit(draft: Draft) -> int:
    asked, most = draft.request.max_output_tokens, draft.deployment.max_output_tokens
    if asked is None:
        return most or DEFAULT_MAX_TOKENS
    if most is not None and asked > most:
        draft.note("max_tokens", f"lowered to {most}, the most this model writes")
        return most
    return asked


def _is_off(asked: Thinking) -> bool:
    return asked.mode == "disabled" or (asked.effort == "none" and asked.mode is None)


def _note_thoughtless(asked: Thinking, draft: Draft) -> None:
    """Not to think is what it does anyway."""
    if draft.same and asked.mode is None and asked.effort is not None:
        draft.note("output_config.effort", "dropped: this model knows no effort")
    elif not _is_off(asked) and (asked.mode is not None or asked.effort is not None):
        draft.note("thinking", "dropped: this model cannot think")


def _choose(asked: Thinking, draft: Draft) -> Fields | None:
    """The `thinking` object; an enabled one still without checks on its budget."""
    model = draft.deployment.model
    if _is_off(asked):
        return {"type": "disabled"}
    if draft.same:
        return _own(asked, draft)
    if asked.mode is None and asked.effort is None:
        return None
    if thinks_adaptively(model):
        shown = {"display": "summarized"} if asked.display not in {None, "omitted"} else {}
        return {"type": "adaptive", **shown}
    budget = asked.budget_tokens
    return {"type": "enabled", "budget_tokens": _worth(asked) if budget is None else budget}


def _own(asked: Thinking, draft: Draft) -> Fields | None:
    """A client of this dialect gets what it asks, unless the model is known not to take it."""
    if asked.mode is None:
        return None
    if asked.mode == "adaptive" and thinks_by_budget_only(draft.deployment.model):
        draft.note("thinking.type", "enabled instead: this model knows no adaptive thinking")
        return {"type": "enabled", "budget_tokens": _worth(asked), **_display(asked)}
    fields: Fields = {"type": asked.mode}
    if asked.budget_tokens is not None:
        fields["budget_tokens"] = asked.budget_tokens
    return fields | _display(asked)


def _display(asked: Thinking) -> Fields:
    return {} if asked.display is None else {"display": asked.display}


def _worth(asked: Thinking) -> int:
    return _BUDGETS.get(asked.effort or "high", _BUDGETS["high"])


def _effort(asked: Thinking, draft: Draft, chosen: Fields | None) -> str | None:
    """What of the effort is not already said by a budget."""
    effort, model = asked.effort, draft.deployment.model
    if effort is None or (effort == "none" and chosen is not None):
        return None
    if not takes_effort(model):
        if chosen is None or asked.budget_tokens is not None:
            draft.note("output_config.effort", "dropped: this model knows no effort")
        return None
    if draft.same:
        return effort
    if chosen is not None and chosen["type"] == "enabled":
        return None
    if effort == "xhigh":
        if takes_xhigh(model):
            return effort
        draft.note("reasoning_effort", "lowered to high: this model knows no xhigh")
        return "high"
    return _EFFORTS.get(effort, effort)


def _budgeted(chosen: Fields, limit: int, effort: str | None, draft: Draft) -> Reasoned:
    """A budget is at least 1024 and leaves room for an answer within max_tokens."""
    asked = draft.request.thinking
    derived = asked is None or asked.budget_tokens is None
    budget = chosen.get("budget_tokens")
    if not isinstance(budget, int):
        budget = _BUDGETS["high"]
    if draft.request.max_output_tokens is None and draft.deployment.max_output_tokens is None:
        limit = max(limit, budget + DEFAULT_MAX_TOKENS)
    if limit <= MIN_BUDGET:
        draft.note("thinking", f"off: max_tokens leaves no room for {MIN_BUDGET} tokens of it")
        return Reasoned(limit, {"type": "disabled"}, effort)
    room = limit - 1
    if derived:
        room = limit * 3 // 4
    elif _interleaves(draft):
        room = max(room, budget)
    fitted = max(MIN_BUDGET, min(budget, room))
    if fitted != budget and not derived:
        draft.note("thinking.budget_tokens", f"set to {fitted}: at least 1024, below max_tokens")
    return Reasoned(limit, {**chosen, "budget_tokens": fitted}, effort)


def _interleaves(draft: Draft) -> bool:
    """With interleaved thinking a budget spans all turns of a tool loop and may exceed max_tokens."""
    betas = draft.request.extra.get(BETA_HEADER) if draft.same else None
    return betas is not None and b"interleaved-thinking" in bytes(betas)
