"""OpenAI's two public vocabularies, shipped with us: read without a network, in small steps."""

import asyncio
import gzip
from binascii import a2b_base64
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib.resources import files

from trunkline.intelligence.tokens.bpe import Bpe

_STEP = 16_384
"""Bytes of the table read in one step: about half a millisecond."""


class Vocabulary(Enum):
    O200K = "o200k_base"
    """GPT-4o and all later models, gpt-oss included."""
    CL100K = "cl100k_base"
    """GPT-4, GPT-3.5 and the text-embedding models."""


_WORD = r"[^\r\n\p{L}\p{N}]?"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

PATTERNS: Mapping[Vocabulary, str] = {
    # As tiktoken_ext/openai_public.py of tiktoken 0.14.0 has them (MIT, see NOTICE).
    Vocabulary.O200K: "|".join(
        (
            _WORD + _UPPER + "*" + _LOWER + "+" + _SUFFIX,
            _WORD + _UPPER + "+" + _LOWER + "*" + _SUFFIX,
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    ),
    Vocabulary.CL100K: (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
}

SHA256: Mapping[Vocabulary, str] = {
    # Of the tables unpacked, as tiktoken itself expects them.
    Vocabulary.O200K: "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    Vocabulary.CL100K: "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}


class Vocabularies:
    """The vocabularies read so far. Each takes a fifth of a second and some 35 MB, once."""

    __slots__ = ("_lock", "_ready")

    def __init__(self) -> None:
        self._ready: dict[Vocabulary, Bpe] = {}
        self._lock = asyncio.Lock()

    def get(self, vocabulary: Vocabulary) -> Bpe | None:
        """None before `load`."""
        return self._ready.get(vocabulary)

    async def load(self, vocabulary: Vocabulary) -> Bpe:
        """Read it unless it is there; the loop goes on meanwhile."""
        async with self._lock:
            if vocabulary not in self._ready:
                table = await asyncio.to_thread(read_table, vocabulary)
                ranks: dict[bytes, int] = {}
                for _ in fill(table, ranks):
                    await asyncio.sleep(0)
                self._ready[vocabulary] = Bpe(PATTERNS[vocabulary], ranks)
            return self._ready[vocabulary]

    def load_now(self, vocabulary: Vocabulary) -> Bpe:
        """For programs without a loop to keep going."""
        if vocabulary not in self._ready:
            ranks: dict[bytes, int] = {}
            for _ in fill(read_table(vocabulary), ranks):
                pass
            self._ready[vocabulary] = Bpe(PATTERNS[vocabulary], ranks)
        return self._ready[vocabulary]

    def __repr__(self) -> str:
        return f"<Vocabularies {', '.join(v.value for v in self._ready) or 'none yet'}>"


def read_table(vocabulary: Vocabulary) -> bytes:
    """The table unpacked: a line for each token, its bytes in base64 and its rank."""
    data = files("trunkline.intelligence.tokens").joinpath("data")
    return gzip.decompress(data.joinpath(f"{vocabulary.value}.tiktoken.gz").read_bytes())


def fill(table: bytes, ranks: dict[bytes, int]) -> Iterator[None]:
    """Put the table's tokens into `ranks`, in steps. A token's rank is the number of its line."""
    start = rank = 0
    while start < len(table):
        end = table.find(b"\n", start + _STEP) + 1 or len(table)
        for line in table[start:end].splitlines():
            ranks[a2b_base64(line.partition(b" ")[0])] = rank
            rank += 1
        start = end
        yield
