"""What clients say of texts besides: noted, where an upstream has no words for it."""

from trunkline.canon.embedding import EmbeddingRequest
from trunkline.dialects.notes import Notes

TASK = "taskType"
"""As Google calls it, whose clients alone say it of an input."""


def note_lost(request: EmbeddingRequest, notes: Notes) -> None:
    """For an upstream of another dialect than the request's."""
    for aside in request.asides:
        for note in aside.lost:
            notes.add(note.field, note.message)


def note_tasks(request: EmbeddingRequest, notes: Notes, who: str) -> None:
    """For one that takes all texts alike."""
    if any(aside.task for aside in request.asides):
        notes.add(TASK, f"dropped: {who} has no such field")
