"""Every model counts as its family does."""

import pytest

from trunkline.intelligence.tokens.schemes import SCHEMES, scheme_for
from trunkline.intelligence.tokens.vocabulary import Vocabulary


@pytest.mark.parametrize(
    "model, family",
    (
        ("gpt-4o", "openai"),
        ("gpt-4o-mini-2024-07-18", "openai"),
        ("gpt-4.1", "openai"),
        ("gpt-5-mini", "openai"),
        ("o3-mini", "openai"),
        ("chatgpt-4o-latest", "openai"),
        ("ft:gpt-4o-2024-08-06:acme::id", "openai"),
        ("openai/gpt-4o", "openai"),
        ("gpt-4", "gpt-4"),
        ("gpt-4-turbo", "gpt-4"),
        ("gpt-3.5-turbo-0125", "gpt-4"),
        ("gpt-35-turbo", "gpt-4"),
        ("ft:gpt-3.5-turbo:acme::id", "gpt-4"),
        ("text-embedding-3-small", "gpt-4"),
        ("openai/gpt-oss-120b", "gpt-oss"),
        ("claude-sonnet-4-5-20250929", "claude"),
        ("anthropic/claude-opus-4.5", "claude"),
        ("claude-3-5-sonnet-20241022", "claude"),
        ("claude-opus-4-6", "claude"),
        ("claude-opus-4-7", "claude from 4.7"),
        ("claude-opus-4.8", "claude from 4.7"),
        ("claude-opus-5", "claude from 4.7"),
        ("claude-sonnet-5-5", "claude from 4.7"),
        ("claude-haiku-4-5-20251001", "claude"),
        ("gemini-2.5-flash", "gemini"),
        ("mistral-large-latest", "mistral"),
        ("deepseek-chat", "deepseek"),
        ("accounts/fireworks/models/deepseek-v3p2", "deepseek"),
        ("qwen3-max", "qwen"),
        ("glm-4.6", "glm"),
        ("llama-3.3-70b-versatile", "llama"),
        ("command-a", "others"),
        ("", "others"),
    ),
)
def test_a_model_belongs_to_a_family(model: str, family: str) -> None:
    """By its name, wherever it is served."""
    assert family == scheme_for(model).name


def test_old_models_have_the_old_vocabulary() -> None:
    """GPT-4 counts with cl100k, its successors with o200k."""
    assert scheme_for("gpt-4").vocabulary is Vocabulary.CL100K
    assert scheme_for("gpt-4o").vocabulary is Vocabulary.O200K


def test_only_openai_counts_exactly() -> None:
    """All others have a factor, and say so by having one."""
    exact = {scheme.name for scheme in SCHEMES if scheme.factor == 1.0}
    assert {"gpt-4", "gpt-oss", "openai"} == exact
