"""The page of what conforms is what the suites say."""

from pathlib import Path

import pytest

from tests.conformance.recordings import OPENAI, Recording, recordings_in
from tests.conformance.table import Row, mark, page

PAGE = "docs/reference/conformance.md"


@pytest.mark.timeout(600)  # all suites once more, in one process: ninety seconds of CPU
def test_the_page_is_current(repository: Path, shared: Path) -> None:
    """Of the recordings it was made of, it tells the truth; `python -m scripts.conformance_table`."""
    written = (repository / PAGE).read_text("utf-8")
    same_recordings = mark(recordings_in(shared)) in written

    assert written == (page(shared) if same_recordings else written)


def test_a_failure_is_counted() -> None:
    """One exchange of two fails: its row says so for every client."""
    strange = Recording(id="a", provider="p", dialect=OPENAI, status=400, body=b'{"error":{}}')
    fine = Recording(id="b", provider="p", dialect=OPENAI)

    cells = Row("p", OPENAI, (strange, fine)).cells({})

    assert ("1/2", "1/2", "1/2") == cells[-3:]


def test_ids_are_short_and_unique(shared: Path) -> None:
    """A test is named by one recording alone."""
    ids = [recording.id for recording in recordings_in(shared)]

    assert len(ids) == len(set(ids))
    assert max(map(len, ids)) <= 80
