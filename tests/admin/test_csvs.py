"""Tests of admin/csvs.py: what a spreadsheet opens is what was said, and nothing runs."""

import csv
import io

import pytest

from trunkline.admin.csvs import csv_answer, csv_text


@pytest.mark.parametrize(
    "text",
    (
        '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1",
    ),
)  # fmt: skip
def test_a_formula_is_text(text: str) -> None:
    """Whatever a model or a tag is called."""
    ((cell,),) = list(csv.reader(io.StringIO(csv_text(("a",), ((text,),)), newline="")))[1:]

    assert f"'{text}" == cell


def test_what_needs_quotes_has_them() -> None:
    """RFC 4180: commas, quotes and line ends within quotes, quotes doubled, lines end in CRLF."""
    text = csv_text(("a", "b"), (('x"y', "1,2"), ("two\nlines", None), ("plain", 1.5)))

    assert 'a,b\r\n"x""y","1,2"\r\n"two\nlines",\r\nplain,1.5\r\n' == text


def test_numbers_stay_numbers() -> None:
    """Negative ones, too: they are ours."""
    assert "a\r\n-5\r\n" == csv_text(("a",), ((-5,),))


def test_a_browser_saves_it() -> None:
    """Under its name, and does not guess what it is."""
    answer = csv_answer("usage.csv", ("a",), ())

    assert ('attachment; filename="usage.csv"', "nosniff") == (
        answer.headers["content-disposition"],
        answer.headers["x-content-type-options"],
    )
