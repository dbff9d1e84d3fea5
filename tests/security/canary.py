"""Words that must not be seen again, and the search for them in all that a gateway leaves behind."""

import base64
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import apsw

PREFIX = "zQ7cNy"
"""What each begins with: a hit needs no more of it than half of its first twelve letters."""
_LENGTH = 30
# SQLite's databases; others of its files hold what is in these.
_DATABASE = b"SQLite format 3\0"


class Kind(Enum):
    """Where one may be seen again."""

    SECRET = "nowhere"
    PASTED = "in the answers to its own caller: a secret that somebody told a model"
    CONTENT = "there, and where bodies are logged"
    NAME = "in answers, and where requests are told apart by their model or session"


_ANYBODYS = (("somewhere", Kind.SECRET),)


class Canaries:
    """Each made once, for one place of the input."""

    def __init__(self) -> None:
        self.places: dict[str, tuple[str, Kind]] = {}
        """By canary: where it was put."""
        self._whole: dict[str, tuple[str, Kind]] = {}
        """The same, as it is looked for."""

    def new(self, place: str, kind: Kind = Kind.SECRET) -> str:
        digest = hashlib.sha256(f"{place}{len(self.places)}".encode()).digest()
        letters = base64.b32encode(digest).decode().rstrip("=").lower()
        canary = (PREFIX + letters)[:_LENGTH]
        self.places[canary] = self._whole[canary.lower()] = (place, kind)
        return canary

    def plant(self, place: str, template: Any, kind: Kind = Kind.CONTENT) -> Any:
        """A copy, with a canary for every "@" in it, names of fields included; for "#" a NAME."""
        if isinstance(template, str):
            for sign, its in (("@", kind), ("#", Kind.NAME)):
                while sign in template:
                    template = template.replace(sign, self.new(place, its), 1)
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
        hits = set()
        for form, needle in _NEEDLES:
            for match in needle.finditer(data):
                seen = data[match.start() : match.start() + _LENGTH]
                whose = self._whose(seen) if form == "as it is" else _ANYBODYS
                if not any(kind in allowed for _, kind in whose):
                    hits.add(f"{sink}: {whose[0][0]}, {form}")
        return sorted(hits)

    def _whose(self, seen: bytes) -> Sequence[tuple[str, Kind]]:
        """Those that begin as this does, for as long as any; a page's end may have cut it short."""
        text = seen.decode("latin-1").lower()
        whole = self._whole.get(text)
        if whole is not None:
            return (whole,)
        for length in range(_LENGTH - 1, len(PREFIX) - 1, -1):
            found = [w for c, w in self.places.items() if c[:length].lower() == text[:length]]
            if found:
                return found
        return _ANYBODYS


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
    """
    By the library that has it open already: to another in this process its locks would not show,
    and the file that its connections share would be cut under them.
    """
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in list(tables):
            known = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
            names = [str(name) for (name,) in known]
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from unpacked(str(table), zip(names, row, strict=True))
    finally:
        connection.close()


def unpacked(table: str, row: Iterable[tuple[str, object]]) -> Iterator[tuple[str, bytes]]:
    """The texts and bytes of a row, by table and column; what is packed, unpacked as well."""
    for name, value in row:
        if isinstance(value, str):
            yield f"{table}.{name}", value.encode()
        elif isinstance(value, bytes):
            yield f"{table}.{name}", value
            try:
                yield f"{table}.{name} unpacked", zlib.decompress(value)
            except zlib.error:
                pass
