"""Tests of ledger/statements.py: an export is read whole, or refused with the reason."""

from time import process_time

import pytest

from tests.ledger.statement_files import OPENAI_USAGE, OPENAI_USAGE_CSV
from trunkline.canon.errors import Malformed
from trunkline.ledger.statement_openai import OpenAIStatement
from trunkline.ledger.statements import (
    count,
    day_at,
    day_of,
    known_only,
    nanousd,
    read_statement,
    undated,
)

FORM = OpenAIStatement()


@pytest.mark.parametrize(
    ("data", "says"),
    (
        (b"\xff\xfe", "UTF-8"),
        (b"", "none of OpenAI's columns"),
        (b"{", "not valid JSON"),
        (b"[1]", "no array `data`"),
        (b'{"data": [{"results": 1}]}', "no array `results`"),
        (b'{"data": [], "has_more": false}', "no line"),
        (b'{"data": [], "has_more": true, "next_page": "x"}', "one JSON array"),
        (b'start_time,input_tokens\n1795219200,"7', "is no CSV"),
        (OPENAI_USAGE_CSV.replace(b",1000,", b",many,"), "`input_tokens` of the export"),
        (OPENAI_USAGE.replace(b":1000,", b":1e400,"), "not valid JSON"),
        (OPENAI_USAGE.replace(b":1000,", b":NaN,"), "not valid JSON"),
        (OPENAI_USAGE.replace(b":1000,", b":" + b"9" * 4000 + b","), "`input_tokens`"),
        (b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ),
)
def test_what_cannot_be_read_is_refused(data: bytes, says: str) -> None:
    """With what was expected instead."""
    with pytest.raises(Malformed, match=says):
        read_statement(data, FORM)


def test_pages_are_read_together() -> None:
    """In one array, the last of which says that it is the last."""
    first = OPENAI_USAGE.replace(b'"has_more":false', b'"has_more":true')

    assert 2 == len(read_statement(b"[" + first + b"," + OPENAI_USAGE + b"]", FORM))


@pytest.mark.parametrize(
    ("value", "units", "expected"),
    ((0.1, 1, 100_000_000), ("0.0000000012", 1, 1), ("123.78912", 100, 1_237_891_200), ("", 1, 0)),
)
def test_money_is_exact(value: object, units: int, expected: int) -> None:
    """A tenth of a dollar is a tenth, cents are hundredths, and nothing is nothing."""
    assert expected == nanousd(value, "amount", units)


@pytest.mark.parametrize(
    "value", ("x", "nan", "Infinity", "1e99", "-1e99", "1e1000000", "-1e1000000", 1e308, 10**400)
)
def test_what_is_no_money_is_refused(value: object) -> None:
    """Naming the column."""
    with pytest.raises(Malformed, match="`amount`"):
        nanousd(value, "amount")


@pytest.mark.parametrize(
    "value",
    (
        "x",
        "nan",
        "sNaN",
        "-1",
        "1.5",
        True,
        "1e300000",
        "1e1000000",
        "1e-1000000",
        "1e16",
        -1,
        1e308,
        10**15 + 1,
        10**400,
        [1],
    ),
)
def test_what_is_no_count_is_refused(value: object) -> None:
    """Tokens are whole, and not more than there can be."""
    with pytest.raises(Malformed, match="`tokens` of the export must be a number"):
        count({"tokens": value}, "tokens")


def test_a_count_is_refused_before_it_is_written_out() -> None:
    """An int of a million digits would hold up every thread for half a minute."""
    began = process_time()
    with pytest.raises(Malformed, match=r"whole and from 0 to 10\^15: '1e1000000'"):
        count({"tokens": "1e1000000"}, "tokens")

    assert process_time() - began < 1


@pytest.mark.parametrize("value", ("1e15", 10**15, 1e15))
def test_the_most_that_may_be_counted(value: object) -> None:
    """A thousand million million."""
    assert 10**15 == count({"tokens": value}, "tokens")


def test_a_column_that_may_matter_is_not_passed_over() -> None:
    """Tokens of a kind that did not exist when this was written; other columns are nobody's business."""
    known_only(["project_id", "input_tokens"], {"input_tokens"}, "the column")

    with pytest.raises(Malformed, match=r"`thought_tokens` .* input_tokens"):
        known_only(["thought_tokens"], {"input_tokens", "amount"}, "the column")


@pytest.mark.parametrize(
    ("text", "day"),
    (
        ("2026-11-21", "2026-11-21"),
        ("2026-11-21T23:59:59", "2026-11-21"),
        ("2026-11-21 23:59:59 UTC", "2026-11-21"),
        (" 2026-11-21T00:00:00.000000Z ", "2026-11-21"),
        ("2026-11-21T19:00:00-05:00", "2026-11-22"),
        ("2026-11-21T18:59:59-05:00", "2026-11-21"),
        ("2026-11-22 00:30:00+0100", "2026-11-21"),
        ("2099-12-31T23:00:00-05:00", "2100-01-01"),
    ),
)
def test_a_day_is_that_of_the_moment_in_utc(text: str, day: str) -> None:
    """As our own books have it; what names no offset is in UTC already."""
    assert day == day_of(text, "x")


@pytest.mark.parametrize(
    "text",
    (
        "yesterday",
        "2026-02-30",
        "2026-11-31T00:00:00Z",
        "2026-11-21T25:00:00Z",
        "9999-12-31",
        "0001-01-01T00:00:00+01:00",
        "2026-11-21T00:00:00 PST",
        "2026-W47-6",
        "20261121",
        None,
    ),
)
def test_what_is_no_day_is_refused(text: object) -> None:
    """Days that there are not, years that nobody is billed for, and zones that are not offsets."""
    with pytest.raises(Malformed, match="`x` of the export must be a day"):
        day_of(text, "x")


def test_a_day_of_unix_seconds() -> None:
    """In UTC; milliseconds, and years in which no dates can be reckoned, are refused."""
    assert ["2026-11-20", "2026-11-21"] == [day_at(1795219199.9, "x"), day_at(1795219200, "x")]
    assert ["2000-01-01", "2099-12-31"] == [day_at(946684800, "x"), day_at(4102444799, "x")]
    for seconds in (946684799, 4102444800, 253402300799, 9999999999999, float("inf"), float("nan")):
        with pytest.raises(Malformed, match="`x` of the export must lie between 2000 and 2100"):
            day_at(seconds, "x")


def test_names_without_their_dates() -> None:
    """A snapshot's date is no part of a model's name."""
    assert ["gpt-4o", "claude-3-5-haiku", "o1", "gpt-4-0613"] == [
        undated(name)
        for name in ("gpt-4o-2024-08-06", "claude-3-5-haiku-20241022", "o1-latest", "gpt-4-0613")
    ]
