"""Reading a worker's segments from a position on: a stretch of records at a time."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from trunkline.ledger.entries import decoded
from trunkline.ledger.folding import Folding
from trunkline.ledger.frames import MAX_PAYLOAD, Damage, Scan, scan
from trunkline.ledger.journal import segment_path
from trunkline.storage.records import Batch, Position

# What one stretch usually needs; doubled while not even one record is whole in it.
_CHUNK = MAX_PAYLOAD // 4


class Damaged(Struct, frozen=True):
    """Part of a journal that could not be read; `length` 0: a whole segment is missing."""

    worker: str
    segment: int
    offset: int
    length: int


class Stretch(Struct, frozen=True):
    batch: Batch
    damage: tuple[Damaged, ...]


def read_stretch(folder: Path, start: Position, end: Position, limit: int) -> Stretch:
    """
    At most `limit` records between two positions, all of one segment.

    Segments before `end.segment` are complete, and nothing at `end` belongs to half a
    record, so whatever is not a record is damage: skipped, reported, never fatal. When a
    segment is used up, the stretch ends at the start of the next. Raises OSError.
    """
    worker = folder.name
    folding = Folding(worker)
    path = segment_path(folder, start.segment)
    try:
        stop = end.offset if start.segment == end.segment else path.stat().st_size
    except FileNotFoundError:
        missing = Damaged(worker, start.segment, start.offset, 0)
        return Stretch(folding.batch(Position(start.segment + 1, 0)), (missing,))
    offset, damage = _read(path, (start.offset, stop), limit, folding)
    position = Position(start.segment, offset)
    if offset >= stop and start.segment < end.segment:
        position = Position(start.segment + 1, 0)
    reports = [Damaged(worker, start.segment, part.offset, part.length) for part in damage]
    return Stretch(folding.batch(position), tuple(reports))


def _read(
    path: Path, span: tuple[int, int], limit: int, folding: Folding
) -> tuple[int, Sequence[Damage]]:
    """Fold what is in the span; returns how far that is, and the damage in file offsets."""
    offset, stop = span
    if offset >= stop:
        return offset, ()
    found = _scan(path, span, limit)
    if not found.consumed:
        # Shorter than it was said to be: somebody has truncated it.
        return stop, (Damage(offset, stop - offset),)
    damage = [Damage(offset + part.offset, part.length) for part in found.damage]

    def unreadable(payload: memoryview) -> None:
        """Sound, but not ours: an entry of a version this one does not know."""
        damage.append(Damage(offset, len(payload)))

    for entry in decoded(found.payloads, unreadable):
        folding.add(entry)
    return offset + found.consumed, damage


def _scan(path: Path, span: tuple[int, int], limit: int) -> Scan:
    offset, stop = span
    size = _CHUNK
    with path.open("rb") as file:
        while True:
            file.seek(offset)
            data = file.read(min(size, stop - offset))
            found = scan(data, last=offset + len(data) >= stop, limit=limit)
            if found.consumed or len(data) < size:
                return found
            # Not one whole record in it: damage, or a very long one.
            size *= 2
