"""
Legacy Completions on the wire, one shape for whole and streamed answers.

platform.openai.com/docs/api-reference/completions (seen 2026-11-21), and recorded traffic.
"""

from collections.abc import Mapping

from msgspec import UNSET, Raw, Struct, UnsetType, json

from trunkline.canon.event import FinishReason
from trunkline.canon.request import ChatRequest
from trunkline.canon.usage import Usage

NAME = "openai-completions"
DONE = b"data: [DONE]\n\n"

_FINISHES: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}


class CompletionRequest(ChatRequest, frozen=True, kw_only=True):
    """A prompt to be continued: its one message is what a model that only chats is told."""

    prompt: str
    echoes: bool = False
    """The answer begins with the prompt."""


class Choice(Struct, gc=False):
    text: str | None = None
    index: int = 0
    logprobs: Raw | UnsetType = UNSET
    finish_reason: str | None = None


class WireUsage(Struct, gc=False):
    prompt_tokens: int | float | None = None
    completion_tokens: int | float | None = None


class Piece(Struct, gc=False):
    """A whole answer, or a chunk of one."""

    id: str | None = None
    model: str | None = None
    created: int | None = None
    choices: list[Choice] | None = None
    usage: WireUsage | None = None
    error: Raw | UnsetType = UNSET


PIECE = json.Decoder(Piece)


def read_usage(usage: WireUsage | None) -> Usage | None:
    """None where nothing was told, or nothing that can be."""
    if usage is None:
        return None
    prompt, written = usage.prompt_tokens or 0, usage.completion_tokens or 0
    if not (0 <= prompt < 1 << 53 and 0 <= written < 1 << 53) or prompt + written == 0:
        return None
    return Usage(input=int(prompt), output=int(written))


def finish_reason(word: str) -> FinishReason:
    """An unknown word is a natural end."""
    return _FINISHES.get(word, FinishReason.STOP)


def finish_word(reason: FinishReason) -> str:
    return "stop" if reason is FinishReason.TOOL_CALLS else reason.value
