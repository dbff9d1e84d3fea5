"""Tests of token counts between the wire and our disjoint classes."""

from typing import Any

from msgspec import json

from tests.dialects.anthropic_messages.kit import raw
from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.usage import (
    UsageReader,
    counts,
    extra_of,
    full,
    read_usage,
    with_usage,
)


def read(**report: Any) -> Usage:
    return read_usage(raw(report))[0]


def test_classes_never_overlap() -> None:
    """input_tokens excludes the cache already; thinking is taken out of the output."""
    usage = read(
        input_tokens=10,
        cache_read_input_tokens=20,
        cache_creation_input_tokens=30,
        cache_creation={"ephemeral_5m_input_tokens": 25, "ephemeral_1h_input_tokens": 5},
        output_tokens=100,
        output_tokens_details={"thinking_tokens": 60},
    )

    assert usage == Usage(
        input=10, cache_read=20, cache_write=25, cache_write_1h=5, output=40, reasoning=60
    )
    assert 60 == usage.total_input
    assert 100 == usage.total_output


def test_cache_writes_without_a_split_are_the_usual_lifetime() -> None:
    """A look-alike that gives only the sum is taken to mean five minutes."""
    assert Usage(cache_write=7) == read(cache_creation_input_tokens=7)


def test_nulls_and_nonsense_are_zero() -> None:
    """Null counts, and a split larger than its sum, never make a negative class."""
    assert Usage() == read(input_tokens=None, cache_creation=None, output_tokens=None)
    assert Usage(cache_write_1h=3) == read(
        cache_creation_input_tokens=3, cache_creation={"ephemeral_1h_input_tokens": 9}
    )
    assert Usage(reasoning=2) == read(output_tokens=2, output_tokens_details={"thinking_tokens": 5})


def test_the_last_report_stands() -> None:
    """Counts are cumulative: the input may grow, nothing is added, the split survives."""
    reader = UsageReader()
    reader.feed(
        raw(
            {
                "input_tokens": 2293,
                "output_tokens": 1,
                "cache_creation_input_tokens": 8,
                "cache_creation": {"ephemeral_1h_input_tokens": 8},
            }
        )
    )

    last = reader.feed(
        raw({"input_tokens": 4714, "cache_creation_input_tokens": 8, "output_tokens": 304})
    )

    assert Usage(input=4714, cache_write_1h=8, output=304) == last


def test_fields_beside_the_counts_are_kept() -> None:
    """Server tools and the like are for an Anthropic client alone, zero thinking included."""
    report = {
        "input_tokens": 1,
        "server_tool_use": {"web_search_requests": 2},
        "output_tokens_details": {"thinking_tokens": 0},
    }

    _, beside = read_usage(raw(report))

    assert {"server_tool_use", "output_tokens_details"} == set(beside)
    assert beside == extra_of(with_usage({}, beside))


def test_no_fields_beside_leave_no_trace() -> None:
    """An answer's extra gains no empty usage."""
    assert {} == with_usage({}, {})
    assert {} == extra_of({})


def test_back_out() -> None:
    """What goes to a client is read back as the same usage."""
    usage = Usage(input=1, cache_read=2, cache_write=3, cache_write_1h=4, output=5, reasoning=6)

    assert usage == read(**json.decode(json.encode(full(usage))))
    assert 11 == counts(usage)["output_tokens"]


def test_audio_is_input_and_output() -> None:
    """A class the API lacks is summed into the one it has."""
    fields = counts(Usage(input=1, audio_input=2, output=3, audio_output=4))

    assert (3, 7) == (fields["input_tokens"], fields["output_tokens"])
