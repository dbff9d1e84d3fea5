"""What is said of texts besides, and is lost on the way."""

from trunkline.canon.embedding import Aside, EmbeddingRequest
from trunkline.canon.note import Note
from trunkline.dialects.asides import note_lost, note_tasks
from trunkline.dialects.notes import Notes

LOST = (Note("title", "dropped"), Note("x", "dropped"))


def request(*asides):
    return EmbeddingRequest(model="m", inputs=("a",) * len(asides), origin="o", asides=asides)


def test_what_is_lost_is_noted_once():
    """However many texts it is said of."""
    notes = Notes()
    note_lost(request(*(Aside(own={}, lost=LOST),) * 3), notes)

    assert LOST == notes.all()


def test_a_purpose_is_noted_where_there_is_one():
    """And who it is that does not know it."""
    silent, notes = Notes(), Notes()
    note_tasks(request(Aside(own={})), silent, "Nobody")
    note_tasks(request(Aside(own={}), Aside(task="CLUSTERING", own={})), notes, "Nobody")

    assert () == silent.all()
    assert (Note("taskType", "dropped: Nobody has no such field"),) == notes.all()
