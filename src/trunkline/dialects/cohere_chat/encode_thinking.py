"""How much the model shall think: on or off, and a budget in tokens."""

from collections.abc import Mapping

from trunkline.dialects.cohere_chat.draft import Draft
from trunkline.dialects.cohere_chat.wire import Fields
from trunkline.dialects.unasked import declines_thinking, least_effort

_BUDGETS: Mapping[str, int] = {"minimal": 1024, "low": 2048, "medium": 8192}
"""An effort's worth in tokens, as for other models that know budgets alone; more effort, no bounds."""


def encode_thinking(draft: Draft, most: int | None) -> Fields | None:
    """
    The field `thinking`; None leaves it to the model. `most`: the tokens of the whole answer.

    docs.cohere.com, "Reasoning", seen 2026-11-21: such models think unless they are told not to.
    """
    if declines_thinking(draft.request):
        return {"type": "disabled"} if least_effort(draft.deployment.quirks.efforts) else None
    asked = draft.request.thinking
    if asked is None or (asked.mode is None and asked.effort is None):
        return None
    off = asked.mode == "disabled" or (asked.effort == "none" and asked.mode is None)
    if not draft.thinks:
        if not off:
            draft.note("thinking", "dropped: this model does not think")
        return None
    if off:
        return {"type": "disabled"}
    budget = asked.budget_tokens
    if budget is None:
        budget = _BUDGETS.get(asked.effort or "")
        if budget is not None and most is not None:
            budget = max(1, min(budget, most * 3 // 4))
    elif budget < 1:
        draft.note("thinking.budget_tokens", "raised to 1, the least here")
        budget = 1
    return {"type": "enabled"} if budget is None else {"type": "enabled", "token_budget": budget}
