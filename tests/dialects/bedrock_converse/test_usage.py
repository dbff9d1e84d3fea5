"""Tests of token counts."""

from msgspec import json

from trunkline.canon.usage import Usage
from trunkline.dialects.bedrock_converse.usage import usage_of
from trunkline.dialects.bedrock_converse.wire import UsageIn


def usage(body):
    return usage_of(json.decode(json.encode(body), type=UsageIn))


def test_cached_tokens_are_counted_once():
    """Input, cache reads and cache writes do not overlap, and a lifetime has its own class."""
    told = {
        "inputTokens": 10,
        "outputTokens": 5,
        "totalTokens": 415,
        "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 300,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 200}, {"ttl": "5m", "inputTokens": 100}],
    }

    got = usage(told)

    assert Usage(input=10, output=5, cache_read=100, cache_write=100, cache_write_1h=200) == got
    assert 415 == got.total


def test_what_is_absent_or_null_is_nothing():
    """Nova leaves out what it has not."""
    assert Usage(input=3) == usage({"inputTokens": 3, "outputTokens": None})


def test_no_count_is_below_zero():
    """More long-lived writes than writes are no negative short-lived ones."""
    told = {"cacheWriteInputTokens": 1, "cacheDetails": [{"ttl": "1h", "inputTokens": 9}]}

    assert Usage(cache_write_1h=1) == usage(told)
