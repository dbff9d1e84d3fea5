"""Names of models: versions, spellings, near misses."""

import pytest

from trunkline.catalog.names import (
    continues,
    direct_names,
    nearest,
    same_price,
    undated,
    without_variant,
)


@pytest.mark.parametrize(
    "name, stems",
    (
        ("gpt-4o-mini-2024-07-18", ["gpt-4o-mini"]),
        ("claude-opus-4-5-20251101", ["claude-opus-4-5"]),
        ("claude-opus-4-5@20251101", ["claude-opus-4-5"]),
        ("gemini-2.5-pro-preview-05-06", ["gemini-2.5-pro"]),
        (
            "gemini-2.5-flash-preview-09-2025",
            ["gemini-2.5-flash-preview", "gemini-2.5-flash"],
        ),
        ("gemini-2.0-flash-001", ["gemini-2.0-flash"]),
        ("ministral-8b-2410", ["ministral-8b"]),
        ("claude-3-5-haiku-latest", ["claude-3-5-haiku"]),
        ("gpt-4o", []),
        ("claude-sonnet-4-5", []),
        ("gpt-4.1-nano", []),
        ("llama-3.1-8b", []),
        ("-latest", []),
    ),
)
def test_a_version_is_told_from_a_model(name: str, stems: list[str]) -> None:
    """Dates and "latest" come off; sizes and generations stay."""
    assert stems == list(undated(name))


@pytest.mark.parametrize(
    "name, prefix, expected",
    (
        ("gpt-4o-mini", "gpt-4o", True),
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4", False),
        ("ft:gpt-4o-2024-08-06:me", "ft:gpt-4o-2024-", True),
        ("o1", "o1-mini", False),
    ),
)
def test_a_prefix_ends_at_a_separator(name: str, prefix: str, expected: bool) -> None:
    """Half a word is not the same model."""
    assert expected == continues(name, prefix)


@pytest.mark.parametrize(
    "name, expected",
    (("a/b:nitro", "a/b"), ("a/b:free", None), ("a/b:batch", None), ("a/b", None)),
)
def test_some_variants_cost_the_same(name: str, expected: str | None) -> None:
    """A faster host has the model's price; free and batch have their own or none."""
    assert expected == same_price(name)


def test_a_variant_is_a_way_of_serving() -> None:
    """OpenRouter writes it after a colon."""
    assert "google/gemini-2.0-flash-exp" == without_variant("google/gemini-2.0-flash-exp:free")


@pytest.mark.parametrize(
    "maker, slug, last",
    (
        ("anthropic", "claude-3.5-sonnet", "claude-3-5-sonnet"),
        ("google", "gemini-pro-1.5", "gemini-1.5-pro"),
        ("google", "gemini-flash-1.5-8b", "gemini-1.5-flash-8b"),
        ("x-ai", "grok-4.1-fast", "grok-4-1-fast"),
        ("openai", "gpt-4.1", "gpt-4.1"),
    ),
)
def test_makers_spell_names_their_own_way(maker: str, slug: str, last: str) -> None:
    """The spelling as given is tried first, the maker's own after it."""
    names = list(direct_names(maker, slug))
    assert [slug, last] == [names[0], names[-1]]


def test_the_nearest_names_come_best_first() -> None:
    """A slip of the finger finds its model, a foreign word finds none."""
    known = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5"]
    assert "gpt-4o-mini" == nearest("gpt-4o-mni", known)[0]
    assert ["claude-sonnet-4-5"] == nearest("Claude-Sonet-4-5", known)
    assert [] == nearest("banana", known)
