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
# Beginnings of the names that such parts and tools have. Looked for one by one: for a page of JSON
# that takes a microsecond, where the expression takes thirty (measured 2026-11-21).
_TRACES = (
    b'"image',
    b'"input_image',
    b'"input_file',
    b'"input_audio',
    b'"file',
    b'"document',
    b'"inline',
    b'"web_',
    b'"code_',
    b'"google',
    b'"mcp',
)
_MEDIA = re.compile(rb"(?<!\\)(?:%b)" % b"|".join(_TRACES))

_NUMBER = json.Decoder(int)
_LIST = json.Decoder(list[Raw])
_MAP = json.Decoder(dict[str, Raw])


class Need(Struct, frozen=True, gc=False):
    """Tokens."""

    read: int
    """At most."""
    written: int | None
    """At most; None where the client sets no bound."""
    audio: bool
    """Some of it may be sound."""
    long_cache: bool
    """Some of it may be written to a cache that holds for an hour."""


def need(body: bytes, envelope: Mapping[str, Raw], deployment: Deployment, *, writes: bool) -> Need:
    """What a request takes from this deployment at most. `writes`: False for vectors."""
    window = deployment.context_window or _WINDOW
    read = window if _brings_more(body) else len(body) + HIDDEN
    written = _written(envelope) if writes else 0
    if written is not None and deployment.max_output_tokens is not None:
        written = min(written, deployment.max_output_tokens * _choices(envelope))
    return Need(
        min(read, max(window, HIDDEN)), written, audio=b"audio" in body, long_cache=b'"1h"' in body
    )


def _brings_more(body: bytes) -> bool:
    """Whether something is read that its bytes do not bound. In a text, a quote is escaped."""
    for trace in _TRACES:  # noqa: SIM110 - any() takes twice as long
        if trace in body and _MEDIA.search(body):
            return True
    return False


def _written(envelope: Mapping[str, Raw]) -> int | None:
    for name in _OUTPUT:
        if name in envelope:
            most = _number(envelope[name])
            if most is not None:
                return most * _choices(envelope)
    config = envelope.get("generationConfig")
    if config is None:
        return None
    try:
        fields = _MAP.decode(config)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return None  # refused when it is read as a whole
    most = _number(fields.get("maxOutputTokens"))
    return None if most is None else most * (_number(fields.get("candidateCount")) or 1)


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


def _number(raw: Raw | None) -> int | None:
    """None for what is no positive whole number: somebody else refuses that."""
    if raw is None:
        return None
    try:
        number = _NUMBER.decode(raw)
    except (MsgspecError, UnicodeDecodeError):
        return None
    return number if number > 0 else None
