"""Notes of a translation."""

from trunkline.canon.note import Note
from trunkline.dialects.notes import Notes


def test_once():
    """The same thing is said once, in the order it was met."""
    notes = Notes()
    for field in ("a", "b", "a"):
        notes.add(field, "dropped")
    assert (Note("a", "dropped"), Note("b", "dropped")) == notes.all()
