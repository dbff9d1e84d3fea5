"""Anthropic's cache_control on parts and tools, as OpenRouter takes it (openrouter.ai/docs, seen 2026-11-21)."""

from collections.abc import Mapping

from trunkline.canon.content import CacheMark
from trunkline.dialects.fields import STR, Fields

NO_MARKS = "dropped: this provider caches by itself or not at all"
"""What is said of marks that are not sent."""
_USUAL = CacheMark()


def read_mark(part: Fields) -> CacheMark | None:
    control = part.inner("cache_control")
    if control is None:
        return None
    ttl = control.get("ttl", STR)
    return _USUAL if ttl is None else CacheMark(ttl)


def write_mark(mark: CacheMark) -> Mapping[str, str]:
    if mark == _USUAL:
        return {"type": "ephemeral"}
    return {"type": "ephemeral", "ttl": mark.ttl}
