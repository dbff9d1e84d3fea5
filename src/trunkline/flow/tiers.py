"""The service tier a client asks for, where it is one that may have a price of its own."""

from collections.abc import Mapping

from msgspec import MsgspecError, Raw, json

_TEXT = json.Decoder(str)
_TIERS = frozenset(("flex", "priority"))


def tier_of(envelope: Mapping[str, Raw]) -> str | None:
    """As JSON says it, not as it is written: a letter may stand there as its number, too."""
    raw = envelope.get("service_tier")
    if raw is None:
        return None
    try:
        tier = _TEXT.decode(raw)
    except (MsgspecError, UnicodeDecodeError):
        return None  # for the provider to refuse
    return tier if tier in _TIERS else None
