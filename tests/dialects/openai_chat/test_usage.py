"""Token counts, split and summed."""

import pytest
from msgspec import Raw, json

from trunkline.canon.usage import Usage
from trunkline.dialects.openai_chat.usage import read_raw_usage, read_usage, usage_in, write_usage
from trunkline.dialects.openai_chat.wire import Chunk, WireUsage, XGroq


def read(**wire):
    return read_raw_usage(Raw(json.encode(wire)))


@pytest.mark.parametrize(
    ("wire", "usage"),
    (
        ({"prompt_tokens": 3, "completion_tokens": 2}, Usage(input=3, output=2)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {
                    "cached_tokens": 60,
                    "cache_write_tokens": 20,
                    "audio_tokens": 5,
                },
                "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 10},
            },
            Usage(
                input=15,
                cache_read=60,
                cache_write=20,
                audio_input=5,
                output=10,
                reasoning=30,
                audio_output=10,
            ),
        ),
        # DeepSeek
        (
            {
                "prompt_tokens": 339,
                "completion_tokens": 83,
                "prompt_cache_hit_tokens": 320,
                "prompt_cache_miss_tokens": 19,
                "completion_tokens_details": {"reasoning_tokens": 39},
            },
            Usage(input=19, cache_read=320, output=44, reasoning=39),
        ),
        # Mistral
        (
            {"prompt_tokens": 253, "completion_tokens": 3, "num_cached_tokens": 174},
            Usage(input=79, cache_read=174, output=3),
        ),
        # Moonshot, and whoever sends null for details
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 3,
                "cached_tokens": 4,
                "prompt_tokens_details": None,
            },
            Usage(input=5, cache_read=4, output=3),
        ),
        # SGLang
        (
            {"prompt_tokens": 9, "completion_tokens": 3, "reasoning_tokens": 2},
            Usage(input=9, output=1, reasoning=2),
        ),
        # Groq: floats beside counts
        (
            {"prompt_tokens": 9.0, "completion_tokens": 3.0, "queue_time": 0.1},
            Usage(input=9, output=3),
        ),
        # xAI: reasoning stands outside completion_tokens
        (
            {
                "prompt_tokens": 12,
                "completion_tokens": 2,
                "total_tokens": 269,
                "completion_tokens_details": {"reasoning_tokens": 255},
            },
            Usage(input=12, output=2, reasoning=255),
        ),
        # Gemini's compatible endpoint: reasoning is only in the total
        (
            {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109},
            Usage(input=35, output=12, reasoning=62),
        ),
        # OpenRouter: more reasoning than completion
        (
            {
                "prompt_tokens": 43,
                "completion_tokens": 10,
                "total_tokens": 53,
                "completion_tokens_details": {"reasoning_tokens": 11},
            },
            Usage(input=43, reasoning=10),
        ),
    ),
)
def test_shapes(wire, usage):
    """Every provider's, into classes that never overlap."""
    assert usage == read(**wire)


@pytest.mark.parametrize(
    "wire",
    (
        {},
        {"total_tokens": 5},
        {"prompt_tokens": -1, "completion_tokens": 3},
        {"prompt_tokens": 3, "completion_tokens": -1},
        {"prompt_tokens": 10**15, "completion_tokens": 3},
        {"prompt_tokens": 3, "completion_tokens": 1e300},
        {"prompt_tokens": "3"},
    ),
)
def test_not_to_be_believed(wire):
    """Negative or absurd: as good as none, so that somebody counts."""
    assert read(**wire) is None


def test_details_are_clamped():
    """A class is never larger than the total it is part of, and never negative."""
    found = read(
        prompt_tokens=10,
        completion_tokens=5,
        prompt_tokens_details={"cached_tokens": 99, "audio_tokens": 7},
        completion_tokens_details={"reasoning_tokens": -3, "audio_tokens": 99},
    )
    assert Usage(cache_read=10, audio_output=5) == found
    assert 0 <= found.input


def test_nothing_at_all():
    """Null and absent are the same."""
    assert read_raw_usage(None) is None
    assert read_raw_usage(Raw(b"null")) is None
    assert read_raw_usage(Raw(b"nonsense")) is None
    assert read_usage(None) is None


def test_write():
    """Summed again, the details always there."""
    usage = Usage(
        input=1,
        cache_read=2,
        cache_write=4,
        cache_write_1h=8,
        audio_input=16,
        output=1,
        reasoning=2,
        audio_output=4,
    )
    assert {
        "prompt_tokens": 31,
        "completion_tokens": 7,
        "total_tokens": 38,
        "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 16, "cache_write_tokens": 12},
        "completion_tokens_details": {
            "reasoning_tokens": 2,
            "audio_tokens": 4,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    } == json.decode(json.encode(write_usage(usage)))


def test_where_it_stands():
    """Groq's own field counts where there is no other."""
    usage, other = WireUsage(prompt_tokens=1), WireUsage(prompt_tokens=2)
    assert usage_in(Chunk()) is None
    assert usage == usage_in(Chunk(x_groq=XGroq(usage)))
    assert other == usage_in(Chunk(usage=other, x_groq=XGroq(usage)))
