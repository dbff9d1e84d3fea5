"""
How much a request may take at most, read from its body without translating it: what is reserved.

Of text, no token is shorter than a byte. Pictures, documents and what a provider looks up by itself
are known by their place in the body alone: there the model's window is the bound.
"""

import re
from collections.abc import Mapping

from msgspec import MsgspecError, Raw, Struct, json

from trunkline.canon.deployment import Deployment

# How each dialect calls the most that may be written, all choices apart.
_OUTPUT = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_CHOICES = ("n", "best_of")
# What providers put in front of a request themselves (Anthropic's tool-use prompt has 346 tokens
# with most models: platform.claude.com, "Tool use pricing", seen 2026-11-21), with room.
HIDDEN = 2048
# A window that nobody has told us of.
_WINDOW = 1 << 20
# Parts and tools by their type, as OpenAI and Anthropic say it, or by their name, as Google does; what
# may be sound; a cache that holds for an hour. An expression that begins with a letter is quick to
# search with: with a look behind it this would take ten times as long (measured 2026-11-21).
_TRACE = re.compile(
    rb'"(?:type"\s*:\s*"(?:(input_audio)"|'
    rb"(image|input_image|file|input_file|document|web_|code_|file_search|mcp|computer))"
    rb"|(inline_?[dD]ata|file_?[dD]ata|google_?[sS]earch|code_?[eE]xecution|url_?[cC]ontext"
    rb'|web_search_options)"'
    rb'|(modalities"|response_?[mM]odalities"|mime_?[tT]ype"\s*:\s*"audio)|ttl"\s*:\s*"1h")'
)
_BACKSLASH = ord("\\")

_NUMBER = json.Decoder(int)
_LIST = json.Decoder(list[Raw])
_MAP = json.Decoder(dict[str, Raw])


class Demand(Struct, frozen=True, gc=False):
    """What the body tells. Tokens."""

    read: int | None
    """At most; None: it may fill the model's window."""
    written: int | None
    """At most, all answers together; None where the client sets no bound."""
    answers: int = 1
    audio: bool = False
    """Some of it may be sound."""
    long_cache: bool = False
    """Some of it may be written to a cache that holds for an hour."""

    def reading(self, deployment: Deployment) -> int:
        """At most, of this deployment."""
        window = deployment.context_window or _WINDOW
        if self.read is None:
            return window
        return self.read if self.read < window else max(window, HIDDEN)

    def writing(self, deployment: Deployment) -> int | None:
        """At most, of this deployment; None: nobody says."""
        most, written = deployment.max_output_tokens, self.written
        if written is None or most is None:
            return written
        return min(written, most * self.answers)


def demand(body: bytes, envelope: Mapping[str, Raw], *, writes: bool) -> Demand:
    """What a request takes at most. `writes`: False for vectors."""
    read: int | None = len(body) + HIDDEN
    audio = long_cache = False
    for trace in _TRACE.finditer(body):
        if body[trace.start() - 1] == _BACKSLASH:
            continue  # within a text
        sound, part, named, spoken = trace.groups()
        if sound or part or named:
            read = None
        elif not spoken:
            long_cache = True
        audio = audio or bool(sound or spoken)
    if not writes:
        return Demand(read, 0, 1, audio, long_cache)
    answers = _choices(envelope)
    each = _written(envelope)
    if each is None and "generationConfig" in envelope:
        each, answers = _generated(envelope["generationConfig"])
    return Demand(read, None if each is None else each * answers, answers, audio, long_cache)


def _written(envelope: Mapping[str, Raw]) -> int | None:
    """Of each answer."""
    for name in _OUTPUT:
        if name in envelope:
            most = _number(envelope[name])
            if most is not None:
                return most
    return None


def _generated(config: Raw) -> tuple[int | None, int]:
    """As Gemini's clients say it: how long, how many."""
    try:
        fields = _MAP.decode(config)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return None, 1  # refused when it is read as a whole
    most, many = fields.get("maxOutputTokens"), fields.get("candidateCount")
    answers = None if many is None else _number(many)
    return None if most is None else _number(most), answers or 1


def _choices(envelope: Mapping[str, Raw]) -> int:
    choices = 1
    for name in _CHOICES:
        if name in envelope:
            choices = max(choices, _number(envelope[name]) or 1)
    return choices * _prompts(envelope["prompt"]) if "prompt" in envelope else choices


def _prompts(raw: Raw) -> int:
    """A legacy completion may have several, each with its answers; a list of numbers is one."""
    try:
        prompts = _LIST.decode(raw)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return 1
    return len(prompts) if prompts and bytes(prompts[0])[:1] in (b'"', b"[") else 1


def _number(raw: Raw) -> int | None:
    """None for what is no positive whole number: somebody else refuses that."""
    try:
        number = _NUMBER.decode(raw)
    except (MsgspecError, UnicodeDecodeError):
        return None
    return number if number > 0 else None
