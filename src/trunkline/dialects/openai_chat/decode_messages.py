"""The conversation of a request, off the wire."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.errors import Malformed
from trunkline.dialects.data_url import document, picture, source_of
from trunkline.dialects.fields import STR, Fields, is_string
from trunkline.dialects.openai_chat.cache import read_mark
from trunkline.dialects.openai_chat.reasoning import read_reasoning
from trunkline.dialects.openai_chat.usual import read_usual
from trunkline.dialects.openai_chat.wire import NAME
from trunkline.dialects.openai_usual import SPEAKERS
from trunkline.dialects.raws import RAW_LIST

_FUNCTION_ID = "call_function_{}"


class _Reader:
    """Messages one after the other; results of one turn gather in one message."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._functions = 0
        """Calls of the API before tools, which had no ids: they are numbered."""

    def take(self, raw: Raw, at: int) -> None:
        usual = read_usual(raw)
        if usual is None:
            self._read(Fields.of(raw, f"messages[{at}]"))
        elif isinstance(usual, Message):
            self.messages.append(usual)
        else:
            self._gather(usual)

    def _read(self, message: Fields) -> None:
        word = message.need("role", STR)
        if word in ("tool", "function"):
            self._result(message, by_name=word == "function")
        elif word in SPEAKERS:
            self._said(SPEAKERS[word], message)
        else:
            param = message.at("role")
            raise Malformed(f"invalid '{param}': unknown role '{word[:50]}'", param=param)

    def _said(self, role: Role, message: Fields) -> None:
        name = message.get("name", STR)
        if role is Role.ASSISTANT:
            parts = [*_thoughts(message), *_content(message)]
            refusal = message.get("refusal", STR)
            if refusal:
                parts.append(Refusal(refusal))
            parts += self._calls(message)
        else:
            parts = _content(message)
        self.messages.append(Message(role, tuple(parts), name, message.rest()))

    def _calls(self, message: Fields) -> list[Part]:
        calls: list[Part] = [
            _call(Fields.of(raw, path)) for raw, path in message.items("tool_calls") or ()
        ]
        legacy = message.inner("function_call")
        if legacy is not None:
            self._functions += 1
            name, arguments = legacy.need("name", STR), legacy.get("arguments", STR)
            calls.append(ToolCall(_FUNCTION_ID.format(self._functions), name, arguments or ""))
        return calls

    def _result(self, message: Fields, *, by_name: bool) -> None:
        if by_name:
            message.raw("name")
            call_id = _FUNCTION_ID.format(self._functions)
        else:
            call_id = message.need("tool_call_id", STR)
        parts = tuple(_content(message))
        self._gather(ToolResult(call_id, parts, extra=message.rest()))

    def _gather(self, result: ToolResult) -> None:
        last = self.messages[-1] if self.messages else None
        if last is not None and last.role is Role.TOOL:
            self.messages[-1] = Message(Role.TOOL, (*last.parts, result))
        else:
            self.messages.append(Message(Role.TOOL, (result,)))


def read_messages(body: Fields) -> tuple[Message, ...]:
    reader = _Reader()
    entries = body.get("messages", RAW_LIST)
    for at, raw in enumerate(entries or ()):
        reader.take(raw, at)
    if not reader.messages:
        raise Malformed("invalid 'messages': at least one message is needed", param="messages")
    return tuple(reader.messages)


def _thoughts(message: Fields) -> list[Part]:
    text = message.get("reasoning_content", STR)
    text = message.get("reasoning", STR) or text
    details = [raw for raw, _ in message.items("reasoning_details") or ()]
    return list(read_reasoning(text or "", details))


def _content(message: Fields) -> list[Part]:
    raw = message.raw("content")
    if raw is None:
        return []
    if is_string(raw):
        text = Fields({"content": raw}, message.path).need("content", STR)
        return [Text(text)] if text else []
    items = Fields({"content": raw}, message.path).items("content") or ()
    return [_part(raw, path) for raw, path in items]


def _part(raw: Raw, path: str) -> Part:
    part = Fields.of(raw, path)
    match part.get("type", STR):
        case "text" | "input_text" | "output_text":
            return Text(
                part.need("text", STR), cache=read_mark(part), extra=_without_notes(part.rest())
            )
        case "image_url":
            return _image(part)
        case "file":
            return _document(part)
        case "document_url":
            # Mistral (docs.mistral.ai/capabilities/document_ai, seen 2026-11-21).
            source = source_of(part.need("document_url", STR))
            title = part.get("document_name", STR)
            return Document(source, title, cache=read_mark(part), extra=part.rest())
        case "input_audio":
            audio = part.inner("input_audio") or part
            return Audio(audio.need("data", STR), audio.need("format", STR))
        case "refusal":
            return Refusal(part.need("refusal", STR))
        case "thinking":
            return _thinking(part)
        case _:
            return Opaque(NAME, raw)


def _without_notes(rest: Mapping[str, Raw]) -> Mapping[str, Raw]:
    """Responses-style parts carry empty lists that say nothing here."""
    return {
        name: raw
        for name, raw in rest.items()
        if not (name in ("annotations", "logprobs") and bytes(raw) == b"[]")
    }


def _image(part: Fields) -> Image:
    raw = part.raw("image_url")
    if raw is not None and is_string(raw):
        # Mistral takes the URL itself.
        url, detail = Fields({"url": raw}, part.path).need("url", STR), None
    else:
        image = Fields.of(raw or b"{}", part.at("image_url"))
        url, detail = image.need("url", STR), image.get("detail", STR)
    return Image(picture(url), detail, cache=read_mark(part), extra=part.rest())


def _document(part: Fields) -> Document:
    file = part.inner("file") or part
    title = file.get("filename", STR)
    file_id = file.get("file_id", STR)
    source = (
        FileRef(file_id, NAME) if file_id else document(file.need("file_data", STR), title or "")
    )
    return Document(source, title, cache=read_mark(part), extra=part.rest())


def _thinking(part: Fields) -> Reasoning:
    """Mistral: {"type":"thinking","thinking":[{"type":"text","text":..}]}."""
    pieces = part.items("thinking") or ()
    texts = [Fields.of(raw, path).get("text", STR) or "" for raw, path in pieces]
    return Reasoning("".join(texts))


def _call(call: Fields) -> ToolCall:
    call.raw("index")
    call_id = call.get("id", STR) or ""
    if call.get("type", STR) == "custom":
        custom = call.inner("custom") or call
        text = custom.get("input", STR) or ""
        return ToolCall(call_id, custom.need("name", STR), text, "custom", extra=call.rest())
    function = call.inner("function") or call
    return ToolCall(
        call_id,
        function.need("name", STR),
        function.get("arguments", STR) or "",
        extra=call.rest(),
    )
