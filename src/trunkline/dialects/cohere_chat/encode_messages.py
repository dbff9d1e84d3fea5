"""The conversation as the API wants it: system first, a message for every tool result."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from msgspec import json
from msgspec.structs import replace

from trunkline.canon.content import (
    Audio,
    Document,
    Image,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.foreign import foreign_fields, refuse_foreign_parts
from trunkline.dialects.cohere_chat.decode_answer import arguments_of
from trunkline.dialects.cohere_chat.draft import Draft
from trunkline.dialects.cohere_chat.encode_parts import (
    content_of,
    document_text,
    encode_part,
    encode_parts,
    plain_text,
)
from trunkline.dialects.cohere_chat.wire import BROKEN, NAME, Fields
from trunkline.dialects.point import SAYS_NOTHING, is_empty, refuse_pointless
from trunkline.dialects.raws import RAW_MAP
from trunkline.dialects.thought_ids import unsigned

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_USERS_ALONE = (Image, Document, Audio)
_EMPTY_RESULT = "(no output)"
_FAILED: Fields = {"type": "text", "text": "The tool call failed:"}


def encode_messages(draft: Draft) -> list[Fields]:
    messages = draft.request.messages
    leading = list(takewhile(lambda message: message.role in _SYSTEM, messages))
    written = _system(leading, draft)
    begin = len(written)
    for at, message in _turns(messages, len(leading)):
        refuse_foreign_parts(at, message, NAME)
        _note_foreign(at, message, draft)
        path = f"messages.{at}.content"
        if message.role is Role.ASSISTANT:
            said = _assistant(message.parts, path, draft)
        elif message.role is Role.TOOL:
            said = _results(message.parts, path, draft)
        else:
            said = _shown(at, message, draft)
        if not said and is_empty(message.parts):
            draft.note(path, SAYS_NOTHING)
        written += said
    refuse_pointless(messages, str(written[-1]["role"]) if len(written) > begin else None)
    return written


def ask_in_words(messages: list[Fields], text: str) -> None:
    """Adds to the system prompt."""
    block: Fields = {"type": "text", "text": text}
    if not messages or messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": text})
        return
    said = messages[0]["content"]
    before = said if isinstance(said, list) else [{"type": "text", "text": said}]
    messages[0]["content"] = [*before, block]


def _system(leading: Sequence[Message], draft: Draft) -> list[Fields]:
    """All of them as one: "system turn must be the first in the list"."""
    blocks: list[Fields] = []
    for at, message in enumerate(leading):
        _note_foreign(at, message, draft)
        path = f"messages.{at}.content"
        texts = [part for part in message.parts if isinstance(part, Text)]
        if len(texts) < len(message.parts):
            draft.note(path, "all but text dropped: a system prompt holds nothing else here")
        blocks += encode_parts(texts, path, draft)
    return [{"role": "system", "content": content_of(blocks)}] if blocks else []


def _turns(messages: Sequence[Message], at: int) -> Iterator[tuple[int, Message]]:
    """
    With the index where each begins.

    An assistant's turn may come in several messages, which other APIs join: Google's SDK sends one
    for each chunk of a stream (google-genai 3.4.0).
    """
    while at < len(messages):
        message, begin = messages[at], at
        at += 1
        while message.role is Role.ASSISTANT and at < len(messages):
            if messages[at].role is not Role.ASSISTANT:
                break
            message = replace(message, parts=(*message.parts, *messages[at].parts))
            at += 1
        yield begin, message


def _shown(at: int, message: Message, draft: Draft) -> list[Fields]:
    blocks = encode_parts(message.parts, f"messages.{at}.content", draft)
    if not blocks:
        return []
    return [{"role": _role(at, message, draft), "content": content_of(blocks)}]


def _role(at: int, message: Message, draft: Draft) -> str:
    if message.role not in _SYSTEM:
        return "user"
    if draft.deployment.quirks.mid_system:
        return "system"
    draft.note(f"messages.{at}.role", "system sent as user text in place: taken no other way here")
    return "user"


def _note_foreign(at: int, message: Message, draft: Draft) -> None:
    if message.name is not None:
        draft.note(f"messages.{at}.name", "dropped: participants have no names here")
    for note in foreign_fields(at, message, "dropped: only the client's dialect knows it"):
        draft.note(note.field, note.message)


def _assistant(parts: Sequence[Part], path: str, draft: Draft) -> list[Fields]:
    """What it says before it calls tools is the plan."""
    if any(isinstance(part, _USERS_ALONE) for part in parts):
        draft.note(path, "images, documents and audio dropped: an assistant's turn holds none")
        parts = [part for part in parts if not isinstance(part, _USERS_ALONE)]
    thoughts = [block for part in parts if (block := _thought(part, path, draft)) is not None]
    calls = [_call(part, path, draft) for part in parts if isinstance(part, ToolCall)]
    said = [part for part in parts if not isinstance(part, Reasoning | ToolCall)]
    spoken = encode_parts(said, path, draft)
    message: Fields = {"role": "assistant"}
    if calls:
        plan = "".join(str(block["text"]) for block in spoken)
        message |= {"tool_plan": plan} if plan else {}
        message |= {"content": thoughts} if thoughts else {}
        message["tool_calls"] = calls
    elif thoughts or spoken:
        message["content"] = content_of(thoughts + spoken)
    return [message] if len(message) > 1 else []


def _thought(part: Part, path: str, draft: Draft) -> Fields | None:
    """It bears no proof: another model's is taken, too (recorded)."""
    if not isinstance(part, Reasoning):
        return None
    if part.redacted:
        draft.note(path, "reasoning dropped: another provider hid its text")
        return None
    if not part.text.strip():
        return None
    if not draft.thinks:
        draft.note(path, "reasoning dropped: this model does not think")
        return None
    return {"type": "thinking", "thinking": part.text}


def _call(part: ToolCall, path: str, draft: Draft) -> Fields:
    draft.unmark(part.cache)
    arguments = part.arguments if part.kind == "custom" else arguments_of(part.arguments)
    if part.kind == "custom" or not _is_object(arguments):
        # Its arguments are the JSON of an object; free text, and JSON gone wrong, is its `input`.
        if part.kind != "custom":
            draft.note(f"{path}.arguments", "wrapped in an object: they are not the JSON of one")
        arguments = json.encode({"input": arguments}).decode()
    function: Fields = {"name": draft.names(part.name), "arguments": arguments}
    return {"id": _fitted(part.id), "type": "function", "function": function}


def _fitted(call_id: str) -> str:
    """Without a signature in it: that is for who made it."""
    return unsigned(call_id)[0] or "call"


def _is_object(arguments: str) -> bool:
    try:
        RAW_MAP.decode(arguments.encode())
    except BROKEN:
        return False
    return True


def _results(parts: Sequence[Part], path: str, draft: Draft) -> list[Fields]:
    """One message each; images, which cannot stand in them, follow in a user's, behind them all."""
    written: list[Fields] = []
    aside: list[Fields] = []
    for at, part in enumerate(parts):
        if isinstance(part, ToolResult):
            written.append(_result(part, f"{path}.{at}", aside, draft))
    if aside:
        draft.note(path, "images of tool results follow as a user's")
        written.append({"role": "user", "content": aside})
    return written


def _result(part: ToolResult, path: str, aside: list[Fields], draft: Draft) -> Fields:
    draft.unmark(part.cache)
    call_id = _fitted(part.call_id)
    inside: list[Fields] = []
    images: list[Fields] = []
    for at, inner in enumerate(part.parts):
        where = f"{path}.content.{at}"
        block = (
            _document(inner, where, draft)
            if isinstance(inner, Document)
            else encode_part(inner, where, draft)
        )
        if block is not None:
            (images if block["type"] == "image_url" else inside).append(block)
    if images:
        words = f"Attached to the result of tool call {call_id}:"
        aside += ({"type": "text", "text": words}, *images)
        inside = inside or [{"type": "text", "text": "(The result is attached below.)"}]
    if part.is_error:
        draft.note(path, "is_error is said in words")
        inside.insert(0, _FAILED)
    content = content_of(inside) if inside else _EMPTY_RESULT
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def _document(part: Document, path: str, draft: Draft) -> Fields | None:
    """What a tool returns may be cited by the answer, document by document."""
    *head, text = document_text(part, path, draft)
    if plain_text(text) is None:
        return None
    data: Fields = {"title": " - ".join(head)} if head else {}
    return {"type": "document", "document": {"data": {**data, "text": text}}}
