"""Departures at a body's top level."""

from msgspec import Raw

from trunkline.canon.deployment import Quirks
from trunkline.dialects.gemini.quirks import apply
from trunkline.dialects.notes import Notes


def test_apply():
    """Dropped with a note, renamed, added where missing."""
    quirks = Quirks(
        drop=("labels", "absent"),
        rename={"a": "b", "c": "d"},
        add={"e": Raw(b"1"), "d": Raw(b"2")},
    )
    body: dict[str, object] = {"labels": {}, "a": 1, "c": 3}
    notes = Notes()
    apply(body, quirks, notes)
    assert {"b": 1, "d": 3, "e": Raw(b"1")} == body
    assert ["labels"] == [note.field for note in notes.all()]
