"""Tests of ledger/statement_openai.py: its four exports say what they say."""

import pytest

from tests.ledger.statement_files import (
    OPENAI_COSTS,
    OPENAI_COSTS_CSV,
    OPENAI_USAGE,
    OPENAI_USAGE_CSV,
)
from trunkline.canon.errors import Malformed
from trunkline.ledger.statement_openai import OpenAIStatement
from trunkline.ledger.statements import Line, read_statement

FORM = OpenAIStatement()
DAY = "2026-11-21"


@pytest.mark.parametrize(
    ("data", "lines"),
    (
        (
            OPENAI_USAGE,
            [Line(day=DAY, model="gpt-4o-mini", requests=5, input=207, cache_read=800, output=503)],
        ),
        (
            OPENAI_COSTS,
            [
                Line(day=DAY, model="gpt-4o-mini", cost_nanousd=60_000_000),
                Line(day=DAY, model="gpt-4o-mini", cost_nanousd=1),
            ],
        ),
        (
            OPENAI_USAGE_CSV,
            [
                Line(
                    day=DAY, model="gpt-4o-mini", requests=2, input=700, cache_read=300, output=50
                ),
                Line(day=DAY, model="gpt-4.1", requests=1, input=10, cache_read=0, output=5),
            ],
        ),
        (OPENAI_COSTS_CSV, [Line(day=DAY, model="", cost_nanousd=895_874_000)]),
    ),
    ids=("usage", "costs", "usage as CSV", "costs as CSV"),
)
def test_an_export_is_read(data: bytes, lines: list[Line]) -> None:
    """Cached tokens are among the input's; the line of a cost names the model; empty rows are none."""
    assert lines == read_statement(data, FORM)


@pytest.mark.parametrize(
    ("data", "says"),
    (
        (b"date,model,tokens\n", "it has date, model, tokens"),
        (OPENAI_USAGE_CSV.replace(b"input_uncached_tokens", b"thought_tokens"), "thought_tokens"),
        (OPENAI_USAGE.replace(b"input_audio_tokens", b"input_smell_tokens"), "input_smell_tokens"),
        (OPENAI_USAGE.replace(b"organization.usage", b"elsewhere"), "neither an organization"),
        (OPENAI_COSTS.replace(b'"usd"', b'"eur"'), "US dollars"),
        (OPENAI_COSTS.replace(b'"amount"', b'"amount_value"'), "no object `amount`"),
        (OPENAI_USAGE.replace(b"1795219200", b'"soon"'), "`start_time` .* a day like"),
        (OPENAI_USAGE.replace(b"1795219200", b"253402300799"), "`start_time` .* 2000 and 2100"),
        (OPENAI_USAGE.replace(b"1795219200", b'"9999999999999"'), "`start_time` .* milliseconds"),
        (OPENAI_USAGE.replace(b"1795219200", b"9" * 19), "`start_time` .* milliseconds"),
        (OPENAI_USAGE.replace(b"1795219200", b"9" * 400), "`start_time` .* a day like"),
        (OPENAI_USAGE.replace(b"1795219200", b"-1"), "`start_time` .* a day like"),
        (OPENAI_USAGE_CSV.replace(b"2026-11-21T00:00:00", b"2026-02-30T00:00:00"), "02-30"),
        (OPENAI_USAGE_CSV.replace(b",1000,", b",1e300000,"), "`input_tokens` .* a number"),
        (OPENAI_USAGE.replace(b":5,", b":1e300,"), "`num_model_requests` .* a number"),
        (OPENAI_COSTS.replace(b"0.06", b"1e308"), "`amount` .* a number"),
    ),
)
def test_what_is_unknown_is_refused(data: bytes, says: str) -> None:
    """Naming it."""
    with pytest.raises(Malformed, match=says):
        read_statement(data, FORM)


def test_a_moment_with_an_offset_is_of_its_day_in_utc() -> None:
    """A dashboard that writes local time tells of the same hours as our books."""
    local = OPENAI_USAGE_CSV.replace(b"2026-11-21T00:00:00+00:00", b"2026-11-20T19:00:00-05:00")

    assert read_statement(OPENAI_USAGE_CSV, FORM) == read_statement(local, FORM)


def test_usage_without_tokens_is_left_out() -> None:
    """Vector stores are billed by the byte: not what this gateway asks for."""
    page = OPENAI_USAGE.replace(b'"results":[]', b'"results":[{"object":"organization.usage.vector_stores.result","usage_bytes":9}]')  # fmt: skip

    assert 1 == len(read_statement(page, FORM))
