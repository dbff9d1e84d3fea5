"""Tokens of a text, of a request, of an answer: counted here, for whoever was not told."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Protocol

from msgspec import Struct

from trunkline.canon.content import (
    Audio,
    Document,
    Image,
    Inline,
    Opaque,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.canon.request import ChatRequest, Tool
from trunkline.intelligence.tokens.schemes import Scheme, scheme_for
from trunkline.intelligence.tokens.vocabulary import Vocabularies, Vocabulary

_BYTES_PER_TOKEN = 4
"""The rule of thumb until a vocabulary is there: help.openai.com, "What are tokens"."""
_AUDIO_BYTES_PER_TOKEN = 1600
"""Ten tokens a second (platform.openai.com, Audio) of 128 kbit/s."""
_DOCUMENT_BYTES_PER_TOKEN = 25
"""A page of a PDF is some 50 KB and 2,000 tokens of text and picture (platform.claude.com, PDF)."""
_REMOTE_DOCUMENT = 4000
"""A document we see only the address of: two pages."""


class Counter(Protocol):
    """Counts tokens the way a model would."""

    def count(self, model: str, text: str) -> int: ...
    def count_request(self, request: ChatRequest, model: str | None = None) -> int: ...


class Material(Struct, frozen=True):
    """What of a request takes tokens: texts to count, and a number for what is no text."""

    texts: tuple[str, ...]
    flat: int


class TokenCounter:
    """
    Counts without ever failing or asking a network.

    The sync methods are exact once `load` has been awaited for the model, and a bytes/4
    estimate before. They take 0.3 ms per KB: long texts go through the async ones, which
    load by themselves and let the loop go on in between.
    """

    __slots__ = ("_vocabularies",)

    def __init__(self, vocabularies: Vocabularies | None = None) -> None:
        self._vocabularies = vocabularies or Vocabularies()

    async def load(self, model: str) -> None:
        """Have the model's vocabulary at hand; 0.2 s once, during which the loop goes on."""
        await self._vocabularies.load(scheme_for(model).vocabulary)

    def loaded(self, model: str) -> bool:
        return self._vocabularies.get(scheme_for(model).vocabulary) is not None

    def count(self, model: str, text: str) -> int:
        """Tokens of a text by itself."""
        scheme = scheme_for(model)
        bpe = self._vocabularies.get(scheme.vocabulary)
        if bpe is None:
            return _rough(text)
        return _scaled(bpe.count(text), scheme)

    def count_request(self, request: ChatRequest, model: str | None = None) -> int:
        """
        Input tokens of a request, with what stands around messages and tools.

        Images count flat, see `Scheme`; `model` is the upstream's name where it is not the
        request's own.
        """
        name = model or request.model
        material = material_of(request, scheme_for(name))
        return material.flat + self.count(name, "\n".join(material.texts))

    async def count_long(self, model: str, texts: Iterable[str]) -> int:
        """Tokens of texts put together, loading first and giving way every millisecond."""
        scheme = scheme_for(model)
        bpe = await self._vocabularies.load(scheme.vocabulary)
        total = 0
        for step in bpe.steps("".join(texts)):
            total += step
            await asyncio.sleep(0)
        return _scaled(total, scheme)

    async def count_long_request(self, request: ChatRequest, model: str | None = None) -> int:
        """`count_request`, loading first and giving way every millisecond."""
        name = model or request.model
        material = material_of(request, scheme_for(name))
        return material.flat + await self.count_long(name, ("\n".join(material.texts),))

    async def text(self, model: str, tokens: Sequence[int]) -> str | None:
        """
        What these tokens of the model say, loading first.

        None where its vocabulary is not cl100k, the one of the models that are asked with tokens.
        """
        vocabulary = scheme_for(model).vocabulary
        if vocabulary is not Vocabulary.CL100K:
            return None
        return (await self._vocabularies.load(vocabulary)).text(tokens)

    def __repr__(self) -> str:
        return f"<TokenCounter {self._vocabularies!r}>"


def material_of(request: ChatRequest, scheme: Scheme) -> Material:
    """Texts in order, so that they may be counted as one, and everything else as a number."""
    texts: list[str] = []
    flat = scheme.request + (scheme.tools if request.tools else 0)
    for tool in request.tools:
        flat += scheme.tool
        texts.extend(_tool_texts(tool))
    for message in request.messages:
        flat += scheme.message
        for part in message.parts:
            texts.extend(_part_texts(part))
            flat += _flat(part, scheme)
    if request.output_format is not None and request.output_format.schema is not None:
        texts.append(_text(bytes(request.output_format.schema)))
    return Material(tuple(texts), flat)


def _tool_texts(tool: Tool) -> Iterator[str]:
    yield tool.name
    if tool.description:
        yield tool.description
    definition = tool.parameters if tool.parameters is not None else tool.raw
    if definition is not None:
        yield _text(bytes(definition))


def _part_texts(part: Part) -> Iterator[str]:
    match part:
        case Text() | Refusal():
            yield part.text
        case ToolCall():
            yield part.name
            yield part.arguments
        case ToolResult():
            for inner in part.parts:
                yield from _part_texts(inner)
        case Document(source=PlainText(text=text)):
            yield text
        case Opaque():
            yield _text(bytes(part.raw))
        case Reasoning() | Image() | Document() | Audio():
            pass  # thinking of earlier turns is left out by the providers, and not charged


def _flat(part: Part, scheme: Scheme) -> int:
    match part:
        case Image():
            return scheme.small_image if part.detail == "low" else scheme.image
        case Audio():
            return _bytes_of(part.data) // _AUDIO_BYTES_PER_TOKEN
        case Document(source=PlainText()):
            return 0
        case Document(source=Inline(data=data)):
            return _bytes_of(data) // _DOCUMENT_BYTES_PER_TOKEN
        case Document():
            return _REMOTE_DOCUMENT
        case ToolCall():
            return scheme.call
        case ToolResult():
            return scheme.call + sum(_flat(inner, scheme) for inner in part.parts)
        case _:
            return 0


def _bytes_of(base64: str) -> int:
    return len(base64) * 3 // 4


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _rough(text: str) -> int:
    return ceil(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)


def _scaled(tokens: int, scheme: Scheme) -> int:
    return ceil(tokens * scheme.factor)
