"""
What a whole answer holds that its client's dialect has no words for.

One rule for all dialects, as each keeps Opaque parts and citations of its own alone. A stream's
head has left before anybody knows, so there nobody is told.
"""

import re
from collections.abc import Iterator

from msgspec import DecodeError, Struct, json

from trunkline.canon.answer import Answer
from trunkline.canon.content import Opaque, Text
from trunkline.canon.note import Note

# A type is a word of an API. Anything else might be content, and that has no place in a note.
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST_WORDS = 8


class _Typed(Struct):
    type: str = ""


_TYPED = json.Decoder(_Typed)


def unsaid(answer: Answer, dialect: str) -> tuple[Note, ...]:
    """What is left out when the answer is written in `dialect`; mostly nothing."""
    notes = []
    kinds = dict.fromkeys(_foreign_kinds(answer, dialect))
    if kinds:
        named = ", ".join([*kinds][:_MOST_WORDS])
        notes.append(
            Note("content", f"dropped: {named}, which the provider's own dialect alone has")
        )
    if any(_cites(part, dialect) for choice in answer.choices for part in choice.parts):
        notes.append(Note("citations", "dropped: the provider cites in a way of its own"))
    return tuple(notes)


def _foreign_kinds(answer: Answer, dialect: str) -> Iterator[str]:
    for choice in answer.choices:
        for part in choice.parts:
            if isinstance(part, Opaque) and part.origin != dialect:
                yield _kind(part)


def _kind(part: Opaque) -> str:
    try:
        kind = _TYPED.decode(part.raw).type
    except (DecodeError, RecursionError, UnicodeDecodeError):
        kind = ""
    return kind if _WORD.fullmatch(kind) else "a part"


def _cites(part: object, dialect: str) -> bool:
    if not isinstance(part, Text) or part.annotations is None or part.origin == dialect:
        return False
    return bytes(part.annotations).strip() not in {b"[]", b"null"}
