"""How a provider departs from its dialect, applied to a body's top level, whichever dialect it is."""

from collections.abc import Callable, Iterable, MutableMapping

from trunkline.canon.deployment import Quirks

Body = MutableMapping[str, object]
"""A request on its way onto the wire."""
Noting = Callable[[str, str], None]
"""Told a field, and what became of it."""
_DECIDED = "dropped: who answers is decided here"


def drop(body: Body, fields: Iterable[str], note: Noting, *, why: str) -> None:
    for field in fields:
        if body.pop(field, None) is not None:
            note(field, why)


def drop_routing(body: Body, quirks: Quirks, note: Noting) -> None:
    """Where an upstream is a gateway itself, which may have others answer than whom we asked for."""
    drop(body, quirks.routing, note, why=_DECIDED)


def apply_quirks(body: Body, quirks: Quirks, note: Noting, *, why: str) -> None:
    """
    Drops, then renames what is not there under its other name, then adds what is missing.

    `note` is told the field that was dropped and `why`, in the dialect's own words.
    """
    drop_routing(body, quirks, note)
    drop(body, quirks.drop, note, why=why)
    for field, other in quirks.rename.items():
        value = body.pop(field, None)
        if value is not None:
            body.setdefault(other, value)
    for field, raw in quirks.add.items():
        body.setdefault(field, raw)
