"""Words that must not be seen again, and the search for them in all that a gateway leaves behind."""

import base64
import hashlib
import os
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

PREFIX = "zQ7cNy"
"""What each begins with: a hit needs no more of it than half of its first twelve letters."""
_LENGTH = 30
# SQLite's databases; others of its files hold what is in these.
_DATABASE = b"SQLite format 3\0"


class Kind(Enum):
    """Where one may be seen again."""

    SECRET = "nowhere"
    CONTENT = "in the answers to its own caller"
    NAME = "in answers, and where requests are told apart by the model they named"


class Canaries:
    """Each made once, for one place of the input."""

    def __init__(self) -> None:
        self.places: dict[str, tuple[str, Kind]] = {}
        """By canary: where it was put."""

    def new(self, place: str, kind: Kind = Kind.SECRET) -> str:
        digest = hashlib.sha256(f"{place}{len(self.places)}".encode()).digest()
        letters = base64.b32encode(digest).decode().rstrip("=").lower()
        canary = (PREFIX + letters)[:_LENGTH]
        self.places[canary] = (place, kind)
        return canary

    def plant(self, place: str, template: Any, kind: Kind = Kind.CONTENT) -> Any:
        """A copy, with a canary for every "@" in it, names of fields included."""
        if isinstance(template, str):
            while "@" in template:
                template = template.replace("@", self.new(place, kind), 1)
            return template
        if isinstance(template, Mapping):
            return {
                self.plant(f"{place}.{name}", name, kind): self.plant(
                    f"{place}.{name}", value, kind
                )
                for name, value in template.items()
            }
        if isinstance(template, list):
            return [self.plant(f"{place}[{n}]", value, kind) for n, value in enumerate(template)]
        return template

    def found(self, sink: str, data: bytes, *, allowed: frozenset[Kind] = frozenset()) -> list[str]:
        """What stands in these bytes that may not: "sink: place, as form"."""
        hits = []
        for form, needle in _NEEDLES:
            for match in needle.finditer(data):
                place, kind = self._whose(form, data[match.start() : match.start() + 2 * _LENGTH])
                if kind not in allowed:
                    hits.append(f"{sink}: {place}, {form}")
        return sorted(set(hits))

    def _whose(self, form: str, seen: bytes) -> tuple[str, Kind]:
        """As well as it can be told: what is cut short or encoded may be anybody's."""
        if form == "as it is":
            text = seen.decode("latin-1")
            for canary, whose in self.places.items():
                if text.lower().startswith(canary[:12].lower()):
                    return whose
        return "somewhere", Kind.SECRET


def _shifted(word: bytes, offset: int) -> bytes:
    """Those letters of base64 that are the same whatever stands around the word."""
    first, last = -(-offset * 8 // 6), (offset + len(word)) * 8 // 6
    return base64.b64encode(b"\0" * offset + word + b"\0" * 2)[first:last]


_WORD = PREFIX.encode()
_NEEDLES = (
    ("as it is", re.compile(re.escape(_WORD), re.IGNORECASE)),
    ("as hex", re.compile(_WORD.hex().encode(), re.IGNORECASE)),
    ("as UTF-16", re.compile(re.escape(PREFIX.encode("utf-16-le")))),
    *(
        (f"as base64 {offset}", re.compile(re.escape(_shifted(_WORD, offset))))
        for offset in range(3)
    ),
)


def left_behind(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the data folder as it is, and every column of every database, unpacked."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = str(path.relative_to(folder))
        data = written(path)
        yield name, data
        if data.startswith(_DATABASE):
            for place, value in columns(path):
                yield f"{name} {place}", value


def written(path: Path) -> bytes:
    """A file without its holes: a database in memory is as large as it might become."""
    pieces, position = [], 0
    with path.open("rb", buffering=0) as file:
        end = os.fstat(file.fileno()).st_size
        while position < end:
            try:
                position = os.lseek(file.fileno(), position, os.SEEK_DATA)
            except OSError:  # no data behind it
                break
            hole = os.lseek(file.fileno(), position, os.SEEK_HOLE)
            os.lseek(file.fileno(), position, os.SEEK_SET)
            while position < hole and (piece := file.read(min(1 << 20, hole - position))):
                pieces.append(piece)
                position += len(piece)
    return b"".join(pieces)


def columns(path: Path) -> Iterator[tuple[str, bytes]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor:
                yield from _values(table, zip(names, row, strict=True))
    finally:
        connection.close()


def _values(table: str, row: Iterable[tuple[str, object]]) -> Iterator[tuple[str, bytes]]:
    for name, value in row:
        if isinstance(value, str):
            yield f"{table}.{name}", value.encode()
        elif isinstance(value, bytes):
            yield f"{table}.{name}", value
            try:
                yield f"{table}.{name} unpacked", zlib.decompress(value)
            except zlib.error:
                pass
