"""
The service tier that an answer says it was served at: its price may be another than that asked for.

OpenAI tells of the mode that was really used, which may be another than the request's
(platform.openai.com/docs/api-reference/chat/object, service_tier); Anthropic in its usage (service_tier,
speed); Google in usageMetadata (serviceTier; Vertex AI: trafficType). Recorded traffic, seen 2026-11-22.
"""

from msgspec import UNSET, Raw, UnsetType, json

from trunkline.dialects.raws import NOT_JSON

_WORD = json.Decoder(str)


def tier_told(raw: Raw | UnsetType | None) -> str:
    """The word; empty where there is none: what is no word is no reason to lose an answer."""
    if raw is None or raw is UNSET:
        return ""
    try:
        return _WORD.decode(raw)
    except NOT_JSON:
        return ""
