"""What a request asks for, in the few terms the simulator needs, whatever dialect it came in."""

from collections.abc import Mapping

from msgspec import Raw, Struct, json


class Rejected(Exception):
    """A request the real provider would refuse; rendered in the request's own dialect."""

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code


class Tool(Struct, frozen=True):
    name: str
    schema: object
    """A JSON schema as plain values; None: it takes no arguments."""


class Said(Struct, frozen=True):
    """A message of the conversation, or a part of one."""

    role: str
    """ "user", "assistant" or whatever else the dialect has; a tool's result is neither of the two."""
    text: str = ""
    """Only a user's is of interest."""


class Ask(Struct, kw_only=True):
    """One request, understood."""

    model: str
    """As sent, with its options."""
    stream: bool = False
    prompt: str = ""
    """The text of the last user message: what answers are derived from."""
    input_tokens: int = 0
    tools: tuple[Tool, ...] = ()
    choice: str = "auto"
    """ "auto", "none", "required" or "one"."""
    named: tuple[str, ...] = ()
    """The tools that `choice` allows; empty: all."""
    parallel: bool | None = None
    results: tuple[str, ...] = ()
    """Texts of the tool results that stand behind the last assistant turn."""
    history: tuple[Said, ...] = ()
    images: tuple[str, ...] = ()
    """A media type or URL for each image or document."""
    limit: int | None = None
    """Most output tokens."""
    stops: tuple[str, ...] = ()
    n: int = 1
    logprobs: int | None = None
    """How many alternatives per token; None: no logprobs."""
    wants_json: bool = False
    schema: object = None
    include_usage: bool = False
    obfuscate: bool = True
    thinking: str = "default"
    """ "default", "on", "off" or "omitted" (thought, but not shown)."""
    custom: frozenset[str] = frozenset()
    """The tools that take a text instead of JSON."""
    sealed: bool = False
    """Reasoning is wanted encrypted, too."""
    echo: Mapping[str, bytes] = {}
    """What an answer repeats of its request: JSON by field."""


def count(text: str) -> int:
    """The simulator's tokenizer: a token is four characters, and the rest of a text is one more."""
    return (len(text) + 3) // 4


MESSAGE_TOKENS = 3
"""Each message costs so many beyond its text."""
IMAGE_TOKENS = 85
"""Each image or document: OpenAI's price of a low-detail image (platform.openai.com, 2026-11-21)."""


def plain(raw: Raw) -> object:
    """The value of a field that was kept as JSON; None when it is absent or null."""
    return json.decode(raw) if raw else None


def pieces(text: str, tokens: int) -> list[str]:
    """`text` cut into pieces of so many tokens."""
    step = max(1, tokens) * 4
    return [text[at : at + step] for at in range(0, len(text), step)]
