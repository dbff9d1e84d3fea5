"""One routable target: provider, upstream model, and all we know of how it differs."""

from collections.abc import Mapping

from msgspec import Raw, Struct
from msgspec.structs import replace

ANY_EFFORT = ("none", "minimal", "low", "medium", "high", "xhigh")
"""Where nobody said which reasoning efforts a target knows."""


class Quirks(Struct, frozen=True, kw_only=True):
    """
    How a provider departs from its dialect, as data (providers/catalog.toml).

    Dialects read these; none of them names a provider.
    """

    drop: tuple[str, ...] = ()
    """Top-level request fields it rejects: dropped with a note."""
    routing: tuple[str, ...] = ()
    """Those by which another model than the one asked for would answer: dropped with a note, in any dialect."""
    rename: Mapping[str, str] = {}
    """Top-level request fields it calls otherwise: {"max_completion_tokens": "max_tokens"}."""
    add: Mapping[str, Raw] = {}
    """Top-level request fields it needs when the client did not send them."""
    system_role: str = "system"
    """What to call a developer message where "developer" is unknown; "developer" keeps both as they are."""
    reasoning_field: str = "reasoning_content"
    """Where an OpenAI-like answer and history carry thinking: "reasoning_content", "reasoning", "content" (Mistral's list)."""
    replay_reasoning: bool = False
    """History must carry the reasoning of assistant turns with tool calls (DeepSeek)."""
    tool_id: str = ""
    """ "" for any id, "mistral" for exactly nine letters and digits."""
    max_tool_name: int = 64
    max_stop: int = 4
    stream_usage: bool = True
    """Understands stream_options.include_usage."""
    schema_output: bool = True
    """Takes json_schema as output format; else json_object with the schema in a system message."""
    reasoning_model: bool = False
    """OpenAI's o-series and gpt-5: max_completion_tokens only, no temperature, top_p, penalties or stop."""
    max_temperature: float = 2.0
    mid_system: bool = True
    """Takes system messages after the first turn; else they become user text in place."""
    tool_images: bool = False
    """Takes images inside a tool's result."""
    think_tags: bool = False
    """Writes <think>...</think> into its text: to be parsed into reasoning."""
    efforts: tuple[str, ...] = ANY_EFFORT
    """Values of reasoning_effort it takes; the nearest stands in for another. Empty: has no such field."""
    custom_tools: bool = False
    """An OpenAI-like upstream that takes custom tools, and a choice among several (`allowed_tools`)."""
    cache_marks: bool = False
    """Takes marks of where to cache: OpenRouter Anthropic's cache_control, Bedrock's models cache points."""
    document_url: str = ""
    """How an OpenAI-like upstream takes a document by URL: "file_data" or "document_url" (Mistral); "" not."""
    flat_text: bool = False
    """An OpenAI-like upstream that takes content of text alone as a string only."""
    counts: tuple[str, ...] = ()
    """Dialects of which it has the endpoint that counts a request's tokens."""
    thought_signatures: bool = False
    """Wants Gemini's thought signatures back; an OpenAI-like one in tool_calls[].extra_content."""
    thinking_budget: tuple[int, int] | None = None
    """A Gemini whose thinking is told in tokens, not in `efforts`: (least, most); least 0 is off."""


class Embeds(Struct, frozen=True, kw_only=True):
    """How a target turns texts into vectors, as data (providers/catalog.toml)."""

    dialect: str = "openai-embeddings"
    max_inputs: int = 2048
    """Of one request to it; more are spread over several."""
    max_tokens: int = 300_000
    """Of all inputs of one request together."""
    tokens: bool = False
    """Takes inputs as token numbers, too."""
    base64: bool = False
    """Takes encoding_format "base64"."""
    dimensions: str = "dimensions"
    """What it calls the length that vectors shall have; "" where it knows one length only."""
    drop: tuple[str, ...] = ()
    """Top-level request fields it rejects: dropped with a note."""
    add: Mapping[str, Raw] = {}
    """Top-level request fields it needs when the client did not send them."""


class Deployment(Struct, frozen=True, kw_only=True):
    id: str
    """ "provider/model", unique; breaker, metrics and the ledger know it by this."""
    provider: str
    model: str
    """The upstream's name for it."""
    dialect: str
    """The wire dialect the provider speaks for it, by registry name."""
    also: tuple[str, ...] = ()
    """Dialects it speaks besides: a client of one of these is served without translation."""
    quirks: Quirks = Quirks()
    embeds: Embeds | None = None
    """None: it has no vectors."""
    weight: int = 1
    context_window: int | None = None
    max_output_tokens: int | None = None
    price_model: str | None = None
    """The catalogue row that prices it; None: no price known."""
    connect_timeout: float = 10.0
    first_content_timeout: float = 60.0
    """Seconds until the first content; a target that says nothing by then is given up."""
    answer_timeout: float = 600.0
    """Seconds a whole (not streamed) answer may take: its first content is its last."""
    idle_timeout: float = 60.0
    """Seconds between events once content has come."""

    def embedding(self) -> "Deployment":
        """The same target, asked for vectors: only for one that `embeds`."""
        dialect = self.dialect if self.embeds is None else self.embeds.dialect
        quirks = Quirks(routing=self.quirks.routing)
        return replace(self, dialect=dialect, also=(), quirks=quirks)

    def speaking(self, dialect: str) -> "Deployment":
        """
        The same target, asked in `dialect` where it speaks that.

        Quirks that name fields are in the words of its main dialect and stay with it.
        """
        if dialect == self.dialect or dialect not in self.also:
            return self
        return replace(
            self, dialect=dialect, quirks=replace(self.quirks, drop=(), rename={}, add={})
        )
