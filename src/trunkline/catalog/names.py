"""How models are named: dated versions, OpenRouter's spelling, and names that were nearly right."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

_SUFFIX = re.compile(
    r"""
    (?: [-@]20\d\d-?\d\d-?\d\d      # gpt-4o-mini-2024-07-18, claude-opus-4-5-20251101, ...@20251101
      | -\d\d-20\d\d                # gemini-2.5-flash-preview-09-2025
      | -preview (?: -\d\d-\d\d )?  # gemini-2.5-pro-preview-05-06
      | -\d{4}                      # ministral-8b-2410, grok-4-0709
      | -0\d\d                      # gemini-2.0-flash-001
      | [-@]latest
      | @default                    # Vertex AI
    )$""",
    re.VERBOSE,
)
"""Endings that name a version of a model, not another model."""

_SEPARATORS = "-.:@/_"

OPENROUTER_MAKERS: Mapping[str, str] = {
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "gemini",
    "mistralai": "mistral",
    "moonshotai": "moonshot",
    "openai": "openai",
    "perplexity": "perplexity",
    "qwen": "dashscope",
    "x-ai": "xai",
    "z-ai": "zai",
}
"""The first half of OpenRouter's ids, and the provider that sells those models itself."""

_SAME_PRICE = frozenset({"beta", "exacto", "floor", "nitro", "thinking"})
"""As documented by OpenRouter, Model variants. ":free" and ":batch" have prices of their own."""

_GOOGLE_OLD = re.compile(r"^gemini-(pro|flash)-(\d\.\d)(.*)$")
"""OpenRouter's gemini-pro-1.5 is Google's gemini-1.5-pro."""


def undated(name: str) -> Iterator[str]:
    """The name without its version's ending, longest first: "a-latest" -> "a"."""
    while (match := _SUFFIX.search(name)) is not None and match.start() > 0:
        name = name[: match.start()]
        yield name


def continues(name: str, prefix: str) -> bool:
    """True where `name` is `prefix` or goes on after a separator: no gpt-40 for gpt-4."""
    return name.startswith(prefix) and (
        len(name) == len(prefix) or prefix[-1] in _SEPARATORS or name[len(prefix)] in _SEPARATORS
    )


def without_variant(name: str) -> str:
    """Without OpenRouter's ending: the model behind ":free", ":nitro" or ":thinking"."""
    return name.partition(":")[0]


def same_price(name: str) -> str | None:
    """Without an ending that changes how OpenRouter serves a model but not what it costs."""
    model, _, variant = name.partition(":")
    return model if variant in _SAME_PRICE else None


def direct_names(maker: str, slug: str) -> Iterator[str]:
    """How the maker itself may call what OpenRouter calls `maker/slug`; best guess first."""
    yield slug
    if maker == "anthropic":
        yield slug.replace(".", "-")
    elif maker == "google" and (match := _GOOGLE_OLD.match(slug)) is not None:
        yield f"gemini-{match[2]}-{match[1]}{match[3]}"
    elif maker == "x-ai":
        yield slug.replace(".", "-")


def nearest(name: str, names: Iterable[str], limit: int = 3) -> list[str]:
    """The known names most like a mistyped one, best first. Milliseconds: for error messages."""
    known = {other.lower(): other for other in names}
    matches = difflib.get_close_matches(name.lower(), known, n=limit, cutoff=0.6)
    return [known[match] for match in matches]
