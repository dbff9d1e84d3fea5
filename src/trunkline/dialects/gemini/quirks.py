"""How a provider departs from the dialect, applied to a body's top level."""

from trunkline.canon.deployment import Quirks
from trunkline.dialects.gemini.wire import Fields
from trunkline.dialects.notes import Notes


def apply(body: Fields, quirks: Quirks, notes: Notes) -> None:
    """Drops with a note, then renames, then adds what is missing."""
    for field in quirks.drop:
        if body.pop(field, None) is not None:
            notes.add(field, "dropped: the provider does not take it")
    for field, other in quirks.rename.items():
        if field in body:
            body.setdefault(other, body.pop(field))
    for field, raw in quirks.add.items():
        body.setdefault(field, raw)
