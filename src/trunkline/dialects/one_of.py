"""An answer that is one of several words, asked for where no field can say so: only Google's has one."""

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from trunkline.canon.content import Message, Role, Text
from trunkline.canon.note import Note
from trunkline.canon.request import ChatRequest
from trunkline.dialects.raws import NOT_JSON

KIND = "enum"
"""As an OutputFormat's kind: its schema lists the words in `enum`, and the answer is one, bare."""

_FIELD = "generationConfig.responseMimeType"
_SAID = "said in the system prompt: no answer can be held to a list of words here"


class _Schema(Struct):
    enum: list[str] = []


_SCHEMA = json.Decoder(_Schema)


def words_of(schema: Raw) -> list[str]:
    """None where the schema lists none, or what is no text."""
    try:
        return _SCHEMA.decode(schema).enum
    except NOT_JSON:
        return []


def in_words(request: ChatRequest) -> tuple[ChatRequest, tuple[Note, ...]]:
    """The same, behind its system prompt a list of the words to choose from; and a note of that."""
    wanted = request.output_format
    if wanted is None or wanted.kind != KIND or wanted.schema is None:
        return request, ()
    listed = "\n".join(words_of(wanted.schema))
    told = f"Answer with exactly one of these values, as it is written, and nothing else:\n{listed}"
    messages = request.messages
    system = (Role.SYSTEM, Role.DEVELOPER)
    at = next((i for i, m in enumerate(messages) if m.role not in system), len(messages))
    asked = (*messages[:at], Message(Role.SYSTEM, (Text(told),)), *messages[at:])
    return replace(request, messages=asked, output_format=None), (Note(_FIELD, _SAID),)
