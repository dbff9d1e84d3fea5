"""What the configuration may say, and what it is told where that makes no sense."""

import msgspec
import pytest

from tests.providers.bedrock.kit import ACCESS, build
from trunkline.config.errors import ConfigError
from trunkline.providers.bedrock.config import access_keys, bearer_keys, read_config


def config(**table):
    return read_config("b", msgspec.Raw(msgspec.json.encode(table)))


def test_keys_are_read():
    """Of both kinds; a token of temporary keys along with theirs."""
    keys = access_keys("b", config(**ACCESS, aws_session_token=" t "), can_sign=True)

    assert ("AKIDEXAMPLE", "secret", "t") == (keys.access_key, keys.secret_key, keys.token)
    assert ["k1", "k2"] == bearer_keys("b", config(api_keys=["k1", " k2"]))
    assert ["k"] == bearer_keys("b", config(api_key="k"))
    assert (None, []) == (access_keys("b", config(), can_sign=False), bearer_keys("b", config()))


def test_an_empty_session_token_is_none():
    """An unset variable in the place of one."""
    assert None is access_keys("b", config(**ACCESS, aws_session_token=""), can_sign=True).token


@pytest.mark.parametrize(
    ("table", "key"),
    (
        ({}, "api_key"),
        ({**ACCESS, "api_key": "k"}, "api_key"),
        ({"api_key": "k", "api_keys": ["l"]}, "api_keys"),
        ({"api_key": " "}, "api_key"),
        ({"api_key": "a\nb"}, "api_key"),
        ({"aws_access_key_id": "a"}, "aws_secret_access_key"),
        ({"aws_secret_access_key": "a"}, "aws_access_key_id"),
        ({"aws_session_token": "a"}, "aws_access_key_id"),
        ({**ACCESS, "aws_secret_access_key": ""}, "aws_access_key_id"),
        ({"api_key": "k", "region": "Frankfurt"}, "region"),
        ({"api_key": "k", "region": 7}, "region"),
        ({"api_key": "k", "base_url": "bedrock"}, "base_url"),
        ({"api_key": "k", "quirks": {"nonsense": 1}}, "quirks"),
        ({"api_key": "k", "nonsense": 1}, "nonsense"),
    ),
)
def test_what_makes_no_sense_is_told_by_key(table, key):
    """And never quoted: it may be a secret."""
    with pytest.raises(ConfigError) as caught:
        build(**table)

    assert f"providers.bedrock.{key}" == caught.value.key
    assert "AKID" not in str(caught.value)


@pytest.mark.parametrize("region", ("us-east-1", "eu-central-1", "us-gov-west-1", "ap-southeast-2"))
def test_regions(region):
    """Of every form there is."""
    assert region == config(region=region).region


def test_access_keys_without_the_signer():
    """What to install is said, and what would do without."""
    with pytest.raises(ConfigError, match=r'extra "bedrock".*api_key') as caught:
        access_keys("b", config(**ACCESS), can_sign=False)

    assert "providers.b.aws_access_key_id" == caught.value.key
