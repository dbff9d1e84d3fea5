"""Token counts on the wire."""

from msgspec import json

from trunkline.canon.usage import Usage
from trunkline.dialects.openai_responses.encode_usage import write_usage
from trunkline.dialects.openai_responses.usage import read_raw_usage


def test_totals():
    """Classes are summed; all details are there."""
    usage = Usage(input=10, cache_read=4, cache_write=2, cache_write_1h=1, output=5, reasoning=3)
    assert {
        "input_tokens": 17,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        "output_tokens": 8,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 25,
    } == json.decode(write_usage(usage))


def test_audio():
    """Told where there is any, and read again."""
    usage = Usage(input=1, audio_input=2, output=3, audio_output=4)
    assert usage == read_raw_usage(write_usage(usage))
