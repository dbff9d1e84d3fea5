"""
How much a request may take at most, read from its body without translating it: what is reserved.

Of text, no token is shorter than a byte. Pictures, documents and what a provider looks up by itself
are known by their place in the body alone: there the model's window is the bound.
"""

from collections.abc import Mapping, Sequence

from msgspec import MsgspecError, Raw, Struct, json

from trunkline.canon.deployment import Deployment
from trunkline.tenancy.traces import traces_in

# How each dialect calls the most that may be written, all choices apart. What one does not know is no
# bound: nobody reads it.
_OUTPUT: Mapping[str, tuple[str, ...]] = {
    "openai-chat": ("max_completion_tokens", "max_tokens"),
    "openai-completions": ("max_tokens",),
    "openai-responses": ("max_output_tokens",),
    "anthropic-messages": ("max_tokens",),
}
_GEMINI = "gemini"
_CHOICES = ("n", "best_of")
# What providers put in front of a request themselves (Anthropic's tool-use prompt has 346 tokens
# with most models: platform.claude.com, "Tool use pricing", seen 2026-11-21), with room.
HIDDEN = 2048
# A window that nobody has told us of.
_WINDOW = 1 << 20
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


def demand(body: bytes, envelope: Mapping[str, Raw], dialect: str, *, writes: bool) -> Demand:
    """What a request of this dialect takes at most. `writes`: False for vectors."""
    traces = traces_in(body, envelope)
    read = None if traces.unseen else len(body) + HIDDEN
    audio, long_cache = traces.audio, traces.long_cache
    if not writes:
        return Demand(read, 0, 1, audio, long_cache)
    if dialect == _GEMINI:
        each, answers = _generated(envelope)
    else:
        each, answers = _largest(envelope, _OUTPUT.get(dialect, ())), _choices(envelope)
    return Demand(read, None if each is None else each * answers, answers, audio, long_cache)


def _largest(fields: Mapping[str, Raw], names: Sequence[str]) -> int | None:
    """Whoever answers reads one of them, and may read any."""
    found = [_number(fields[name]) for name in names if name in fields]
    return max((number for number in found if number is not None), default=None)


def _generated(envelope: Mapping[str, Raw]) -> tuple[int | None, int]:
    """As Gemini's clients say it, in either spelling: how long each answer, how many."""
    most, many = None, None
    for name in ("generationConfig", "generation_config"):
        try:
            fields = _MAP.decode(envelope[name]) if name in envelope else {}
        except (MsgspecError, UnicodeDecodeError, RecursionError):
            return None, 1  # refused when it is read as a whole
        most = _largest(fields, ("maxOutputTokens", "max_output_tokens")) or most
        many = _largest(fields, ("candidateCount", "candidate_count")) or many
    return most, many or 1


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
