"""What a part says of itself."""

import pytest
from msgspec import Raw

from trunkline.canon.content import CacheMark, Text


def test_bare_text_is_its_words() -> None:
    """Whoever wrote them."""
    assert Text("a", origin="gemini").bare


@pytest.mark.parametrize(
    "text",
    (
        Text("a", CacheMark()),
        Text("a", annotations=Raw(b"[]")),
        Text("a", extra={"id": Raw(b"1")}),
    ),
)
def test_text_with_anything_else_is_not_bare(text: Text) -> None:
    """A mark, citations, a field of its own dialect: each may have to be written."""
    assert not text.bare
