"""A request on its way to Bedrock: what its encoders share."""

from dataclasses import dataclass, field

from trunkline.canon.content import CacheMark
from trunkline.canon.deployment import Deployment
from trunkline.canon.note import Note
from trunkline.canon.request import Request
from trunkline.dialects.bedrock_converse.families import Family, caches_for_an_hour, family_of
from trunkline.dialects.bedrock_converse.names import ToolNames
from trunkline.dialects.bedrock_converse.wire import Fields

MAX_CACHE_MARKS = 4
"""Cache checkpoints a request may have (docs.aws.amazon.com/bedrock, prompt caching, seen 2026-11-21)."""
NO_MARKS = "dropped: this model caches by itself or not at all"


@dataclass(slots=True)
class Draft:
    request: Request
    deployment: Deployment
    names: ToolNames = field(init=False)
    family: Family = field(init=False)
    notes: dict[Note, None] = field(default_factory=dict)
    points: list[Fields] = field(default_factory=list)
    """The cache points so far, in the prompt's order: tools, system, messages."""
    documents: int = 0
    """How many the request holds so far: each needs a name of its own."""
    lost_reasoning: bool = False
    """Some of the history's reasoning could not be replayed."""

    def __post_init__(self) -> None:
        self.names = ToolNames(self.deployment.quirks)
        self.family = family_of(self.deployment.model)

    def note(self, path: str, message: str) -> None:
        """Each thing is said once."""
        self.notes[Note(path, message)] = None

    def mark(self, blocks: list[Fields], cache: CacheMark | None) -> None:
        """Behind what stands in `blocks`: a checkpoint is a block of its own here."""
        if cache is None:
            return
        if not self.deployment.quirks.cache_marks:
            self.note("cache_control", NO_MARKS)
            return
        point: Fields = {"type": "default"}
        if cache.ttl != CacheMark().ttl:
            if caches_for_an_hour(self.deployment.model):
                point["ttl"] = cache.ttl
            else:
                self.note("cache_control.ttl", "dropped: this model caches for five minutes alone")
        block: Fields = {"cachePoint": point}
        self.points.append(block)
        blocks.append(block)

    def limit_marks(self) -> None:
        """The latest checkpoints stay: each covers all that stands before it. Others are emptied."""
        surplus = self.points[:-MAX_CACHE_MARKS]
        for block in surplus:
            block.clear()
        if surplus:
            self.note("cache_control", f"{len(surplus)} dropped: at most {MAX_CACHE_MARKS} of them")
