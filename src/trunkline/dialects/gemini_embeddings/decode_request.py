"""
A client's embedContent or batchEmbedContents: ai.google.dev/api/embeddings (2026-11-21).

Which of the two it is shows in the body: a batch has `requests`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Raw, Struct, json

from trunkline.canon.embedding import Aside, EmbeddingRequest
from trunkline.canon.errors import Malformed
from trunkline.canon.note import Note
from trunkline.dialects.camel import Camel, camel
from trunkline.dialects.fields import STR

NAME = "gemini-embeddings"

# Google takes a hundred (seen 2026-11-21). Here long lists go upstream in several requests anyway, so
# that there may be as many as OpenAI takes.
MOST_INPUTS = 2048
_NOWHERE = "dropped: the provider has no such field"
_JOINED = "joined by line breaks: the provider takes one text for each vector"
_LENGTH = json.Decoder(Annotated[int, Meta(ge=1, le=1 << 20)])
_CONTENT, _REQUESTS, _CONFIG = "content", "requests", "embedContentConfig"
_SIZE, _TASK, _TITLE = "outputDimensionality", "taskType", "title"


class _Entry(Struct, frozen=True):
    """One text, and what is said of it."""

    text: str
    size: int | None
    aside: Aside


def decode_request(envelope: Mapping[str, Raw]) -> EmbeddingRequest:
    """
    `model` is the path's: a face puts it there. Raises Malformed, only.

    What a text is for and its title may differ from one of a batch to the next; those of documents
    have a title each. The length of the vectors may not: no SDK of Google's can say that, and an
    answer of several lengths is a sign of a broken upstream to all who read it here.
    """
    fields = Camel({camel(name): raw for name, raw in envelope.items()}, "")
    model = fields.need("model", STR)
    fields.raw("stream")
    batch = fields.raw(_REQUESTS)
    if batch is None:
        return _request(model, [_entry(fields)], {}, single=True)
    if fields.raw(_CONTENT) is not None:
        raise Malformed(f"send '{_CONTENT}' or '{_REQUESTS}', not both", param=_CONTENT)
    fields.keep(_REQUESTS, batch)
    listed = fields.entries(_REQUESTS)
    if not listed:
        raise Malformed(f"'{_REQUESTS}' must have at least one entry", param=_REQUESTS)
    if len(listed) > MOST_INPUTS:
        raise Malformed(
            f"'{_REQUESTS}' has {len(listed)} entries; at most {MOST_INPUTS} are taken",
            param=_REQUESTS,
        )
    entries = [_of_batch(Camel.of(raw, path), model) for raw, path in listed]
    return _request(model, entries, dict(fields.rest()), single=False)


def _request(
    model: str, entries: Sequence[_Entry], extra: Mapping[str, Raw], *, single: bool
) -> EmbeddingRequest:
    sizes = [entry.size for entry in entries]
    if other := next((at for at, size in enumerate(sizes) if size != sizes[0]), 0):
        path = f"{_REQUESTS}[{other}].{_SIZE}"
        raise Malformed(
            f"'{path}' differs from the first one's: the vectors of a batch have one length",
            param=path,
        )
    return EmbeddingRequest(
        model=model,
        inputs=tuple(entry.text for entry in entries),
        origin=NAME,
        dimensions=sizes[0],
        single=single,
        asides=tuple(entry.aside for entry in entries),
        extra=extra,
    )


def _of_batch(fields: Camel, model: str) -> _Entry:
    """Google refuses a batch that names two models, too."""
    named = fields.get("model", STR)
    if named is not None and named != model and not f"/{named}".endswith(f"/models/{model}"):
        path = fields.at("model")
        raise Malformed(f"'{path}' is another model than the path's", param=path)
    return _entry(fields)


def _entry(fields: Camel) -> _Entry:
    own = dict(fields.rest())
    for name, raw in own.items():
        _check(raw, fields.at(name))
    content = fields.inner(_CONTENT)
    if content is None:
        what = f"'{fields.at(_CONTENT)}'" if fields.path else f"'{_CONTENT}' or '{_REQUESTS}'"
        raise Malformed(f"missing required parameter: {what}", param=fields.at(_CONTENT))
    config = fields.inner(_CONFIG) or Camel({}, "")
    text, lost = _text(content)
    size, inner_size = fields.get(_SIZE, _LENGTH), config.get(_SIZE, _LENGTH)
    task, inner_task = fields.get(_TASK, STR), config.get(_TASK, STR)
    lost += [Note(name, _NOWHERE) for name in (*fields.rest(), *config.rest())]
    aside = Aside(task=inner_task or task or "", own=own, lost=tuple(lost))
    return _Entry(text, size if inner_size is None else inner_size, aside)


def _text(content: Camel) -> tuple[str, list[Note]]:
    """
    One vector for all texts of a content, as Google gives, which takes them one after the other
    (googleapis/python-genai, issue 2523, seen 2026-11-21).
    """
    path = content.at("parts")
    parts = [Camel.of(raw, at) for raw, at in content.entries("parts")]
    texts = [_of_part(part) for part in parts]
    if not any(texts):
        raise Malformed(f"'{path}' must hold a text that is not empty", param=path)
    content.raw("role")  # of a conversation: it changes no vector
    lost = [Note(f"{_CONTENT}.parts", _JOINED)] if len(texts) > 1 else []
    lost += [Note(f"{_CONTENT}.{name}", _NOWHERE) for name in _left(content, *parts)]
    return "\n".join(texts), lost


def _left(*objects: Camel) -> Iterator[str]:
    for one in objects:
        yield from one.rest()


def _of_part(part: Camel) -> str:
    text = part.get("text", STR)
    if text is None:
        raise Malformed(f"'{part.path}' is no text: only texts are embedded here", param=part.path)
    return text


def _check(raw: Raw, path: str) -> None:
    """It may be passed on as it is. Raises Malformed."""
    try:
        bytes(raw).decode()
    except UnicodeDecodeError:
        raise Malformed(f"invalid '{path}': it is not UTF-8", param=path) from None
