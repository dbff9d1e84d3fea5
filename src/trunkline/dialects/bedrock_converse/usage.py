"""Token counts of the Converse API in our classes."""

from trunkline.canon.usage import Usage
from trunkline.dialects.bedrock_converse.wire import UsageIn

_LONG = "1h"


def usage_of(seen: UsageIn) -> Usage:
    """
    Bedrock's classes overlap as little as ours.

    The recorded totals are input + output + cache read + cache write; `cacheDetails` tells how
    writes split by lifetime.
    """
    written = seen.cache_write_input_tokens or 0
    long = sum(d.input_tokens or 0 for d in seen.cache_details or () if d.ttl == _LONG)
    return Usage(
        input=max(0, seen.input_tokens or 0),
        cache_read=max(0, seen.cache_read_input_tokens or 0),
        cache_write=max(0, written - long),
        cache_write_1h=max(0, min(long, written)),
        output=max(0, seen.output_tokens or 0),
    )
