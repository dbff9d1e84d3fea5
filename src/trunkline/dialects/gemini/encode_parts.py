"""What a user shows and what tools return, as parts of Google's contents."""

from collections.abc import Mapping

from msgspec import Raw

from trunkline.canon.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    Part,
    PlainText,
    Refusal,
    Remote,
    Source,
    Text,
    ToolResult,
)
from trunkline.canon.deployment import Quirks
from trunkline.canon.errors import Unsupported
from trunkline.dialects.gemini.media import type_of
from trunkline.dialects.gemini.wire import NAME, Fields
from trunkline.dialects.notes import Notes
from trunkline.dialects.raws import NOT_JSON, RAW_MAP
from trunkline.dialects.thought_ids import unsigned

WirePart = Fields | Raw
"""A part about to be written; Raw for one that stays as its dialect wrote it."""

_UNNAMED = "tool"
_USUAL: Mapping[type[Part], str] = {Image: "image/jpeg", Document: "application/pdf"}
_NOTHING = "(The result is attached to the next message.)"


class PartWriter:
    def __init__(self, quirks: Quirks, notes: Notes, *, own: bool) -> None:
        self._quirks = quirks
        self._notes = notes
        self._own = own

    def part(self, path: str, part: Part, *, shown: bool) -> WirePart | None:
        """
        None for what is left out.

        Raises Unsupported where a part of another dialect was `shown` to the model by a user,
        who would not like it to be answered without.
        """
        match part:
            case Text(text=text):
                self._forget(path, part)
                return self._finish({"text": text}, part) if text or self._own else None
            case Refusal(text=text):
                return {"text": text} if text else None
            case Image() | Document():
                return self._finish(self._media(path, part), part)
            case Audio():
                media_type = f"audio/{part.format}"
                return {"inlineData": {"mimeType": media_type, "data": part.data}}
            case Opaque(origin=origin, raw=raw):
                if origin == NAME:
                    return raw
                if shown:
                    raise Unsupported(
                        f"'{path}' is of a kind this provider's API does not have", param=path
                    )
            case _:
                pass
        self._notes.add(path, "dropped: the Gemini API has no such part")
        return None

    def result(self, path: str, result: ToolResult, name: str, aside: list[WirePart]) -> Fields:
        """
        One functionResponse. What cannot stand in it goes `aside`, behind those of all calls.
        """
        inside, attached = self._sorted(path, result, name, aside)
        texts = [part.text for part in result.parts if isinstance(part, Text)]
        text = "\n".join(texts)
        if attached and not texts:
            text = _NOTHING
        plain, _ = unsigned(result.call_id)
        response: Fields = {"id": plain} if plain else {}
        response |= {"name": name or _UNNAMED, "response": _response(text, failed=result.is_error)}
        if inside:
            response["parts"] = inside
        if result.cache is not None:
            self._uncached()
        if self._own:
            response |= result.extra
        return {"functionResponse": response}

    def _sorted(
        self, path: str, result: ToolResult, name: str, aside: list[WirePart]
    ) -> tuple[list[WirePart], bool]:
        """Attachments in the response itself, where the model takes them; were there any others?"""
        inside: list[WirePart] = []
        others: list[WirePart] = []
        for index, part in enumerate(result.parts):
            if isinstance(part, Text):
                continue
            wire = self.part(f"{path}.content.{index}", part, shown=False)
            if wire is not None:
                inline = isinstance(wire, dict) and "inlineData" in wire
                takes = self._quirks.tool_images and inline
                (inside if takes or self._own else others).append(wire)
        if others:
            aside += ({"text": f"Attached to the result of {name or _UNNAMED}:"}, *others)
            self._notes.add(path, "attachments of tool results follow them as a user's")
        return inside, bool(others)

    def _finish(self, wire: Fields, part: Text | Image | Document) -> Fields:
        if part.cache is not None:
            self._uncached()
        return {**wire, **part.extra} if self._own else wire

    def _uncached(self) -> None:
        self._notes.add("cache_control", "dropped: this provider caches by itself")

    def _forget(self, path: str, text: Text) -> None:
        if text.annotations is not None:
            self._notes.add(f"{path}.annotations", "dropped: citations are not sent back here")

    def _media(self, path: str, part: Image | Document) -> Fields:
        if isinstance(part, Image):
            if part.detail not in (None, "auto"):
                self._notes.add(f"{path}.detail", "dropped: there is no such choice here")
        else:
            if part.citations is not None:
                self._notes.add(f"{path}.citations", "dropped: the Gemini API has no such field")
            if isinstance(part.source, PlainText):
                head = [words for words in (part.title, part.context) if words]
                return {"text": "\n\n".join([*head, part.source.text])}
            if part.context:
                self._notes.add(f"{path}.context", "dropped: the Gemini API has no such field")
        return _source(path, part.source, _USUAL[type(part)])


def _source(path: str, source: Source, usual: str) -> Fields:
    match source:
        case Inline(media_type=media_type, data=data):
            return {"inlineData": {"mimeType": media_type, "data": data}}
        case Remote(url=url):
            return {"fileData": _file(url, usual)}
        case FileRef(id=uri, origin=origin) if origin == NAME:
            return {"fileData": _file(uri)}
        case FileRef():
            raise Unsupported(
                f"'{path}' names a file of another provider: send its content", param=path
            )
        case _:
            raise Unsupported(f"'{path}' cannot be given as text", param=path)


def _file(uri: str, usual: str = "") -> Fields:
    """Vertex AI insists on a type: where the address tells none, the most likely."""
    media_type = type_of(uri) or usual
    return {"fileUri": uri, **({"mimeType": media_type} if media_type else {})}


def _response(text: str, *, failed: bool) -> Raw | Fields:
    """
    An object, whatever the tool said: "output" and "error" are the keys Google suggests for what
    is none (ai.google.dev/api/caching, FunctionResponse, seen 2026-11-21).
    """
    if failed:
        return {"error": text}
    return Raw(text.encode()) if is_object(text) else {"output": text}


def is_object(text: str) -> bool:
    """JSON of an object, and nothing around it."""
    if not (text.startswith("{") and text.endswith("}")):
        return False
    try:
        RAW_MAP.decode(text.encode())
    except NOT_JSON:
        return False
    return True
