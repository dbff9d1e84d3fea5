"""Which family a model is of: Bedrock passes some wishes on in each family's own words."""

import re
from enum import Enum


class Family(Enum):
    CLAUDE = "claude"
    NOVA = "nova"
    NOVA_2 = "nova 2"
    GPT_OSS = "gpt-oss"
    OTHER = ""


# An hour's cache came with Claude 4.5 (docs.aws.amazon.com/bedrock, prompt caching, seen 2026-11-21).
_SINCE_4_5 = re.compile(r"claude-[a-z]+-(?:4[-.](?:[5-9]|[1-9]\d)|[5-9]|[1-9]\d)(?!\d)")
_MARKS = (
    ("claude", Family.CLAUDE),
    ("nova-2", Family.NOVA_2),
    ("nova", Family.NOVA),
    ("gpt-oss", Family.GPT_OSS),
)


def family_of(model: str) -> Family:
    """By a model id or an inference profile's, with or without its region ("us.anthropic.claude-...")."""
    name = model.lower()
    return next((family for mark, family in _MARKS if mark in name), Family.OTHER)


def caches_for_an_hour(model: str) -> bool:
    return _SINCE_4_5.search(model) is not None
