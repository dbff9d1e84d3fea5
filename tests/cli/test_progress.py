"""Tests of cli/progress.py: one line that changes, or a line for each part."""

from tests.ledger.making import FakeClock
from trunkline.cli.progress import Progress


def told(*steps, terminal):
    """What is written; each step takes an eighth of a second."""
    said, clock = [], FakeClock()
    progress = Progress(said.append, clock, "rows", terminal=terminal)
    for step in steps:
        progress.tell(*step)
        clock.now += 0.125
    progress.end()
    return said


def test_on_a_terminal_the_line_changes():
    """Not more often than people read; the last of a part is always said, with its rate."""
    said = told(*(("users", 1000 * n, 5000) for n in range(6)), terminal=True)

    assert [
        "\r\x1b[K" + f"{'users':22}" + text
        for text in (
            "              0 of 5,000",
            "          2,000 of 5,000  8,000 rows/s",
            "          4,000 of 5,000  8,000 rows/s",
            "          5,000 of 5,000  6,667 rows/s\n",
        )
    ] == said


def test_elsewhere_each_part_has_one():
    """A log is read afterwards; of parts with nothing in them there is nothing to say."""
    said = told(("reading", 2, 2), ("none", 0, 0), ("users", 9, 9), terminal=False)

    assert ["reading                             2 of 2\n", f"{'users':22}{'9':>15} of 9\n"] == said


def test_what_was_there_before_is_no_speed():
    """Of a copy that is gone on with."""
    said = told(*[("users", 90_000, 100_000)] * 5, ("users", 91_000, 100_000), terminal=False)

    assert ["users                          91,000 of 100,000  1,333 rows/s\n"] == said
