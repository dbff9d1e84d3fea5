"""A request on its way to Cohere: what its encoders share."""

from dataclasses import dataclass, field

from trunkline.canon.content import CacheMark
from trunkline.canon.deployment import Deployment
from trunkline.canon.request import ChoiceMode, Request
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_names import Names

_NO_MARKS = "dropped: this provider caches by itself"
_NARROWED = (ChoiceMode.ONE, ChoiceMode.SUBSET, ChoiceMode.SUBSET_REQUIRED)


@dataclass(slots=True)
class Draft:
    request: Request
    deployment: Deployment
    names: Names = field(init=False)
    notes: Notes = field(default_factory=Notes)

    def __post_init__(self) -> None:
        self.names = Names(self.deployment.quirks.max_tool_name, strict=True)

    def note(self, path: str, message: str) -> None:
        """Each thing is said once."""
        self.notes.add(path, message)

    def unmark(self, cache: CacheMark | None) -> None:
        if cache is not None:
            self.note("cache_control", _NO_MARKS)

    @property
    def thinks(self) -> bool:
        """Whether the model knows the field `thinking`, and blocks of that kind."""
        return bool(self.deployment.quirks.efforts)

    @property
    def offered(self) -> frozenset[str] | None:
        """The only tools the client lets the model choose from; None: all of them."""
        choice = self.request.tool_choice
        if choice is None or choice.mode not in _NARROWED:
            return None
        return frozenset(choice.names)
