"""The conversation as the API wants it: system apart, turns alternating, results first, user first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from trunkline.canon.content import Audio, Document, Image, Message, Part, Role, Text, ToolResult
from trunkline.canon.foreign import foreign_fields, refuse_foreign_parts
from trunkline.dialects.bedrock_converse.draft import Draft
from trunkline.dialects.bedrock_converse.encode_content import encode_parts
from trunkline.dialects.bedrock_converse.wire import NAME, Fields
from trunkline.dialects.point import SAYS_NOTHING, is_empty_turn, refuse_pointless

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_OPENING = "Continue."
"""Stands for the user where a conversation has none to begin with: it may not be empty."""
_BESIDE_DOCUMENTS = "See the document."
"""A message with a document needs text, too (the service model's Message, seen 2026-11-21)."""
_USERS_ALONE = (Image, Document, Audio)


@dataclass(slots=True)
class Turn:
    role: str
    results: list[Fields] = field(default_factory=list)
    blocks: list[Fields] = field(default_factory=list)

    def fields(self) -> Fields:
        """Without the cache points that turned out to be too many."""
        return {"role": self.role, "content": [b for b in self.results + self.blocks if b]}


def encode_system(draft: Draft) -> list[Fields]:
    """The leading system and developer messages, each of their texts a block of its own."""
    blocks: list[Fields] = []
    for at, message in enumerate(leading(draft.request.messages)):
        _note_foreign(at, message, draft)
        path = f"messages.{at}.content"
        texts = [part for part in message.parts if isinstance(part, Text)]
        if len(texts) < len(message.parts):
            draft.note(path, "all but text dropped: a system prompt holds nothing else here")
        blocks += encode_parts(texts, path, draft)
    return blocks


def leading(messages: Sequence[Message]) -> list[Message]:
    return list(takewhile(lambda message: message.role in _SYSTEM, messages))


def encode_turns(draft: Draft) -> list[Turn]:
    turns: list[Turn] = []
    messages = draft.request.messages
    for at in range(len(leading(messages)), len(messages)):
        _add(turns, messages[at], at, draft)
    refuse_pointless(messages, turns[-1].role if turns else None)
    if not turns or turns[0].role != "user":
        draft.note("messages", f'a user turn "{_OPENING}" put first: the API begins with one')
        turns.insert(0, Turn("user", [], [{"text": _OPENING}]))
    for turn in turns:
        _speak_of_documents(turn, draft)
    _trim_prefill(turns, draft)
    return turns


def _add(turns: list[Turn], message: Message, at: int, draft: Draft) -> None:
    path = f"messages.{at}.content"
    refuse_foreign_parts(at, message, NAME)
    _note_foreign(at, message, draft)
    role = "assistant" if message.role is Role.ASSISTANT else "user"
    if message.role in _SYSTEM:
        draft.note(
            f"messages.{at}.role", "system sent as user text in place: taken no other way here"
        )
    parts: Sequence[Part] = message.parts
    if role == "assistant" and any(isinstance(part, _USERS_ALONE) for part in parts):
        draft.note(path, "images, documents and audio dropped: an assistant's turn holds none")
        parts = [part for part in parts if not isinstance(part, _USERS_ALONE)]
    turn = Turn(role, encode_parts([p for p in parts if isinstance(p, ToolResult)], path, draft))
    turn.blocks = encode_parts([p for p in parts if not isinstance(p, ToolResult)], path, draft)
    if not turn.results and not turn.blocks:
        if is_empty_turn(draft.request.messages, at):
            draft.note(path, SAYS_NOTHING)
        return
    if turns and turns[-1].role == role:
        turns[-1].results += turn.results
        turns[-1].blocks += turn.blocks
    else:
        turns.append(turn)


def _note_foreign(at: int, message: Message, draft: Draft) -> None:
    if message.name is not None:
        draft.note(f"messages.{at}.name", "dropped: participants have no names here")
    for note in foreign_fields(at, message, "dropped: only the client's dialect knows it"):
        draft.notes[note] = None


def _speak_of_documents(turn: Turn, draft: Draft) -> None:
    has_document = any("document" in block for block in turn.blocks)
    if has_document and not any("text" in block for block in turn.blocks):
        draft.note("messages", f'"{_BESIDE_DOCUMENTS}" added: a document needs text beside it')
        turn.blocks.append({"text": _BESIDE_DOCUMENTS})


def _trim_prefill(turns: list[Turn], draft: Draft) -> None:
    """A last assistant turn that ends in white space is refused by Claude."""
    last = turns[-1]
    if last.role != "assistant" or not last.blocks:
        return
    text = last.blocks[-1].get("text")
    if isinstance(text, str) and text != text.rstrip():
        last.blocks[-1]["text"] = text.rstrip()
        draft.note("messages", "white space at the end of the last assistant turn dropped")


def within_tool_loop(turns: Sequence[Turn]) -> bool:
    """The last turn answers tool calls of an assistant turn that does not begin with thinking."""
    if len(turns) < 2 or not turns[-1].results or turns[-2].role != "assistant":
        return False
    return "reasoningContent" not in next(iter(turns[-2].blocks), {})
