"""The shape of the catalogue's data: models, what they can do, and what they cost since when."""

from collections.abc import Mapping

from msgspec import Struct


class Rates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    Dollars per million tokens, as decimal strings, for each class of canon.usage.Usage.

    None is not zero: see `trunkline.catalog.price` for what a missing class costs.
    """

    input: str | None = None
    cache_read: str | None = None
    cache_write: str | None = None
    cache_write_1h: str | None = None
    output: str | None = None
    reasoning: str | None = None
    audio_input: str | None = None
    audio_output: str | None = None


class Tier(Rates, frozen=True, kw_only=True):
    """Rates for the whole request once its input is longer than `above` tokens."""

    above: int


class Window(Rates, frozen=True, kw_only=True):
    """Rates and when they hold. Of several that hold, the last in the list counts."""

    since: str | None = None
    """First day, "2026-03-13" in UTC; None: always."""
    daily: tuple[str, str] | None = None
    """Only between these times of day in UTC, "HH:MM", the second excluded; may pass midnight."""
    service: str | None = None
    """The service tier these rates belong to ("flex", "priority"); None: the usual one."""
    request: str | None = None
    """Dollars for each request, besides its tokens."""
    tiers: tuple[Tier, ...] = ()
    """In ascending order of `above`."""


class ModelRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model at one provider."""

    provider: str
    id: str
    """The provider's own name for it."""
    name: str = ""
    """For people."""
    creator: str = ""
    """Who trained it: "openai", "meta". Empty when unknown."""
    created: str | None = None
    """Day of release, "2024-05-13"."""
    kind: str = "chat"
    """ "chat", "completion", "embedding", "image", "audio", "moderation" or "other"."""
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[str, ...] = ()
    """Of "vision", "tools", "reasoning", "json_schema", "audio": those known; absent means not known."""
    aliases: tuple[str, ...] = ()
    """Other names the provider accepts as they are."""
    nicknames: tuple[str, ...] = ()
    """Names people use that the provider does not know: replaced by `upstream`."""
    prefixes: tuple[str, ...] = ()
    """Longer names that begin like this are this model, too."""
    upstream: str = ""
    """What to call it for a nickname; empty: `id`."""
    deprecated: bool = False
    prices: tuple[Window, ...] = ()
    """Empty when no price per token is known."""

    @property
    def key(self) -> str:
        """Provider and id, "openai/gpt-4o": unique, and what `Catalog.price` takes besides a row."""
        return f"{self.provider}/{self.id}"


class CatalogData(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file `models.json`."""

    version: str
    """The day its facts were last looked at, "2026-11-21"; the first part of every price version."""
    source: str
    fallbacks: Mapping[str, tuple[str, ...]]
    """Providers that sell other providers' models at their prices: azure -> openai, ..."""
    openrouter: Mapping[str, tuple[str, ...]]
    """OpenRouter names whose direct counterpart has quite another name: keys of rows, best first."""
    models: tuple[ModelRow, ...]
