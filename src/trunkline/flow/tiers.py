"""The service tier of a request, where it is one that may have a price of its own."""

from collections.abc import Mapping

from msgspec import MsgspecError, Raw, json

from trunkline.canon.exchange import Exchange

_TEXT = json.Decoder(str)
_TIERS = frozenset(("flex", "priority"))
# As OpenAI and Anthropic write it; Google takes either.
_FIELDS = ("service_tier", "serviceTier")


def tier_of(envelope: Mapping[str, Raw]) -> str | None:
    """
    What the client asks for.

    As JSON says it, not as it is written: a letter may stand there as its number, too.
    """
    for field in _FIELDS:
        if field in envelope:
            try:
                tier = _TEXT.decode(envelope[field])
            except (MsgspecError, UnicodeDecodeError):
                return None  # for the provider to refuse
            return tier if tier in _TIERS else None
    return None


def tier_sent(exchange: Exchange) -> str | None:
    """What was asked of the provider last: a translation may have dropped it, and noted that."""
    tier = tier_of(exchange.envelope)
    if tier is not None and any(note.field in _FIELDS for note in exchange.notes):
        return None
    return tier
