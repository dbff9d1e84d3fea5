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
_GEMINI, _MESSAGES, _RESPONSES = "gemini", "anthropic-messages", "openai-responses"
_CHOICES = ("n", "best_of")
_MOST_CHOICES = 128
"""Of any provider: OpenAI's (its API's description, seen 2026-11-22)."""
# What providers put in front of a request themselves (Anthropic's tool-use prompt has 346 tokens
# with most models: platform.claude.com, "Tool use pricing", seen 2026-11-21), with room.
HIDDEN = 2048
# A window that nobody has told us of.
_WINDOW = 1 << 20
# More than anybody pays for, and less than counters hold.
_ENDLESS = 1 << 32
# As some read them: 30.0 is whole, and protobuf's JSON has numbers as texts ("30").
_NUMBER = json.Decoder(int, strict=False)
_NULL = b"null"
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
    if dialect == _RESPONSES and bytes(envelope.get("prompt", _NULL)) != _NULL:
        read = None  # one that the provider keeps
    if not writes:
        return Demand(read, 0, 1, audio, long_cache)
    if dialect == _GEMINI:
        each, answers = _generated(envelope)
    else:
        least = 0 if dialect == _MESSAGES else 1  # 0 fills its cache, and writes nothing
        each, answers = _largest(envelope, _OUTPUT.get(dialect, ()), least), _choices(envelope)
    written = None if each is None else min(each * answers, _ENDLESS)
    if written is not None and "prediction" in envelope:
        written += len(
            memoryview(envelope["prediction"])
        )  # what of it is wrong is billed as written
    return Demand(read, written, answers, audio, long_cache)


def _largest(fields: Mapping[str, Raw], names: Sequence[str], least: int = 1) -> int | None:
    """Whoever answers reads one of them, and may read any."""
    found = [_number(fields[name], _WINDOW, least) for name in names if name in fields]
    return max((number for number in found if number is not None), default=None)


def _generated(envelope: Mapping[str, Raw]) -> tuple[int | None, int]:
    """As Gemini's clients say it, in either spelling: how long each answer, how many."""
    found = [
        _configured(envelope[name])
        for name in ("generationConfig", "generation_config")
        if name in envelope and bytes(envelope[name]) != _NULL
    ]
    most = max((most for most, _ in found if most is not None), default=None)
    return most, max((many for _, many in found), default=1)


def _configured(raw: Raw) -> tuple[int | None, int]:
    try:
        fields = _MAP.decode(raw)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return _WINDOW, 1  # whoever reads that may read anything
    most = _largest(fields, ("maxOutputTokens", "max_output_tokens"))
    return most, _most_choices(fields, ("candidateCount", "candidate_count"))


def _choices(envelope: Mapping[str, Raw]) -> int:
    choices = _most_choices(envelope, _CHOICES)
    return choices * _prompts(envelope["prompt"]) if "prompt" in envelope else choices


def _most_choices(fields: Mapping[str, Raw], names: Sequence[str]) -> int:
    choices = 1
    for name in names:
        if name in fields:
            choices = max(choices, _number(fields[name], _MOST_CHOICES, 1) or 1)
    return choices


def _prompts(raw: Raw) -> int:
    """A legacy completion may have several, each with its answers; a list of numbers is one."""
    try:
        prompts = _LIST.decode(raw)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return 1
    return len(prompts) if prompts and bytes(prompts[0])[:1] in (b'"', b"[") else 1


def _number(raw: Raw, unread: int, least: int) -> int | None:
    """None for null, which is as good as nothing; `unread` for what is no such number to us."""
    if bytes(raw) == _NULL:
        return None
    try:
        number = _NUMBER.decode(raw)
    except (MsgspecError, UnicodeDecodeError):
        return unread
    return number if least <= number else unread
