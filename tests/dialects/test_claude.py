"""Tests of what Claude's names tell."""

import pytest

from trunkline.dialects.claude import (
    cannot_think,
    takes_effort,
    takes_mid_system,
    takes_xhigh,
    thinks_adaptively,
    thinks_by_budget_only,
)

OLD = (
    "claude-3-5-sonnet-20241022",
    "claude-3-7-sonnet-latest",
    "claude-sonnet-4-20250514",
    "claude-opus-4-1-20250805",
    "claude-haiku-4-5-20251001",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
)
NEW = ("claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-4-8", "claude-opus-5", "claude-fable-5")


@pytest.mark.parametrize(
    "model",
    (
        "claude-instant-1.2",
        "claude-2.1",
        "claude-2",
        "claude-3-opus-20240229",
        "claude-3-haiku-20240307",
        "claude-3-5-haiku-20241022",
        "claude-3-5-sonnet-latest",
        "claude-3.5-sonnet",
        "claude-3-5-sonnet-v2@20241022",
        "claude-3-opus@20240229",
        "anthropic.claude-instant-v1",
        "anthropic.claude-v2:1",
        "us.anthropic.claude-3-haiku-20240307-v1:0",
        "eu.anthropic.claude-3-5-sonnet-20240620-v1:0",
    ),
)
def test_claudes_before_3_7_do_not_think(model: str) -> None:
    """Under the names of Anthropic, Bedrock and Vertex."""
    assert cannot_think(model)


@pytest.mark.parametrize("model", ("claude-3-7-sonnet@20250219", *OLD[1:], *NEW, "deepseek-v3-5"))
def test_claudes_since_3_7_think(model: str) -> None:
    """Of others nothing is assumed."""
    assert not cannot_think(model)


@pytest.mark.parametrize("model", OLD)
def test_older_claudes_think_by_budget(model: str) -> None:
    """Before 4.6, dates behind the version not mistaken for it."""
    assert (False, True) == (thinks_adaptively(model), thinks_by_budget_only(model))
    assert not takes_mid_system(model)
    assert not takes_effort(model)


@pytest.mark.parametrize("model", NEW)
def test_newer_claudes_think_adaptively(model: str) -> None:
    """Since 4.6, with effort."""
    assert (True, False) == (thinks_adaptively(model), thinks_by_budget_only(model))
    assert takes_effort(model)


def test_what_came_with_which() -> None:
    """xhigh with 4.7, system messages amid the conversation with 4.8, effort with Opus 4.5."""
    assert (False, True) == (takes_xhigh("claude-opus-4-6"), takes_xhigh("claude-opus-4-7"))
    assert (False, True) == (
        takes_mid_system("claude-opus-4-7"),
        takes_mid_system("claude-opus-4-8"),
    )
    assert takes_effort("claude-opus-4-5-20251101")


def test_of_others_nothing_is_assumed() -> None:
    """A look-alike's model is neither known to think adaptively nor known not to."""
    model = "deepseek-reasoner"

    assert (False, False) == (thinks_adaptively(model), thinks_by_budget_only(model))
    assert takes_effort(model)
    assert takes_mid_system(model)
