"""Tests of ledger/reconciling.py: equal books agree, and every difference is found."""

from collections.abc import Iterator

import pytest
from msgspec import structs

from tests.ledger.making import NOON
from tests.storage.rows import DAY
from trunkline.ledger.reconciling import TOLERANCE, Reconciliation, asked, compare
from trunkline.ledger.statements import Line
from trunkline.storage.records import Spent, SpentQuery, UsageColumns

TODAY = int(NOON * 1_000_000) // DAY * DAY
USAGE = UsageColumns(input=90, cache_read=50, cache_write=10, output=20, reasoning=5)
OURS = Spent(TODAY, "gpt-4o-mini", 3, USAGE, 5_000_000_000, attempts=True)
TOKENS = Line(day="2026-11-21", model="gpt-4o-mini", input=100, cache_read=50, output=25)
MONEY = Line(day="2026-11-21", model="gpt-4o-mini", cost_nanousd=5_000_000_000)


def compared(
    lines: list[Line], spent: tuple[Spent, ...] = (OURS,), tolerance: float = TOLERANCE
) -> Reconciliation:
    return compare("openai", lines, spent, asked(lines, ("openai",)), tolerance)


def test_our_books_are_asked_for_the_days_of_the_statement() -> None:
    """From the first to the last, whole."""
    later = structs.replace(TOKENS, day="2026-11-23")

    assert SpentQuery(TODAY, TODAY + 3 * DAY, ("a", "b")) == asked([later, TOKENS], ("a", "b"))


@pytest.mark.parametrize("lines", ([TOKENS], [MONEY], [TOKENS, MONEY]))
def test_equal_books_agree(lines: list[Line]) -> None:
    """In what the statement tells of: tokens, money, or both."""
    found = compared(lines)

    assert (True, True, 1) == (found.agrees, found.total.agrees, len(found.rows))
    assert {0, None} >= set(structs.astuple(found.rows[0].delta))


def test_a_dated_name_is_the_same_model() -> None:
    """Whether we asked for the alias or for the snapshot."""
    dated = structs.replace(OURS, model="gpt-4o-mini-2024-07-18")

    assert compared([TOKENS], (OURS, dated)).rows[0].ours.input == 200


@pytest.mark.parametrize(
    ("field", "most", "value"),
    (("input", 100, 102), ("cache_read", 50, 49), ("output", 25, 26), ("cost_nanousd", 0, 0)),
)
def test_a_difference_is_found(field: str, most: int, value: int) -> None:
    """In any number, beyond the tolerance; what is wider than it is fine."""
    line = MONEY if field == "cost_nanousd" else TOKENS
    assert most in (0, getattr(line, field))
    found = compared([structs.replace(line, **{field: value})])

    assert (False, False) == (found.agrees, found.rows[0].agrees)
    assert getattr(found.rows[0].delta, field) == (getattr(line, field) or 0) - value


def test_tolerance_is_a_share_and_a_cent() -> None:
    """Their pages round to cents."""
    cents = structs.replace(MONEY, cost_nanousd=5_009_000_000)
    more = structs.replace(MONEY, cost_nanousd=5_040_000_000)

    assert compared([cents], tolerance=0).agrees
    assert not compared([more], tolerance=0).agrees
    assert compared([more], tolerance=0.01).agrees
    assert compared([structs.replace(TOKENS, input=101)], tolerance=0.01).agrees


def test_what_only_one_side_has_is_a_difference() -> None:
    """A model they do not know of, and one we do not."""
    other = structs.replace(TOKENS, model="o3")
    found = compared([other])

    assert [("gpt-4o-mini", 100, False), ("o3", -100, False)] == [
        (row.model, row.delta.input, row.agrees) for row in found.rows
    ]


def test_a_statement_without_models_is_compared_by_day() -> None:
    """All of ours together."""
    whole = structs.replace(MONEY, model="", cost_nanousd=10_000_000_000)

    assert compared([whole], (OURS, structs.replace(OURS, model="o3"))).agrees


class Reread(list[Line]):
    """Counts how often it is read from its beginning."""

    reads = 0

    def __iter__(self) -> Iterator[Line]:
        self.reads += 1
        return super().__iter__()


def test_a_statement_is_not_read_again_for_each_row() -> None:
    """A month by minute has hundreds of rows, of hundreds of thousands of lines."""
    reads = []
    for models in (1, 100):
        lines = Reread(structs.replace(TOKENS, model=f"m{n}") for n in range(models))
        assert models + 1 == len(compared(lines).rows)
        reads.append(lines.reads)

    assert reads[0] == reads[1]


def test_it_says_where_our_books_are_short() -> None:
    """Of days whose attempts are gone."""
    old = structs.replace(OURS, attempts=False)

    assert "2026-11-22" == compared([TOKENS], (old,)).answered_only_before
    assert None is compared([TOKENS]).answered_only_before
