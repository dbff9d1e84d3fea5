"""Ways through the code."""

import sys

from tests.fuzz.edges import Edges
from trunkline.dialects.retry_after import retry_after


def test_only_new_ways_count() -> None:
    """The same again adds nothing, another branch does; nobody else is traced."""
    edges = Edges()
    before = sys.gettrace()

    def seconds() -> None:
        retry_after(((b"retry-after", b"3"),))

    first, again = edges.watch(seconds), edges.watch(seconds)
    other = edges.watch(lambda: retry_after(()) and None)
    ours = edges.watch(lambda: sorted([3, 2, 1]) and None)

    assert first > 3
    assert 0 == again
    assert other > 0
    assert 0 == ours
    assert len(edges) == first + other
    assert before is sys.gettrace()
