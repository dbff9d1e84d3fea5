"""Tests of ledger/statement_anthropic.py: its four exports say what they say."""

import pytest

from tests.ledger.statement_files import (
    ANTHROPIC_COSTS,
    ANTHROPIC_COSTS_CSV,
    ANTHROPIC_USAGE,
    ANTHROPIC_USAGE_CSV,
)
from trunkline.canon.errors import Malformed
from trunkline.ledger.statement_anthropic import AnthropicStatement
from trunkline.ledger.statements import Line, read_statement

FORM = AnthropicStatement()
DAY, MODEL = "2026-11-21", "claude-sonnet-4-5"


@pytest.mark.parametrize(
    ("data", "lines"),
    (
        (ANTHROPIC_USAGE, [Line(day=DAY, model=MODEL, input=3000, cache_read=200, output=500)]),
        (ANTHROPIC_COSTS, [Line(day=DAY, model=MODEL, cost_nanousd=1_237_891_200)]),
        (ANTHROPIC_USAGE_CSV, [Line(day=DAY, model=MODEL, input=123, cache_read=4000, output=50)]),
        (
            ANTHROPIC_COSTS_CSV,
            [
                Line(day=DAY, model=MODEL, cost_nanousd=1_500_000_000),
                Line(day=DAY, model=MODEL, cost_nanousd=250_000_000),
            ],
        ),
    ),
    ids=("usage", "costs", "usage as CSV", "costs as CSV"),
)
def test_an_export_is_read(data: bytes, lines: list[Line]) -> None:
    """What is written to a cache is read, too; the API tells cents, the console dollars."""
    assert lines == read_statement(data, FORM)


@pytest.mark.parametrize(
    ("data", "says"),
    (
        (b"date,model,tokens\n", "it has date, model, tokens"),
        (ANTHROPIC_USAGE_CSV.replace(b"cache_write_1h", b"cache_write_1d"), "cache_write_1d"),
        (ANTHROPIC_USAGE.replace(b"ephemeral_1h", b"ephemeral_1d"), "ephemeral_1d_input_tokens"),
        (ANTHROPIC_USAGE.replace(b'"output_tokens"', b'"words"'), "neither `output_tokens`"),
        (ANTHROPIC_COSTS.replace(b"USD", b"EUR"), "US dollars"),
        (ANTHROPIC_COSTS_CSV.replace(b"2026-11-21", b"21.11.2026"), "usage_date_utc"),
        (ANTHROPIC_USAGE_CSV.replace(b"2026-11-21", b"2026-11-31"), "`usage_date_utc` .* a day"),
        (ANTHROPIC_USAGE.replace(b"2026-11-21", b"2026-11-31"), "`starting_at` .* a day"),
        (ANTHROPIC_USAGE.replace(b":500}", b":-1}"), "`ephemeral_5m_input_tokens` .* a number"),
        (ANTHROPIC_USAGE.replace(b":200,", b":1e300,"), "`cache_read_input_tokens` .* a number"),
        (ANTHROPIC_USAGE_CSV.replace(b",4000,", b",1e400,"), "cache_read` .* a number"),
        (ANTHROPIC_COSTS.replace(b"123.78912", b"1e1000000"), "`amount` .* a number"),
    ),
)
def test_what_is_unknown_is_refused(data: bytes, says: str) -> None:
    """Naming it."""
    with pytest.raises(Malformed, match=says):
        read_statement(data, FORM)


def test_a_moment_with_an_offset_is_of_its_day_in_utc() -> None:
    """As our own books have it."""
    local = ANTHROPIC_USAGE.replace(b"2026-11-21T00:00:00Z", b"2026-11-20T19:00:00-05:00")

    assert read_statement(ANTHROPIC_USAGE, FORM) == read_statement(local, FORM)
