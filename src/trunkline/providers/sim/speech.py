"""A dialect as the simulator needs it: how to read a request, what to refuse, how to answer."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from trunkline.providers.sim.ask import Ask, Rejected
from trunkline.providers.sim.beats import Voice
from trunkline.providers.sim.chat_body import check_chat
from trunkline.providers.sim.completions import (
    CompletionsVoice,
    check_completions,
    read_completions,
    unknown_completions,
)
from trunkline.providers.sim.embeddings import (
    EmbeddingsVoice,
    check_embeddings,
    read_embeddings,
    unknown_embeddings,
)
from trunkline.providers.sim.gemini_body import check_gemini
from trunkline.providers.sim.gemini_embeddings import (
    GeminiEmbeddingsVoice,
    check_gemini_embeddings,
    placed_embedding,
    read_gemini_embeddings,
    unknown_gemini_embeddings,
)
from trunkline.providers.sim.messages_body import check_messages
from trunkline.providers.sim.read_chat import read_chat, unknown_chat
from trunkline.providers.sim.read_converse import check_converse, placed, read_converse
from trunkline.providers.sim.read_gemini import (
    placed_gemini,
    read_gemini,
    read_gemini_count,
    unknown_gemini,
)
from trunkline.providers.sim.read_messages import read_messages, unknown_messages
from trunkline.providers.sim.read_responses import read_responses, unknown_responses
from trunkline.providers.sim.responses_body import check_responses
from trunkline.providers.sim.write_chat import ChatVoice
from trunkline.providers.sim.write_converse import ConverseVoice
from trunkline.providers.sim.write_gemini import GeminiVoice
from trunkline.providers.sim.write_messages import MessagesVoice
from trunkline.providers.sim.write_responses import ResponsesVoice

Obey = Callable[[], None]
"""Raises Rejected where the request breaks a rule of the API."""


class Speech(Struct, frozen=True):
    voice: Voice
    read: Callable[[bytes], tuple[Ask, Obey]]
    """What a body asks for, and its rules, to be checked when it is time."""
    unknown: Callable[[bytes], None]
    """Raises Rejected for fields the API does not have."""
    require: Callable[[Mapping[bytes, bytes]], None]
    """Raises Rejected for headers that are missing."""
    place: Callable[[str], tuple[str, bool]] | None = None
    """The model and the wish to stream, where the path and not the body tells them."""
    counted: Callable[[int], bytes] | None = None
    """The answer where tokens are counted, and nothing else is answered."""


def _read_chat(data: bytes) -> tuple[Ask, Obey]:
    body, ask = read_chat(data)
    return ask, lambda: check_chat(body)


def _read_responses(data: bytes) -> tuple[Ask, Obey]:
    body, ask = read_responses(data)
    return ask, lambda: check_responses(body)


def _read_messages(data: bytes) -> tuple[Ask, Obey]:
    body, ask = read_messages(data)
    return ask, lambda: check_messages(body)


def _read_count(data: bytes) -> tuple[Ask, Obey]:
    body, ask = read_messages(data)
    return ask, lambda: check_messages(body, counting=True)


def _read_converse(data: bytes) -> tuple[Ask, Obey]:
    body, ask = read_converse(data)
    return ask, lambda: check_converse(body)


def _read_gemini(data: bytes) -> tuple[Ask, Obey]:
    body, ask = read_gemini(data)
    return ask, lambda: check_gemini(body)


def _read_gemini_count(data: bytes) -> tuple[Ask, Obey]:
    body, ask = read_gemini_count(data)
    return ask, lambda: check_gemini(body)


def _anything(data: bytes) -> None:
    """Nobody has recorded which fields Bedrock refuses."""


def _read_completions(data: bytes) -> tuple[Ask, Obey]:
    prompt = read_completions(data)
    return prompt, lambda: check_completions(prompt)


def _read_embeddings(data: bytes) -> tuple[Ask, Obey]:
    texts = read_embeddings(data)
    return texts, lambda: check_embeddings(texts)


def _read_gemini_embeddings(data: bytes) -> tuple[Ask, Obey]:
    texts = read_gemini_embeddings(data)
    return texts, lambda: check_gemini_embeddings(texts)


def _nothing(headers: Mapping[bytes, bytes]) -> None:
    """OpenAI's dialects need no header but the key."""


def _version(headers: Mapping[bytes, bytes]) -> None:
    if b"anthropic-version" not in headers:
        raise Rejected("anthropic-version: header is required")


CONVERSE = Speech(ConverseVoice(), _read_converse, _anything, _nothing, placed)
GEMINI = Speech(GeminiVoice(), _read_gemini, unknown_gemini, _nothing, placed_gemini)
GEMINI_COUNT = Speech(
    GeminiVoice(),
    _read_gemini_count,
    _anything,
    _nothing,
    placed_gemini,
    lambda tokens: b'{"totalTokens":%d}' % tokens,
)
GEMINI_EMBEDDINGS = Speech(
    GeminiEmbeddingsVoice(),
    _read_gemini_embeddings,
    unknown_gemini_embeddings,
    _nothing,
    placed_embedding,
)
CHAT = Speech(ChatVoice(), _read_chat, unknown_chat, _nothing)
RESPONSES = Speech(ResponsesVoice(), _read_responses, unknown_responses, _nothing)
COMPLETIONS = Speech(CompletionsVoice(), _read_completions, unknown_completions, _nothing)
EMBEDDINGS = Speech(EmbeddingsVoice(), _read_embeddings, unknown_embeddings, _nothing)
MESSAGES = Speech(MessagesVoice(), _read_messages, unknown_messages, _version)
COUNT = Speech(
    MessagesVoice(),
    _read_count,
    unknown_messages,
    _version,
    counted=lambda tokens: b'{"input_tokens":%d}' % tokens,
)
"""POST /v1/messages/count_tokens: a Messages request that is not answered."""
