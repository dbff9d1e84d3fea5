"""The parts of a message's content, or of a call's output, as the API takes them."""

from collections.abc import Mapping, Sequence

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
from trunkline.canon.errors import Unsupported
from trunkline.dialects.notes import Notes
from trunkline.dialects.openai_responses.wire import NAME

Wire = Mapping[str, object]

NO_MARKS = "dropped: this provider caches by itself or not at all"
_NO_PART = "dropped: Responses has no such part here"


class PartWriter:
    def __init__(self, notes: Notes, *, own: bool, flat: bool) -> None:
        self._notes = notes
        self._own = own
        self._flat = flat
        """Takes content of text alone as a string only."""

    def heard(self, path: str, parts: Sequence[Part], *, shown: bool = False) -> object:
        """
        What the model reads: a string where one text is all there is, else a list.

        Raises Unsupported where a part of another dialect was `shown` to the model by a user,
        who would not like it to be answered without.
        """
        known = [
            (index, part)
            for index, part in enumerate(parts)
            if self._takes(f"{path}.{index}", part, shown=shown)
        ]
        texts = [part for _, part in known if isinstance(part, Text)]
        if len(texts) == len(known):
            for text in texts:
                self.forget_mark(text.cache)
            one = len(texts) <= 1 and not any(text.extra and self._own for text in texts)
            if one or self._flat:
                return "\n\n".join(text.text for text in texts)
        return [self._input(f"{path}.{index}", part) for index, part in known]

    def said(self, path: str, parts: Sequence[Part]) -> object:
        """What the model wrote itself, in an earlier turn."""
        known = [
            (index, part)
            for index, part in enumerate(parts)
            if isinstance(part, Text | Refusal) or self._noted(f"{path}.{index}")
        ]
        index, only = known[0] if len(known) == 1 else (0, None)
        if isinstance(only, Text) and self._is_bare(f"{path}.{index}", only):
            self.forget_mark(only.cache)
            return only.text
        return [self._output(f"{path}.{index}", part) for index, part in known]

    def forget_mark(self, cache: CacheMark | None) -> None:
        if cache is not None:
            self._notes.add("cache_control", NO_MARKS)

    def _noted(self, path: str) -> bool:
        self._notes.add(path, _NO_PART)
        return False

    def _takes(self, path: str, part: Part, *, shown: bool) -> bool:
        if isinstance(part, Text | Image | Document | Audio | Refusal):
            return True
        if isinstance(part, Opaque) and part.origin == NAME:
            return True
        if shown and isinstance(part, Opaque):
            raise Unsupported(
                f"'{path}' is of a kind this provider's API does not have", param=path
            )
        return self._noted(path)

    def _input(self, path: str, part: Part) -> object:
        match part:
            case Text() | Refusal():
                return self._close({"type": "input_text", "text": part.text}, part)
            case Image():
                return self._close(self._image(path, part), part)
            case Document():
                return self._close(self._document(path, part), part)
            case Audio():
                audio = {"data": part.data, "format": part.format}
                return {"type": "input_audio", "input_audio": audio}
            case Opaque():
                return part.raw
            case _:
                raise TypeError(f"no content holds a {type(part).__name__}")

    def _output(self, path: str, part: Part) -> object:
        if isinstance(part, Refusal):
            return {"type": "refusal", "refusal": part.text}
        if not isinstance(part, Text):
            raise TypeError(f"no answer says a {type(part).__name__}")
        self.forget_mark(part.cache)
        notes = self._notes_of(path, part)
        listed: object = [] if notes is None else notes
        wire = {"type": "output_text", "text": part.text, "annotations": listed}
        return {**wire, **part.extra} if self._own else wire

    def _is_bare(self, path: str, text: Text) -> bool:
        return self._notes_of(path, text) is None and not (text.extra and self._own)

    def _notes_of(self, path: str, text: Text) -> Raw | None:
        """Its citations, if they are of this API."""
        if text.annotations is not None and text.origin != NAME:
            self._notes.add(f"{path}.annotations", "dropped: another provider's citations")
            return None
        return text.annotations

    def _close(self, wire: Wire, part: Text | Image | Document | Refusal) -> Wire:
        if isinstance(part, Refusal):
            return wire
        self.forget_mark(part.cache)
        extra: Mapping[str, Raw] = part.extra if self._own else {}
        return {**wire, **extra}

    def _image(self, path: str, image: Image) -> Wire:
        # Its own clients may leave it out, though the specification says that it is required.
        wanted = image.detail or (None if self._own else "auto")
        detail = {} if wanted is None else {"detail": wanted}
        source = image.source
        if isinstance(source, FileRef) and self._knows(source):
            return {"type": "input_image", "file_id": source.id, **detail}
        if isinstance(source, FileRef | PlainText):
            raise Unsupported(
                f"'{path}' is an image only its own provider can read: send its content",
                param=path,
            )
        return {"type": "input_image", "image_url": _uri(source), **detail}

    def _document(self, path: str, document: Document) -> Wire:
        source = document.source
        if document.citations is not None:
            self._notes.add(
                f"{path}.citations", "dropped: Responses cites no documents of a prompt"
            )
        if isinstance(source, PlainText):
            head = [words for words in (document.title, document.context) if words]
            return {"type": "input_text", "text": "\n\n".join([*head, source.text])}
        if document.context:
            self._notes.add(f"{path}.context", "dropped: Responses has no such field")
        if isinstance(source, FileRef):
            if not self._knows(source):
                raise Unsupported(
                    f"'{path}' names a file of another provider: send its content", param=path
                )
            file: Wire = {"file_id": source.id}
        elif isinstance(source, Remote):
            file = {"file_url": source.url}
        else:
            # A name is required beside the data (recorded 2026-08), not beside an address.
            named = document.title or (None if self._own else "document.pdf")
            name = {} if named is None else {"filename": named}
            return {"type": "input_file", **name, "file_data": _uri(source)}
        title = {"filename": document.title} if document.title and self._own else {}
        return {"type": "input_file", **file, **title}

    @staticmethod
    def _knows(file: FileRef) -> bool:
        """Both of OpenAI's dialects name files of the same store."""
        return file.origin.startswith("openai-")


def _uri(source: Source) -> str:
    match source:
        case Inline(media_type=media_type, data=data):
            return f"data:{media_type};base64,{data}"
        case Remote(url=url):
            return url
        case _:
            raise TypeError(f"{type(source).__name__} has no URI")
