"""Token counts."""

import pytest
from msgspec import json

from trunkline.canon.usage import Usage
from trunkline.dialects.cohere_chat.usage import usage_of
from trunkline.dialects.cohere_chat.wire import UsageIn


def read(body):
    return usage_of(json.decode(body, type=UsageIn))


def test_what_is_billed_counts():
    """Neither the preamble that is not paid for, nor what of it was cached."""
    body = b'{"billed_units":{"input_tokens":119.0,"output_tokens":52},"tokens":{"input_tokens":1549,"output_tokens":103},"cached_tokens":992}'

    assert Usage(input=119, output=52) == read(body)


def test_without_a_bill_the_tokens_count():
    """Servers of one's own send none."""
    tokens = b'"tokens":{"input_tokens":7,"output_tokens":3}'

    assert Usage(input=7, output=3) == read(b"{%b}" % tokens)
    assert Usage(input=7, output=3) == read(b'{"billed_units":{"search_units":1},%b}' % tokens)


@pytest.mark.parametrize("body", (b"{}", b'{"billed_units":null,"tokens":null}', b'{"tokens":{}}'))
def test_nothing_told_is_nothing_known(body):
    """Rather than nought."""
    assert read(body) is None
    assert usage_of(None) is None


def test_absurd_counts_are_none():
    """Negative ones, and more than any model reads."""
    body = b'{"billed_units":{"input_tokens":-1,"output_tokens":1e300}}'

    assert Usage() == read(body)
