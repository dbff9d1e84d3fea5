"""What a request asks for, in words that do not depend on its dialect: to compare before and after."""

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, json

from trunkline.canon.content import (
    Audio,
    Document,
    Image,
    Inline,
    Message,
    Opaque,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Remote,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.request import ChatRequest

Said = tuple[str, ...]
"""Who, what kind of part, and the part."""

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


class Tool(Struct, frozen=True):
    name: str
    description: str
    schema: Any
    builtin: bool
    """The provider runs it itself."""


class Choice(Struct, frozen=True):
    mode: str
    names: tuple[str, ...]
    parallel: bool


def tools(request: ChatRequest, names: Mapping[str, str]) -> list[Tool]:
    """`names` leads from names shortened for an upstream back to the client's own."""
    return [
        Tool(
            names.get(tool.name, tool.name),
            tool.description or "",
            _schema(tool.parameters),
            tool.kind == "builtin",
        )
        for tool in request.tools
    ]


def choice(request: ChatRequest, names: Mapping[str, str]) -> Choice:
    chosen, parallel = request.tool_choice, request.parallel_tool_calls is not False
    if chosen is None:
        return Choice("auto", (), parallel)
    return Choice(chosen.mode.value, tuple(names.get(n, n) for n in chosen.names), parallel)


def _schema(raw: Any) -> Any:
    """No schema is that of an object without properties."""
    schema = json.decode(raw) if raw is not None else {}
    return {"type": "object", "properties": {}, **schema}


def conversation(messages: Sequence[Message], names: Mapping[str, str]) -> list[list[Said]]:
    """Message by message. Calls are numbered: their ids may be changed to fit."""
    numbers: dict[str, int] = {}
    return [
        [said for part in message.parts for said in _said(_who(message), part, names, numbers)]
        for message in messages
    ]


def _who(message: Message) -> str:
    return "system" if message.role in _SYSTEM else message.role.value


def _said(
    who: str, part: Part, names: Mapping[str, str], numbers: dict[str, int]
) -> Iterator[Said]:
    match part:
        case Text(text=text) | Refusal(text=text):
            if text.strip():
                yield who, "text", text
        case Image(source=source):
            yield who, "image", _source(source)
        case Document(source=PlainText(text=text)):
            yield who, "text", text
        case Document(source=Inline(media_type="text/plain", data=data)):
            yield who, "text", b64decode(data).decode()
        case Document(source=Inline(media_type=media_type, data=data)) if _sounds(media_type):
            yield who, "audio", data
        case Document(source=source):
            yield who, "document", _source(source)
        case Audio(data=data):
            yield who, "audio", data
        case Reasoning(text=text):
            yield who, "reasoning", text
        case ToolCall():
            numbers[part.id] = len(numbers)
            name = names.get(part.name, part.name)
            yield who, "call", str(numbers[part.id]), name, _arguments(part.arguments)
        case ToolResult():
            number = str(numbers.get(part.call_id, part.call_id))
            yield who, "result", number
            for inner in part.parts:
                yield from _said(who, inner, names, numbers)
        case Opaque():
            yield who, "opaque", bytes(part.raw).decode()


def _source(source: object) -> str:
    match source:
        case Inline(media_type=media_type, data=data):
            return f"data:{media_type};base64,{data}"
        case Remote(url=url):
            return url
        case _:
            return repr(source)


def _arguments(text: str) -> str:
    try:
        return json.encode(json.decode(text or "{}"), order="sorted").decode()
    except ValueError:
        return text


def _sounds(media_type: str) -> bool:
    return media_type.startswith("audio/")
