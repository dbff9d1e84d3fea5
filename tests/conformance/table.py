"""The page that says how every recorded exchange fares: docs/reference/conformance.md."""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from string import ascii_lowercase

from msgspec import Struct

from tests.conformance.losses import WHY
from tests.conformance.recordings import COHERE, CONVERSE, Recording, recordings_in
from tests.conformance.suites import verdict_between
from tests.conformance.ways import CLIENTS

_OPENAI = re.compile(r"openai-(chat|responses)")
_LETTERS = (*ascii_lowercase, *(2 * letter for letter in ascii_lowercase))
_ALONE = {CONVERSE: "converse", COHERE: "cohere"}
"""The suites of dialects that upstreams alone speak: read for every client in one go."""
HEAD = """\
# Conformance

Written by `scripts/conformance_table.py` from recorded exchanges with real providers; change that.

Each exchange runs through the dialects in `tests/conformance`: for a client of OpenAI's SDK that
speaks Chat Completions, for one of Anthropic's, for one of OpenAI's that speaks Responses, and for one
of Google's. A cell counts the exchanges that pass everything, of those there are:

- same dialect in equals out: to the byte when it passes through; through the canonical events, what
  the official SDK reads is the same;
- across the dialects: the other dialect's official SDK, at its strictest, reads the same text,
  reasoning, tool calls, stop reason and usage; requests are of its types and mean the same;
- a stream amounts to the whole answer, and a whole answer to its stream;
- cut at each of its events (and within events), a stream is an error the SDK raises, never an ending;
- errors have the right status, type and code, and raise the right class.

No client speaks Bedrock's dialect or Cohere's: their answers are read for every client, whole, and as
the stream they were or would have been, cut at each event; clients' requests for Bedrock are valid by
AWS's own model of the service, those for Cohere by the types of its API reference.

| provider | dialect | requests | whole | streams | cuts | errors | Chat client | Anthropic client | Responses client | Gemini client |
|---|---|---|---|---|---|---|---|---|---|---|
"""

FOOT = """
## What does not come through

Letters say what is left out on the way to that client; a request's fields that the other dialect
lacks are named in the answer's `x-trunkline-warnings`. A client that speaks the provider's own dialect
gets the provider's bytes untouched, and loses nothing, unless the gateway has to look inside.

"""


class Row(Struct, frozen=True):
    provider: str
    dialect: str
    exchanges: tuple[Recording, ...]

    def cells(self, letters: dict[str, str]) -> tuple[str, ...]:
        """`letters`: of the losses, by key."""
        return (
            _OPENAI.sub("openai", self.provider),
            self.dialect,
            _count(r.request is not None for r in self.exchanges),
            _count(r.is_whole for r in self.exchanges),
            _count(r.stream is not None for r in self.exchanges),
            _number(sum(map(_events, self.exchanges))),
            _count(r.fails or r.breaks for r in self.exchanges),
            *(self._passed(client, letters) for client in CLIENTS),
        )

    def _passed(self, client: str, letters: dict[str, str]) -> str:
        passed = sum(
            all(not verdict_between(s, r, client).faults for s in _suites(r, client))
            for r in self.exchanges
        )
        lost = sorted(letters[key] for key in self.losses(client))
        marks = f" <sup>{' '.join(lost)}</sup>" if lost else ""
        return f"{passed}/{len(self.exchanges)}{marks}"

    def losses(self, client: str) -> set[str]:
        found = ((suite, r) for r in self.exchanges for suite in _suites(r, client))
        return {key for suite, r in found for key in verdict_between(suite, r, client).losses}


def _suites(recording: Recording, client: str) -> tuple[str, ...]:
    if recording.dialect in _ALONE:
        return (_ALONE[recording.dialect], "errors")
    own = ("same",) if client == recording.dialect else ("cross", "requests")
    return (*own, "streams", "cuts", "errors")


def _count(yes: Iterable[bool]) -> str:
    return _number(sum(yes))


def _number(number: int) -> str:
    return str(number) if number else ""


def _events(recording: Recording) -> int:
    return 0 if recording.stream is None else recording.stream.count(b"\n\n")


def rows(found: Sequence[Recording]) -> list[Row]:
    def place(recording: Recording) -> tuple[str, str]:
        return recording.provider, recording.dialect

    return [
        Row(provider, dialect, tuple(exchanges))
        for (provider, dialect), exchanges in groupby(sorted(found, key=place), key=place)
    ]


def mark(found: Sequence[Recording]) -> str:
    """Tells one set of recordings from another."""
    said = (f"{r.id} {len(r.request or b'')} {len(r.body or r.stream or b'')}" for r in found)
    return sha256("\n".join(said).encode()).hexdigest()[:16]


def page(shared: Path) -> str:
    found = recordings_in(shared)
    table = rows(found)
    lost = {key for row in table for client in CLIENTS for key in row.losses(client)}
    letters = dict(zip((key for key in WHY if key in lost), _LETTERS, strict=False))
    return (
        HEAD
        + "".join(_lines(table, letters))
        + FOOT
        + "".join(_notes(letters))
        + (f"\nRecordings: {len(found)}, `{mark(found)}`.\n")
    )


def _lines(table: Sequence[Row], letters: dict[str, str]) -> Iterator[str]:
    for row in table:
        yield "| " + " | ".join(row.cells(letters)) + " |\n"


def _notes(letters: dict[str, str]) -> Iterator[str]:
    for key, letter in letters.items():
        yield f"- **{letter}** {WHY[key]}\n"
