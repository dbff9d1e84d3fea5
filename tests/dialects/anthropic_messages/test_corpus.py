"""Replays the fuzz target's corpus: each file once broke something, or is a shape worth keeping."""

from pathlib import Path

from tests.fuzz.anthropic_messages import check


def test_the_corpus_is_harmless(repository: Path) -> None:
    """Every file keeps the invariant."""
    files = sorted((repository / "tests/fuzz/corpus/anthropic_messages").iterdir())

    assert files
    for file in files:
        check(file.read_bytes())
