"""How a provider departs from its dialect, applied to a body's top level, whichever dialect it is."""

from collections.abc import Callable, MutableMapping

from trunkline.canon.deployment import Quirks

Body = MutableMapping[str, object]
"""A request on its way onto the wire."""


def apply_quirks(body: Body, quirks: Quirks, note: Callable[[str, str], None], *, why: str) -> None:
    """
    Drops, then renames what is not there under its other name, then adds what is missing.

    `note` is told the field that was dropped and `why`, in the dialect's own words.
    """
    for field in quirks.drop:
        if body.pop(field, None) is not None:
            note(field, why)
    for field, other in quirks.rename.items():
        value = body.pop(field, None)
        if value is not None:
            body.setdefault(other, value)
    for field, raw in quirks.add.items():
        body.setdefault(field, raw)
