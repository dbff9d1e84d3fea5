"""Tests of observe/trouble.py: a line at the start, some in between, one at the end."""

from tests.ledger.making import FakeClock
from trunkline.observe.trouble import Trouble


def told(steps: dict[float, bool]) -> list[tuple[float, str]]:
    """What a log has, with seconds since the start: tries at those seconds, and whether they failed."""
    clock, lines = FakeClock(), list[tuple[float, str]]()
    began = clock.monotonic()
    trouble = Trouble(lambda line: lines.append((clock.monotonic() - began, line)), clock)
    start = clock.now
    for second, failed in steps.items():
        clock.now = start + second
        if failed:
            trouble.failed("it is away")
        else:
            trouble.over("it is back")
    return lines


def test_a_long_outage_is_a_few_lines() -> None:
    """A try a second for three hours: at once, after ten seconds, a minute, ten, each hour, and at the end."""
    steps = {float(second): True for second in range(10_800)}

    lines = told({**steps, 10_800.0: False, 10_801.0: False})

    assert [
        (0, "it is away"),
        (10, "it is away (for 10 s now)"),
        (60, "it is away (for 60 s now)"),
        (600, "it is away (for 600 s now)"),
        (4200, "it is away (for 4200 s now)"),
        (7800, "it is away (for 7800 s now)"),
        (10800, "it is back after 10800.0 s"),
    ] == lines


def test_all_well_is_not_told() -> None:
    """Nor is the end of what never began."""
    assert [] == told({0: False, 1: False})


def test_each_outage_is_told_for_itself() -> None:
    """The one after is new."""
    lines = told({0: True, 0.5: False, 1: True, 2: False})

    assert ["it is away", "it is back after 0.5 s", "it is away", "it is back after 1.0 s"] == [
        line for _, line in lines
    ]


def test_tries_that_are_far_apart_are_told_as_they_come() -> None:
    """A try an hour: each line is due by then."""
    lines = told({0: True, 4000: True, 4001: True, 7600: True})

    assert [0, 4000, 7600] == [second for second, _ in lines]


def test_what_began_and_ended_elsewhere() -> None:
    """A try that hung before it failed counts from its start; an end that was seen earlier, until then."""
    clock, lines = FakeClock(), list[str]()
    trouble = Trouble(lines.append, clock)
    assert trouble.lasts is None

    trouble.failed("it hangs", since=clock.monotonic() - 30)
    assert 30 == trouble.lasts
    clock.now += 15
    trouble.failed("it hangs")
    clock.now += 15
    trouble.failed("it hangs")
    trouble.over("it is back", "; 3 rows moved", lasted=20)

    assert ["it hangs", "it hangs (for 60 s now)", "it is back after 20.0 s; 3 rows moved"] == lines
