"""The parts of a message's content, as one upstream takes them."""

from collections.abc import Mapping, MutableMapping, Sequence

from msgspec import Raw

from trunkline.canon.content import (
    Audio,
    CacheMark,
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
)
from trunkline.canon.deployment import Quirks
from trunkline.canon.errors import Unsupported
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_chat.cache import NO_MARKS, write_mark
from trunkline.dialects.openai_chat.wire import NAME

Wire = Mapping[str, object]
Draft = MutableMapping[str, object]


class PartWriter:
    def __init__(self, quirks: Quirks, notes: Notes, *, own: bool, marks: bool) -> None:
        self._quirks = quirks
        self._notes = notes
        self._own = own
        self._marks = marks

    def content(
        self, path: str, parts: Sequence[Part], *, flat: bool = False, shown: bool = False
    ) -> object:
        """
        A string where one text is all there is, or (`flat`) where texts are; else a list.

        Raises Unsupported where a part of another dialect was `shown` to the model by a user,
        who would not like it to be answered without.
        """
        if len(parts) == 1 and isinstance(only := parts[0], Text) and only.bare:
            return only.text
        known = self._known(path, parts, shown=shown)
        texts = [part.text for _, part in known if isinstance(part, Text)]
        if len(texts) == len(known):
            flat = flat or self._quirks.flat_text
            if flat or (len(texts) <= 1 and not any(self._needs_list(p) for _, p in known)):
                self._forget_marks(known)
                return "\n\n".join(texts)
        return [self._part(f"{path}.{index}", part) for index, part in known] or ""

    def mark(self, path: str, wire: Draft, cache: CacheMark | None) -> None:
        if cache is None:
            return
        if self._marks:
            wire["cache_control"] = write_mark(cache)
        else:
            self._notes.add(
                "cache_control", "dropped: this provider caches by itself or not at all"
            )

    def _known(self, path: str, parts: Sequence[Part], *, shown: bool) -> list[tuple[int, Part]]:
        known: list[tuple[int, Part]] = []
        for index, part in enumerate(parts):
            own = isinstance(part, Opaque) and part.origin == NAME
            if own or isinstance(part, Text | Image | Document | Audio | Refusal):
                known.append((index, part))
            elif shown and isinstance(part, Opaque):
                where = f"{path}.{index}"
                raise Unsupported(
                    f"'{where}' is of a kind this provider's API does not have", param=where
                )
            else:
                self._notes.add(f"{path}.{index}", "dropped: Chat Completions has no such part")
        return known

    def _needs_list(self, part: Part) -> bool:
        return isinstance(part, Text) and bool(
            (part.cache and self._marks) or (part.extra and self._own)
        )

    def _forget_marks(self, parts: Sequence[tuple[int, Part]]) -> None:
        if any(isinstance(part, Text) and part.cache is not None for _, part in parts):
            self._notes.add("cache_control", NO_MARKS)

    def _part(self, path: str, part: Part) -> object:
        match part:
            case Text():
                return self._finish(path, {"type": "text", "text": part.text}, part)
            case Image():
                return self._finish(path, _image(path, part), part)
            case Document():
                return self._finish(path, self._document(path, part), part)
            case Audio():
                audio = {"data": part.data, "format": part.format}
                return {"type": "input_audio", "input_audio": audio}
            case Refusal():
                return {"type": "refusal", "refusal": part.text}
            case Opaque():
                return part.raw
            case _:
                raise TypeError(f"no content holds a {type(part).__name__}")

    def _finish(self, path: str, wire: Draft, part: Text | Image | Document) -> Draft:
        self.mark(path, wire, part.cache)
        extra: Mapping[str, Raw] = part.extra if self._own else {}
        wire.update(extra)
        return wire

    def _document(self, path: str, document: Document) -> Draft:
        source = document.source
        if document.citations is not None:
            self._notes.add(f"{path}.citations", "dropped: Chat Completions cites nothing")
        if isinstance(source, PlainText):
            return {"type": "text", "text": words_of(document, source)}
        if document.context:
            self._notes.add(f"{path}.context", "dropped: Chat Completions has no such field")
        if self._quirks.document_url == "document_url" and not isinstance(source, FileRef):
            return {"type": "document_url", "document_url": _uri(source)}
        if isinstance(source, FileRef):
            if source.origin != NAME:
                raise Unsupported(
                    f"'{path}' names a file of another provider: send its content", param=path
                )
            file: Wire = {"file_id": source.id}
        elif isinstance(source, Remote) and not (self._quirks.document_url or self._own):
            raise Unsupported(
                f"'{path}' is a document by URL, which this provider does not fetch: send its content",
                param=path,
            )
        else:
            file = {"file_data": _uri(source)}
        title = document.title or (None if self._own else "document.pdf")
        return {"type": "file", "file": {**file, "filename": title} if title else file}


def words_of(document: Document, source: PlainText) -> str:
    """A document that is text, as text: its title and context first."""
    head = [words for words in (document.title, document.context) if words]
    return "\n\n".join([*head, source.text])


def _image(path: str, image: Image) -> Draft:
    if isinstance(image.source, FileRef | PlainText):
        raise Unsupported(
            f"'{path}' is an image only its own provider can read: send its content", param=path
        )
    url: Draft = {"url": _uri(image.source)}
    if image.detail is not None:
        url["detail"] = image.detail
    return {"type": "image_url", "image_url": url}


def _uri(source: Source) -> str:
    match source:
        case Inline(media_type=media_type, data=data):
            return f"data:{media_type};base64,{data}"
        case Remote(url=url):
            return url
        case _:
            raise TypeError(f"{type(source).__name__} has no URI")
