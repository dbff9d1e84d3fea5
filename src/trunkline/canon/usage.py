"""What an answer consumed, in classes that never overlap."""

from msgspec import Struct


class Usage(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """
    Token counts in disjoint classes: every token is in exactly one of them. And whose prices hold.

    `input` excludes cached and audio tokens, `output` excludes reasoning and audio.
    Dialects that report totals (OpenAI's prompt_tokens includes cached_tokens) are
    split on the way in and summed again on the way out.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    """Written to a prompt cache with the provider's usual lifetime (5 minutes at Anthropic)."""
    cache_write_1h: int = 0
    """Written to a prompt cache with the long lifetime, which has a price of its own."""
    output: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0
    tier: str = ""
    """The service tier that the provider says it served, in its own word; empty: it does not say."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input=self.input + other.input,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            cache_write_1h=self.cache_write_1h + other.cache_write_1h,
            output=self.output + other.output,
            reasoning=self.reasoning + other.reasoning,
            audio_input=self.audio_input + other.audio_input,
            audio_output=self.audio_output + other.audio_output,
        )

    @property
    def total_input(self) -> int:
        """Everything the model read, cached or not."""
        return (
            self.input + self.cache_read + self.cache_write + self.cache_write_1h + self.audio_input
        )

    @property
    def total_output(self) -> int:
        """Everything the model wrote, reasoning included."""
        return self.output + self.reasoning + self.audio_output

    @property
    def total(self) -> int:
        return self.total_input + self.total_output


class UsageBound(Struct, frozen=True, gc=False):
    """What an answer's usage will not exceed, as far as the request tells."""

    read: int
    """Tokens of all input classes."""
    written: int
    """Tokens of all output classes."""
    audio: bool = True
    """Some may be audio tokens, which have prices of their own."""
    long_cache: bool = True
    """Some may be written to a cache that holds for an hour."""
