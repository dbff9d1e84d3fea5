"""
Token counts: Google's totals split into classes that never overlap, and summed again.

promptTokenCount includes the cached tokens and leaves out what tools of the provider read;
candidatesTokenCount leaves out the thoughts (ai.google.dev/api/generate-content, UsageMetadata,
seen 2026-11-21). The counts of a stream are cumulative, and may shrink: the last ones stand.
"""

from collections.abc import Mapping

from msgspec import UNSET, Raw, Struct, UnsetType, json

from trunkline.canon.usage import Usage
from trunkline.dialects.gemini.wire import Fields, present
from trunkline.dialects.raws import NOT_JSON
from trunkline.dialects.service_tier import tier_told

# The largest context on sale is some ten million tokens: what says more is a mistake.
_MOST = 100_000_000
_AUDIO = "AUDIO"
_TRAFFIC: Mapping[str, str] = {
    "ON_DEMAND": "standard",
    "ON_DEMAND_FLEX": "flex",
    "ON_DEMAND_PRIORITY": "priority",
}


class _Modality(Struct, gc=False, rename="camel"):
    modality: str = ""
    token_count: int | None = None


_Modalities = list[_Modality] | None


class Metadata(Struct, gc=False, rename="camel"):
    prompt_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    prompt_tokens_details: _Modalities = None
    cache_tokens_details: _Modalities = None
    candidates_tokens_details: _Modalities = None
    service_tier: Raw | UnsetType = UNSET
    traffic_type: Raw | UnsetType = UNSET
    """Vertex AI's word for it."""


_METADATA = json.Decoder(Metadata, strict=False)
"""Not strict: JSON of protocol buffers may write a number as a string."""


def read_usage(raw: Raw | None) -> Usage | None:
    """None where nothing was reported, or nothing that can be believed."""
    if present(raw) is None:
        return None
    try:
        return usage_of(_METADATA.decode(raw or b""))
    except NOT_JSON:
        return None


def usage_of(told: Metadata | None) -> Usage | None:
    """As `read_usage`, of counts that were read already."""
    if told is None:
        return None
    if told.prompt_token_count is None and told.candidates_token_count is None:
        return None  # Vertex AI's first events tell of the traffic's type alone
    prompt = _count(told.prompt_token_count) + _count(told.tool_use_prompt_token_count)
    read = min(_count(told.cached_content_token_count), prompt)
    heard = _of(_AUDIO, told.prompt_tokens_details) - _of(_AUDIO, told.cache_tokens_details)
    heard = max(0, min(heard, prompt - read))
    written = _count(told.candidates_token_count)
    spoken = min(_of(_AUDIO, told.candidates_tokens_details), written)
    return Usage(
        input=prompt - read - heard,
        cache_read=read,
        audio_input=heard,
        output=written - spoken,
        reasoning=_count(told.thoughts_token_count),
        audio_output=spoken,
        tier=tier_told(told.service_tier) or _TRAFFIC.get(tier_told(told.traffic_type), ""),
    )


def _of(modality: str, details: _Modalities) -> int:
    return sum(_count(entry.token_count) for entry in details or () if entry.modality == modality)


def _count(value: int | None) -> int:
    return value if value is not None and 0 <= value <= _MOST else 0


def write_usage(usage: Usage) -> Fields:
    fields: Fields = {
        "promptTokenCount": usage.total_input,
        "candidatesTokenCount": usage.output + usage.audio_output,
        "totalTokenCount": usage.total,
    }
    if usage.cache_read:
        fields["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        fields["thoughtsTokenCount"] = usage.reasoning
    if usage.audio_input:
        heard = {"modality": _AUDIO, "tokenCount": usage.audio_input}
        rest = {"modality": "TEXT", "tokenCount": usage.total_input - usage.audio_input}
        fields["promptTokensDetails"] = [rest, heard]
    if usage.audio_output:
        fields["candidatesTokensDetails"] = [
            {"modality": "TEXT", "tokenCount": usage.output},
            {"modality": _AUDIO, "tokenCount": usage.audio_output},
        ]
    return fields
