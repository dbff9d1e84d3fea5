"""What a client asks for, in the terms every dialect shares."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Raw, Struct

from trunkline.canon.content import CacheMark, Message


class Tool(Struct, frozen=True, gc=False, kw_only=True):
    name: str
    description: str | None = None
    parameters: Raw | None = None
    """A JSON schema, kept to the byte so that prompt caches still match."""
    strict: bool | None = None
    kind: str = "function"
    """ "function", "custom" (free text in, `raw` holds its definition), "builtin" (`raw` too)."""
    raw: Raw | None = None
    """The definition as its own dialect wrote it, where we do not understand all of it."""
    origin: str = ""
    """The dialect that wrote `raw`."""
    cache: CacheMark | None = None


class ChoiceMode(Enum):
    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    ONE = "one"
    """Exactly the tool in `names`."""
    SUBSET = "subset"
    """Any of `names`, at the model's will."""
    SUBSET_REQUIRED = "subset_required"
    """One at least of `names`."""


class ToolChoice(Struct, frozen=True, gc=False):
    mode: ChoiceMode
    names: tuple[str, ...] = ()


class Thinking(Struct, frozen=True, gc=False, kw_only=True):
    """How much the model is asked to reason. All None: the client said nothing."""

    mode: str | None = None
    """ "enabled", "adaptive" or "disabled"."""
    budget_tokens: int | None = None
    effort: str | None = None
    """ "none", "minimal", "low", "medium", "high", "xhigh" or "max"."""
    display: str | None = None
    """ "summarized" or "omitted"; an OpenAI `summary` of auto, concise or detailed."""
    native: Mapping[str, Raw] = {}
    """The request's own fields that say so beyond its dialect's standard (OpenRouter's `reasoning`)."""


class OutputFormat(Struct, frozen=True, gc=False, kw_only=True):
    kind: str
    """ "text", "json_object", "json_schema" or "enum": one word, bare, of those in the schema's `enum`."""
    schema: Raw | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
    native: Mapping[str, Raw] = {}
    """The request's own fields that say the same in a form of its dialect's own (Google's schemas)."""


class ChatRequest(Struct, frozen=True, gc=False, kw_only=True):
    """
    A conversation to be continued.

    System prompts are messages and stay where they stand. None always means that the
    client did not say; a default is the encoder's business.
    """

    model: str
    messages: tuple[Message, ...]
    origin: str
    """The dialect the request arrived in: `extra` and Opaque parts belong to it."""
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: Raw | None = None
    thinking: Thinking | None = None
    output_format: OutputFormat | None = None
    verbosity: str | None = None
    user: str | None = None
    """The client's own end user, for abuse reports; at Anthropic metadata.user_id."""
    metadata: Raw | None = None
    """OpenAI's map of strings kept with a stored answer."""
    service_tier: str | None = None
    stream: bool = False
    include_usage: bool = False
    """The client asked for a usage chunk in the stream (OpenAI's stream_options)."""
    extra: Mapping[str, Raw] = {}
    """Top-level fields we do not know, in the order they came."""
    needs: Mapping[str, str] = {}
    """Those of them that the answer would miss its point without, and why another dialect cannot have them."""
    echo: Mapping[str, Raw] = {}
    """What the answers of its own dialect repeat of the request, as they shall say it (Responses)."""


Request = ChatRequest
