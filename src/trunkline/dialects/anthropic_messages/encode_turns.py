"""The conversation as the API wants it: system apart, turns alternating, results first, user first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from msgspec import Raw

from trunkline.canon.content import Image, Message, Role, ToolResult
from trunkline.canon.foreign import foreign_fields, refuse_foreign_parts
from trunkline.dialects.anthropic_messages.draft import Draft
from trunkline.dialects.anthropic_messages.encode_content import (
    BlockOut,
    encode_parts,
)
from trunkline.dialects.anthropic_messages.wire import NAME, Fields
from trunkline.dialects.claude import takes_mid_system
from trunkline.dialects.point import SAYS_NOTHING, is_empty_turn, refuse_pointless

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_OPENING = "Continue."
"""Stands for the user where a conversation has none to begin with: it may not be empty."""


@dataclass(slots=True)
class Turn:
    role: str
    results: list[BlockOut] = field(default_factory=list)
    blocks: list[BlockOut] = field(default_factory=list)
    extra: dict[str, Raw] = field(default_factory=dict)

    def fields(self) -> Fields:
        return {"role": self.role, "content": self.results + self.blocks, **self.extra}


def encode_system(draft: Draft) -> list[BlockOut]:
    """The leading system and developer messages, each of their texts a block of its own."""
    blocks: list[BlockOut] = []
    for at, message in enumerate(leading(draft.request.messages)):
        _note_foreign(at, message, draft)
        blocks += encode_parts(message.parts, f"messages.{at}.content", draft)
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
        turns.insert(0, Turn("user", [], [{"type": "text", "text": _OPENING}]))
    _trim_prefill(turns, draft)
    return turns


def _add(turns: list[Turn], message: Message, at: int, draft: Draft) -> None:
    path = f"messages.{at}.content"
    refuse_foreign_parts(at, message, NAME)
    _note_foreign(at, message, draft)
    role = _role(message, turns, at, draft)
    parts = message.parts
    if role == "assistant" and any(isinstance(part, Image) for part in parts):
        draft.note(path, "images dropped: an assistant's turn holds none")
        parts = tuple([part for part in parts if not isinstance(part, Image)])
    turn = Turn(role)
    if results := [part for part in parts if isinstance(part, ToolResult)]:
        turn.results = encode_parts(results, path, draft)
        parts = tuple([part for part in parts if not isinstance(part, ToolResult)])
    turn.blocks = encode_parts(parts, path, draft)
    if draft.same:
        turn.extra.update(message.extra)
    if not turn.results and not turn.blocks:
        if is_empty_turn(draft.request.messages, at):
            draft.note(path, SAYS_NOTHING)
        return
    if turns and turns[-1].role == role and role != "system":
        last = turns[-1]
        last.results += turn.results
        last.blocks += turn.blocks
        last.extra |= turn.extra
    else:
        turns.append(turn)


def _role(message: Message, turns: list[Turn], at: int, draft: Draft) -> str:
    if message.role is Role.ASSISTANT:
        return "assistant"
    if message.role not in _SYSTEM:
        return "user"
    if draft.deployment.quirks.mid_system and (draft.same or _may_instruct(turns, draft)):
        return "system"
    draft.note(f"messages.{at}.role", "system sent as user text in place: taken no other way here")
    return "user"


def _may_instruct(turns: list[Turn], draft: Draft) -> bool:
    """
    Where a system message may stand: after a user turn, on models since Claude Opus 4.8.

    platform.claude.com, mid-conversation system messages, seen 2026-11-21.
    """
    follows = bool(turns) and turns[-1].role in {"user", "system"}
    return follows and takes_mid_system(draft.deployment.model)


def _note_foreign(at: int, message: Message, draft: Draft) -> None:
    if message.name is not None:
        draft.note(f"messages.{at}.name", "dropped: participants have no names here")
    if not draft.same:
        draft.notes += foreign_fields(at, message, "dropped: only the client's dialect knows it")


def _trim_prefill(turns: list[Turn], draft: Draft) -> None:
    """The API refuses a last assistant turn that ends in white space."""
    last = turns[-1]
    if last.role != "assistant" or not last.blocks or isinstance(last.blocks[-1], Raw):
        return
    block = last.blocks[-1]
    text = block.get("text") if block.get("type") == "text" else None
    if isinstance(text, str) and text != text.rstrip():
        block["text"] = text.rstrip()
        draft.note("messages", "white space at the end of the last assistant turn dropped")


def within_tool_loop(turns: Sequence[Turn]) -> bool:
    """The last turn answers tool calls of an assistant turn that does not begin with thinking."""
    if len(turns) < 2 or not turns[-1].results or turns[-2].role != "assistant":
        return False
    first = next(iter(turns[-2].blocks), Raw(b""))
    return not isinstance(first, Raw) and first["type"] not in {"thinking", "redacted_thinking"}
