"""What the usual messages of both of OpenAI's APIs have in common: who speaks, and plain words."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from trunkline.canon.content import Role, Text

SPEAKERS: Final[Mapping[str, Role]] = {role.value: role for role in Role if role is not Role.TOOL}
"""By the word a client has for them. What a tool gave is told in another way by each API."""


class Words(Struct, gc=False, forbid_unknown_fields=True):
    """A part of a message that is text and nothing else."""

    type: Literal["text", "input_text", "output_text"]
    text: str


def texts_of(content: str | Sequence[Words] | None) -> tuple[Text, ...]:
    """Of a whole message. An empty string says nothing; an empty part was meant to be one."""
    if isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple([Text(words.text) for words in content or ()])
