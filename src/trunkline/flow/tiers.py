"""The service tier of a request, where it is one that may have a price of its own."""

from collections.abc import Mapping, Sequence

from msgspec import MsgspecError, Raw, json

from trunkline.canon.exchange import Exchange
from trunkline.canon.usage import Usage

_TEXT = json.Decoder(str)
_TIERS = frozenset(("flex", "priority", "fast"))
# As OpenAI and Anthropic write it, and Google, who takes either; Anthropic's fast mode is a speed.
_FIELDS = (("service_tier", "serviceTier"), ("speed",))
"""Spelled in one way or the other."""
_NOT_SAID = frozenset(("", "auto"))


def tier_of(envelope: Mapping[str, Raw]) -> str | None:
    """
    What the client asks for.

    As JSON says it, not as it is written: a letter may stand there as its number, too.
    """
    return next(filter(None, (_asked(envelope, names) for names in _FIELDS)), None)


def tier_sent(exchange: Exchange) -> str | None:
    """What was asked of the provider last: a translation may have dropped it, and noted that."""
    if tier_of(exchange.envelope) is None:
        return None
    dropped = {note.field for note in exchange.notes}
    kept = (_asked(exchange.envelope, names) for names in _FIELDS if dropped.isdisjoint(names))
    return next(filter(None, kept), None)


def tier_billed(exchange: Exchange, usage: Usage) -> str | None:
    """What the provider says it served, which may be less than what was asked; else what was asked."""
    if usage.tier in _NOT_SAID:
        return tier_sent(exchange)
    return usage.tier if usage.tier in _TIERS else None


def _asked(envelope: Mapping[str, Raw], names: Sequence[str]) -> str | None:
    for name in names:
        if name in envelope:
            try:
                tier = _TEXT.decode(envelope[name])
            except (MsgspecError, UnicodeDecodeError):
                return None  # for the provider to refuse
            return tier if tier in _TIERS else None
    return None
