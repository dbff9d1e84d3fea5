"""A request on its way to one upstream: what its encoders share."""

from dataclasses import dataclass, field

from trunkline.canon.content import CacheMark
from trunkline.canon.deployment import Deployment
from trunkline.canon.note import Note
from trunkline.canon.request import Request
from trunkline.dialects.anthropic_messages.names import ToolNames
from trunkline.dialects.anthropic_messages.wire import NAME, Fields

MAX_CACHE_MARKS = 4
"""Cache breakpoints a request may have (platform.claude.com, prompt caching, seen 2026-11-21)."""


@dataclass(slots=True)
class Draft:
    request: Request
    deployment: Deployment
    names: ToolNames = field(init=False)
    notes: list[Note] = field(default_factory=list)
    marked: list[Fields] = field(default_factory=list)
    """What carries a cache breakpoint so far, in the prompt's order: tools, system, messages."""
    lost_reasoning: bool = False
    """Some of the history's reasoning could not be replayed."""

    def __post_init__(self) -> None:
        self.names = ToolNames(self.deployment.quirks)

    @property
    def same(self) -> bool:
        """The client speaks this dialect: what we do not understand goes through."""
        return self.request.origin == NAME

    def note(self, path: str, message: str) -> None:
        self.notes.append(Note(path, message))

    def mark(self, block: Fields, cache: CacheMark | None) -> None:
        if cache is None:
            return
        control = {"type": "ephemeral"}
        if cache.ttl != "5m":
            control["ttl"] = cache.ttl
        block["cache_control"] = control
        self.marked.append(block)

    def limit_marks(self) -> None:
        """The latest breakpoints stay: each covers all that stands before it."""
        # A top-level cache_control (automatic caching) takes one of the places.
        places = MAX_CACHE_MARKS - ("cache_control" in self.request.extra)
        surplus = self.marked[:-places]
        for block in surplus:
            block.pop("cache_control", None)
        if surplus:
            self.note("cache_control", f"{len(surplus)} dropped: at most {places} breakpoints")
