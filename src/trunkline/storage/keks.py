"""Where key-encryption keys come from: a file in the data folder, or whoever starts us."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from trunkline.kernel.ids import Entropy
from trunkline.storage.secrets import load_or_create, replace

KEK_FILE = "kek"
KEK_BYTES = 32
_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_URL_SAFE = str.maketrans("-_", "+/")


class Keks(Protocol):
    """The first wraps, all unwrap. Both raise OSError, and ValueError for what are no keys."""

    def read(self) -> Sequence[bytes]:
        """As they are now; none where there never was one."""

    def make(self) -> Sequence[bytes]:
        """As `read`, first making one where there is none."""

    def replace(self, keks: Sequence[bytes]) -> bool:
        """False where they are somebody else's to replace."""

    @property
    def place(self) -> str:
        """For messages."""


class FileKeks:
    """One key a line, in Base64. Losing the file is losing what was wrapped with its keys."""

    def __init__(self, folder: Path, entropy: Entropy) -> None:
        self._path = folder / KEK_FILE
        self._entropy = entropy

    @property
    def place(self) -> str:
        return f"the file {self._path}"

    def read(self) -> Sequence[bytes]:
        return self._parsed(self._path.read_bytes()) if self._path.exists() else ()

    def make(self) -> Sequence[bytes]:
        return self._parsed(
            load_or_create(self._path, lambda: _lines([self._entropy(KEK_BYTES)]), self._entropy)
        )

    def replace(self, keks: Sequence[bytes]) -> bool:
        replace(self._path, _lines(keks), self._entropy)
        return True

    def _parsed(self, content: bytes) -> Sequence[bytes]:
        keks = parse(content.decode("ascii", "replace").split())
        if not keks:
            raise ValueError(f"{self._path} is empty")
        return keks

    def __repr__(self) -> str:
        return f"<FileKeks {self._path}>"


class GivenKeks:
    """From the environment: the same on every machine, kept by whoever keeps secrets there."""

    def __init__(self, given: str) -> None:
        """Several with commas between. Raises ValueError, which does not quote it."""
        self._keks = parse(given.split(","))

    @property
    def place(self) -> str:
        return "TRUNKLINE_KEK"

    def read(self) -> Sequence[bytes]:
        return self._keks

    def make(self) -> Sequence[bytes]:
        return self._keks

    def replace(self, keks: Sequence[bytes]) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<GivenKeks {len(self._keks)}>"


def keks_of(given: str | None, folder: Path, entropy: Entropy) -> Keks:
    """Those given, else the folder's. Raises ValueError."""
    return FileKeks(folder, entropy) if given is None else GivenKeks(given)


def parse(texts: Sequence[str]) -> Sequence[bytes]:
    """Raises ValueError."""
    keks = [_key(text.strip()) for text in texts]
    if any(len(kek) != KEK_BYTES for kek in keks):
        raise ValueError(
            f"expected keys of {KEK_BYTES} bytes, in Base64 or hexadecimal "
            f"(openssl rand -base64 {KEK_BYTES})"
        )
    return keks


def _key(text: str) -> bytes:
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        return b64decode(text.translate(_URL_SAFE) + "=" * (-len(text) % 4), validate=True)
    except (NotBase64, ValueError):
        return b""


def _lines(keks: Sequence[bytes]) -> bytes:
    return b"".join(b64encode(kek) + b"\n" for kek in keks)


def _guards(file: FileKeks, given: GivenKeks) -> tuple[Keks, Keks]:
    """Never called: a type error of either implementation shows here, in its own file."""
    return file, given
