"""Token counts of Cohere in our classes."""

from trunkline.canon.usage import Usage
from trunkline.dialects.cohere_chat.wire import TokenCount, UsageIn

# The largest context on sale is some ten million tokens: what says more is a mistake.
_MOST = 100_000_000


def usage_of(seen: UsageIn | None) -> Usage | None:
    """
    What is billed, where that is told, for the ledger asks what an answer costs.

    Around a short question with tools Cohere reads some 1,400 tokens of its own and bills none of
    them (recorded: 119 of 1,549). What it had cached is not told of what is billed, has no price of its
    own, and so stands in no class: more may be cached than billed (recorded: 992).
    """
    if seen is None:
        return None
    for counts in (seen.billed_units, seen.tokens):
        if counts is None or (counts.input_tokens is None and counts.output_tokens is None):
            continue
        return Usage(input=_count(counts.input_tokens), output=_count(counts.output_tokens))
    return None


def _count(value: TokenCount) -> int:
    return int(value) if value is not None and 0 <= value <= _MOST else 0
