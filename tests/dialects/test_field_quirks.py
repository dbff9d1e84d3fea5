"""Departures at a body's top level."""

from msgspec import Raw

from trunkline.canon.deployment import Quirks
from trunkline.dialects.field_quirks import apply_quirks
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
    apply_quirks(body, quirks, notes.add, why="dropped: why")
    assert {"b": 1, "d": 3, "e": Raw(b"1")} == body
    assert ["labels"] == [note.field for note in notes.all()]
    assert ["dropped: why"] == [note.message for note in notes.all()]


def test_routing_is_not_the_client_s():
    """A field by which another model would answer is dropped, and it is said who decides that."""
    body: dict[str, object] = {"models": ["a/dear-one"], "route": "fallback", "provider": {}}
    notes = Notes()
    apply_quirks(body, Quirks(routing=("models", "route")), notes.add, why="dropped: why")

    assert {"provider": {}} == body
    assert [(name, "dropped: who answers is decided here") for name in ("models", "route")] == [
        (note.field, note.message) for note in notes.all()
    ]


def test_a_field_that_is_there_under_its_other_name():
    """Stays as it is; the one renamed goes."""
    body: dict[str, object] = {"a": 1, "b": 2}
    apply_quirks(body, Quirks(rename={"a": "b"}), Notes().add, why="")
    assert {"b": 2} == body
