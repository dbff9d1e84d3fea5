"""Token counts."""

import pytest
from msgspec import Raw, json

from trunkline.canon.usage import Usage
from trunkline.dialects.openai_responses.usage import read_raw_usage


def counted(**fields):
    return read_raw_usage(Raw(json.encode(fields)))


def test_classes_do_not_overlap():
    """Totals are split; what is in a class is no longer in the plain one."""
    assert Usage(input=3, cache_read=4, cache_write=3, output=2, reasoning=5) == counted(
        input_tokens=10,
        input_tokens_details={"cached_tokens": 4, "cache_write_tokens": 3},
        output_tokens=7,
        output_tokens_details={"reasoning_tokens": 5},
    )


def test_classes_beyond_their_total():
    """Are cut to it: every token is counted once."""
    usage = counted(
        input_tokens=5,
        input_tokens_details={"cached_tokens": 9, "cache_write_tokens": 9},
        output_tokens=2,
        output_tokens_details={"reasoning_tokens": 9},
    )
    assert Usage(cache_read=5, reasoning=2) == usage


@pytest.mark.parametrize(
    "told", (b"null", b"{}", b"7", b'{"input_tokens":-1}', b'{"input_tokens":1e99}')
)
def test_what_is_no_usage(told):
    """Is none: better counted here than believed."""
    assert read_raw_usage(Raw(told)) is None


def test_half_a_usage():
    """The other half is nothing."""
    assert Usage(input=5) == counted(input_tokens=5.0, output_tokens=None)
