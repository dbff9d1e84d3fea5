"""Token counts between the wire's classes and ours, which never overlap."""

from collections.abc import Mapping

from msgspec import Raw, json

from trunkline.canon.usage import Usage
from trunkline.dialects.anthropic_messages.wire import (
    RAW_MAP,
    USAGE,
    CacheCreation,
    Fields,
    UsageIn,
    present,
)
from trunkline.dialects.service_tier import tier_told

_COUNTED = frozenset(UsageIn.__struct_fields__) - {"service_tier", "speed"}

_FAST = "fast"
"""A speed, and dearer: as a tier it says more than its service_tier, which stays "standard"."""


class UsageReader:
    """
    The usage of one answer, from as many reports as it makes.

    Counts are cumulative and the last one said stands, field by field: message_start tells
    how cache writes split by lifetime, message_delta may raise the input (server tools) and
    is the only one to know the output. Raises msgspec.DecodeError on what is no usage.
    """

    __slots__ = ("_seen", "_tier", "extra")

    def __init__(self) -> None:
        self._seen = UsageIn()
        self._tier = ""
        self.extra: Mapping[str, Raw] = {}
        """Fields beside the counts (server_tool_use, service_tier), the latest of each."""

    def feed(self, raw: Raw) -> Usage:
        self.count(USAGE.decode(raw))
        fields = RAW_MAP.decode(raw)
        beside = {name: value for name, value in fields.items() if name not in _COUNTED}
        details = present(fields.get("output_tokens_details"))
        if details is not None and not self._thinking():
            # "0 thinking tokens" is news to an Anthropic client, and nothing to our classes.
            beside["output_tokens_details"] = details
        self.extra = {**self.extra, **beside}
        return self.usage()

    def count(self, report: UsageIn) -> None:
        """Take over what a report says, for one who wants no more than the counts."""
        seen = self._seen
        if report.input_tokens is not None:
            seen.input_tokens = report.input_tokens
        if report.cache_read_input_tokens is not None:
            seen.cache_read_input_tokens = report.cache_read_input_tokens
        if report.cache_creation_input_tokens is not None:
            seen.cache_creation_input_tokens = report.cache_creation_input_tokens
        if report.output_tokens is not None:
            seen.output_tokens = report.output_tokens
        if told := tier_told(report.service_tier):
            self._tier = told
        if tier_told(report.speed) == _FAST:
            self._tier = _FAST
        seen.cache_creation = report.cache_creation or seen.cache_creation
        seen.output_tokens_details = report.output_tokens_details or seen.output_tokens_details

    def _thinking(self) -> int:
        details = self._seen.output_tokens_details
        return details.thinking_tokens or 0 if details else 0

    def usage(self) -> Usage:
        seen = self._seen
        by_lifetime = seen.cache_creation or CacheCreation()
        long = by_lifetime.ephemeral_1h_input_tokens or 0
        written = seen.cache_creation_input_tokens
        if written is None:
            written = long + (by_lifetime.ephemeral_5m_input_tokens or 0)
        output, thinking = seen.output_tokens or 0, self._thinking()
        return Usage(
            input=max(0, seen.input_tokens or 0),
            cache_read=max(0, seen.cache_read_input_tokens or 0),
            cache_write=max(0, written - long),
            cache_write_1h=max(0, min(long, written)),
            output=max(0, output - thinking),
            reasoning=max(0, min(thinking, output)),
            tier=self._tier,
        )


def read_usage(raw: Raw) -> tuple[Usage, Mapping[str, Raw]]:
    """The counts of one report, and the fields beside them."""
    reader = UsageReader()
    return reader.feed(raw), reader.extra


def counts(usage: Usage) -> Fields:
    """What message_delta tells: totals by class, output with its thinking."""
    fields: Fields = {
        "input_tokens": usage.input + usage.audio_input,
        "cache_creation_input_tokens": usage.cache_write + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.total_output,
    }
    if usage.reasoning:
        fields["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return fields


def full(usage: Usage) -> Fields:
    """What a whole answer and message_start tell: cache writes by lifetime, too."""
    fields = counts(usage)
    fields["cache_creation"] = {
        "ephemeral_5m_input_tokens": usage.cache_write,
        "ephemeral_1h_input_tokens": usage.cache_write_1h,
    }
    return fields


def extra_of(extra: Mapping[str, Raw]) -> Mapping[str, Raw]:
    """The usage fields beside the counts that an answer's `extra` carries under "usage"."""
    raw = extra.get("usage")
    return {} if raw is None else RAW_MAP.decode(raw)


def with_usage(extra: Mapping[str, Raw], beside: Mapping[str, Raw]) -> Mapping[str, Raw]:
    """`extra`, carrying those fields under "usage"."""
    return {**extra, "usage": Raw(json.encode(beside))} if beside else extra
