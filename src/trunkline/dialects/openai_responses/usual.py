"""
The usual item of a conversation, read in one call: words, calls of functions, what they gave.

An agent sends hundreds of them with every turn. An item that has anything else about it is read
field by field (decode_items.py), and so is one that is wrong, for its error.
"""

from typing import Final, Literal

from msgspec import Raw, Struct, json

from trunkline.canon.content import Text

_ABSENT: Final = Raw(b"")


class _Words(Struct, gc=False, forbid_unknown_fields=True):
    type: Literal["input_text", "output_text", "text"]
    text: str
    annotations: tuple[()] = ()
    """Of an answer that comes back; such as there are belong to the long way."""
    logprobs: Raw = _ABSENT


class Said(Struct, gc=False, forbid_unknown_fields=True, tag_field="type", tag="message"):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Words]
    id: Raw = _ABSENT
    status: Raw = _ABSENT

    @property
    def texts(self) -> list[Text]:
        if isinstance(self.content, str):
            return [Text(self.content)] if self.content else []
        return [Text(words.text) for words in self.content]


class Called(Struct, gc=False, forbid_unknown_fields=True, tag_field="type", tag="function_call"):
    call_id: str
    name: str
    arguments: str
    id: Raw = _ABSENT
    status: Raw = _ABSENT


class Gave(
    Struct, gc=False, forbid_unknown_fields=True, tag_field="type", tag="function_call_output"
):
    call_id: str
    output: str
    id: Raw = _ABSENT
    status: Raw = _ABSENT


USUAL: Final = json.Decoder(Said | Called | Gave)
"""Raises one of raws.NOT_JSON for any other than the usual."""
