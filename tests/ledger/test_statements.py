"""Tests of ledger/statements.py: an export is read whole, or refused with the reason."""

import pytest

from tests.ledger.statement_files import OPENAI_USAGE, OPENAI_USAGE_CSV
from trunkline.canon.errors import Malformed
from trunkline.ledger.statement_openai import OpenAIStatement
from trunkline.ledger.statements import count, day_of, known_only, nanousd, read_statement, undated

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


@pytest.mark.parametrize("value", ("x", "nan", "Infinity", "1e99"))
def test_what_is_no_money_is_refused(value: str) -> None:
    """Naming the column."""
    with pytest.raises(Malformed, match="`amount`"):
        nanousd(value, "amount")


@pytest.mark.parametrize("value", ("x", "nan", "-1", "1.5", True))
def test_what_is_no_count_is_refused(value: object) -> None:
    """Tokens are whole."""
    with pytest.raises(Malformed, match="`tokens`"):
        count({"tokens": value}, "tokens")


def test_a_column_that_may_matter_is_not_passed_over() -> None:
    """Tokens of a kind that did not exist when this was written; other columns are nobody's business."""
    known_only(["project_id", "input_tokens"], {"input_tokens"}, "the column")

    with pytest.raises(Malformed, match=r"`thought_tokens` .* input_tokens"):
        known_only(["thought_tokens"], {"input_tokens", "amount"}, "the column")


def test_days_and_names() -> None:
    """A day is how a moment begins; a snapshot's date is no part of a model's name."""
    assert "2026-11-21" == day_of("2026-11-21T00:00:00Z", "x")
    with pytest.raises(Malformed, match="`x`"):
        day_of("yesterday", "x")
    assert ["gpt-4o", "claude-3-5-haiku", "o1", "gpt-4-0613"] == [
        undated(name)
        for name in ("gpt-4o-2024-08-06", "claude-3-5-haiku-20241022", "o1-latest", "gpt-4-0613")
    ]
