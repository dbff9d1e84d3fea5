"""
How many tokens a request has, roughly, for a message_start that must say so before anybody knows.

Anthropic tells the input at the start of a stream, OpenAI at its end; clients show a context's
filling from the first (Claude Code does). message_delta replaces it by the count that is billed.
"""

from trunkline.canon.content import (
    Document,
    Image,
    Opaque,
    Part,
    PlainText,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.request import Request, Tool

_CHARACTERS = 4
"""A token's, in English (platform.claude.com, glossary, seen 2026-11-21)."""
_MESSAGE = 4
_PICTURE = 1500
"""A picture's or a page's tokens (platform.claude.com, vision: at most about 1600)."""


def guess_input(request: Request) -> int:
    """Costs no more than a look at each part; never 0."""
    characters = sum(_tool(tool) for tool in request.tools)
    for message in request.messages:
        characters += _MESSAGE * _CHARACTERS
        for part in message.parts:
            characters += _part(part)
    return max(1, characters // _CHARACTERS)


def _tool(tool: Tool) -> int:
    definition = tool.parameters if tool.parameters is not None else tool.raw
    return len(tool.name) + len(tool.description or "") + len(definition or b"")


def _part(part: Part) -> int:
    match part:
        case Text(text=text) | Refusal(text=text) | Document(source=PlainText(text=text)):
            return len(text)
        case ToolCall(name=name, arguments=arguments):
            return len(name) + len(arguments)
        case ToolResult(parts=parts):
            return sum(_part(inner) for inner in parts)
        case Opaque(raw=raw):
            return len(raw)
        case Image() | Document():
            return _PICTURE * _CHARACTERS
        case _:
            return 0  # thinking of earlier turns is not charged; audio never gets here
