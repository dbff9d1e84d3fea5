"""Tests of telling models by their names."""

import pytest

from tests.dialects.bedrock_converse.kit import (
    GPT_OSS,
    LLAMA,
    NOVA,
    NOVA_2,
    OPUS_4_8,
    SONNET_4,
    SONNET_4_5,
)
from trunkline.dialects.bedrock_converse.families import Family, caches_for_an_hour, family_of


@pytest.mark.parametrize(
    ("model", "family"),
    (
        (SONNET_4, Family.CLAUDE),
        ("anthropic.claude-3-haiku-20240307-v1:0", Family.CLAUDE),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-opus-4-6-v1",
            Family.CLAUDE,
        ),
        (NOVA, Family.NOVA),
        (NOVA_2, Family.NOVA_2),
        (GPT_OSS, Family.GPT_OSS),
        (LLAMA, Family.OTHER),
    ),
)
def test_families(model, family):
    """With a region, without, and as an ARN."""
    assert family == family_of(model)


@pytest.mark.parametrize(
    ("model", "hour"), ((SONNET_4, False), (SONNET_4_5, True), (OPUS_4_8, True), (NOVA, False))
)
def test_an_hours_cache(model, hour):
    """Came with Claude 4.5; a date behind a 4 is no version."""
    assert hour == caches_for_an_hour(model)
