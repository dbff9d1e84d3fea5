"""Canonical parts as blocks of content: text and images, and documents where a tool returned them."""

from collections.abc import Iterable

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
    Text,
)
from trunkline.canon.errors import Unsupported
from trunkline.dialects.cohere_chat.draft import Draft
from trunkline.dialects.cohere_chat.wire import Fields
from trunkline.dialects.data_url import TEXT_TYPES, text_of

_DETAILS = frozenset({"auto", "low", "high"})


def encode_parts(parts: Iterable[Part], path: str, draft: Draft) -> list[Fields]:
    found = (encode_part(part, f"{path}.{at}", draft) for at, part in enumerate(parts))
    return [block for block in found if block is not None]


def encode_part(part: Part, path: str, draft: Draft) -> Fields | None:
    """
    None for what is left out: with a note, but for text that says nothing.

    Raises Unsupported for what the API has no block for and a prompt cannot do without.
    """
    draft.unmark(getattr(part, "cache", None))
    match part:
        case Text(text=text):
            if part.annotations is not None:
                draft.note(f"{path}.annotations", "dropped: citations are not sent back here")
            return plain_text(text)
        case Image():
            return _image(part, path, draft)
        case Document():
            return plain_text("\n\n".join(document_text(part, path, draft)))
        case Audio():
            raise Unsupported("this model takes no audio", param=path)
        case Refusal(text=text):
            if text.strip():
                draft.note(path, "a refusal sent as text")
            return plain_text(text)
        case Opaque(origin=origin):
            draft.note(path, f"dropped: only {origin or 'its own dialect'} knows this part")
            return None
        case _:
            draft.note(path, f"dropped: {type(part).__name__} cannot stand here")
            return None


def plain_text(text: str) -> Fields | None:
    """An empty turn is refused: "message must not be empty in a turn"."""
    return {"type": "text", "text": text} if text.strip() else None


def content_of(blocks: list[Fields]) -> object:
    """One text goes as a string, as the API's own examples have it."""
    if len(blocks) == 1 and blocks[0]["type"] == "text":
        return blocks[0]["text"]
    return blocks


def _image(part: Image, path: str, draft: Draft) -> Fields:
    match part.source:
        case Inline(media_type=media_type, data=data):
            url = f"data:{media_type};base64,{data}"
        case Remote(url=url):
            pass
        case _:
            raise Unsupported("an image only its own provider can read: send it", param=path)
    image: Fields = {"url": url}
    if part.detail in _DETAILS:
        image["detail"] = part.detail
    elif part.detail is not None:
        draft.note(f"{path}.detail", "dropped: auto, low and high are all there is here")
    return {"type": "image_url", "image_url": image}


def document_text(part: Document, path: str, draft: Draft) -> list[str]:
    """Its title, its context and its text, as far as there are any."""
    if part.citations is not None:
        draft.note(f"{path}.citations", "dropped: answers cite in Cohere's own way")
    head = [words for words in (part.title, part.context) if words]
    return [*head, _text_of(part, path)]


def _text_of(part: Document, path: str) -> str:
    match part.source:
        case PlainText(text=text):
            return text
        case Inline(media_type=media_type, data=data) if media_type.startswith(TEXT_TYPES):
            return text_of(data, path)
        case Inline(media_type=media_type):
            raise Unsupported(f"this model reads no document of type {media_type!r}", param=path)
        case Remote():
            raise Unsupported("this model reads no document by URL: send its text", param=path)
        case FileRef():
            raise Unsupported(
                "a file uploaded to one provider means nothing to another", param=path
            )
