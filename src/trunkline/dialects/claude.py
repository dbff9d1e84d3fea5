"""What Claude models can do that their names must tell: the wire does not."""

import re

# Adaptive thinking came with 4.6, as did effort beside it; on these, a token budget is deprecated.
_ADAPTIVE = re.compile(r"claude-[a-z]+-(?:4[-.](?:[6-9]|[1-9]\d)|[5-9]|[1-9]\d)(?!\d)")
_CLAUDE = re.compile(r"claude-")
_SINCE_4_8 = re.compile(r"claude-[a-z]+-(?:4[-.](?:[89]|[1-9]\d)|[5-9]|[1-9]\d)(?!\d)")
_SINCE_4_7 = re.compile(r"claude-[a-z]+-(?:4[-.](?:[7-9]|[1-9]\d)|[5-9]|[1-9]\d)(?!\d)")
_THOUGHTLESS = re.compile(r"claude-(?:instant|v?[12](?!\d)|3-(?:opus|sonnet|haiku)|3[-.]5(?!\d))")
_OPUS_4_5 = re.compile(r"claude-opus-4[-.]5(?!\d)")
# platform.claude.com, models overview, effort, and thinking, seen 2026-11-21.


def cannot_think(model: str) -> bool:
    """A Claude before 3.7, which answers 400 to any `thinking`. False for what is no Claude."""
    return _THOUGHTLESS.search(model) is not None


def thinks_adaptively(model: str) -> bool:
    return _ADAPTIVE.search(model) is not None


def thinks_by_budget_only(model: str) -> bool:
    """A Claude before 4.6. False for what is no Claude: nobody knows."""
    return _CLAUDE.search(model) is not None and not thinks_adaptively(model)


def takes_effort(model: str) -> bool:
    return not thinks_by_budget_only(model) or _OPUS_4_5.search(model) is not None


def takes_xhigh(model: str) -> bool:
    """4.6 answers 400: "does not support effort level 'xhigh'" (recorded)."""
    return _CLAUDE.search(model) is None or _SINCE_4_7.search(model) is not None


def takes_mid_system(model: str) -> bool:
    """Older Claudes answer 400: "role 'system' is not supported on this model"."""
    return _CLAUDE.search(model) is None or _SINCE_4_8.search(model) is not None
