"""What the fuzzer begins with, and where it leaves what it found."""

from pathlib import Path

from tests.fuzz.seeds import CORPUS, folder_of, marks_of, of_corpus, of_recordings
from tests.fuzz.targets import targets


def test_every_corpus_is_read() -> None:
    """No file of a dialect's corpus is left out."""
    dialects = {folder_of(target.dialect): target.dialect for target in targets()}
    for name, dialect in dialects.items():
        read = sum(map(len, of_corpus(dialect).values()))
        folder = CORPUS / name
        assert read == (len(list(folder.iterdir())) if folder.is_dir() else 0)


def test_recordings(shared: Path) -> None:
    """Of the dialects that clients speak, every kind."""
    for dialect in ("openai-chat", "anthropic-messages", "openai-responses", "gemini"):
        found = of_recordings(shared, dialect)
        assert {"request", "answer", "stream"} <= found.keys()
        assert all(len(found[kind]) > 10 for kind in ("request", "answer", "stream"))


def test_every_target_can_save_what_it_finds() -> None:
    """Its kind of input has a mark in its corpus."""
    for target in targets():
        assert target.seeds[0] in marks_of(target.dialect).values(), target.name
