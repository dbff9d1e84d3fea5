"""What `[providers.NAME]` may say of Bedrock, and whether it makes sense."""

import re
from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from trunkline.config.errors import ConfigError
from trunkline.config.load import validation_error
from trunkline.config.schema import Seconds
from trunkline.providers.bedrock.signing import Keys
from trunkline.providers.rows import RawFields

DEFAULT_REGION = "us-east-1"
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")


class BedrockConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[providers.NAME]` with `kind = "bedrock"`."""

    kind: str = "bedrock"
    region: str = DEFAULT_REGION
    base_url: str | None = None
    """Instead of the region's public address: a VPC endpoint's, China's."""
    api_key: str | None = None
    """A Bedrock API key: a bearer token, which needs no signature."""
    api_keys: tuple[str, ...] = ()
    """Rotated; each is cooled on its own."""
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = None
    aws_session_token: str | None = None
    models: tuple[str, ...] | None = None
    """What it serves by bare name; by default what the catalogue lists for it."""
    quirks: RawFields = {}
    first_content_timeout: Seconds | None = None
    answer_timeout: Seconds | None = None
    idle_timeout: Seconds | None = None
    connect_timeout: Seconds | None = None


def read_config(name: str, raw: Raw) -> BedrockConfig:
    """Raises ConfigError."""
    try:
        config = msgspec.json.decode(raw, type=BedrockConfig)
    except msgspec.ValidationError as error:
        raise validation_error(error, f"providers.{name}") from None
    if not _REGION.fullmatch(config.region):
        raise ConfigError(f"providers.{name}.region", 'expected a region like "eu-central-1"')
    return config


def bearer_keys(name: str, config: BedrockConfig) -> Sequence[str]:
    """Possibly none. Raises ConfigError."""
    if config.api_key is not None and config.api_keys:
        raise ConfigError(f"providers.{name}.api_keys", "give api_key or api_keys, not both")
    keys = config.api_keys or ((config.api_key,) if config.api_key is not None else ())
    if any(not _printable(key) for key in keys):
        raise ConfigError(f"providers.{name}.api_key", "is empty or has characters no key has")
    return [key.strip() for key in keys]


def access_keys(name: str, config: BedrockConfig, *, can_sign: bool) -> Keys | None:
    """None where none are given. Raises ConfigError, also where nothing could sign with them."""
    given = (config.aws_access_key_id, config.aws_secret_access_key)
    key = f"providers.{name}.aws_"
    if given == (None, None):
        if config.aws_session_token is not None:
            raise ConfigError(f"{key}access_key_id", "is required beside aws_session_token")
        return None
    access, secret = given
    if access is None or secret is None:
        lacking = "access_key_id" if access is None else "secret_access_key"
        raise ConfigError(f"{key}{lacking}", "is required: an access key has two halves")
    # Temporary keys have a token, others an empty variable in its place.
    token = config.aws_session_token or None
    if not all(map(_printable, (access, secret, token or "-"))):
        raise ConfigError(
            f"{key}access_key_id", "or its other half is empty or has strange characters"
        )
    if not can_sign:
        raise ConfigError(
            f"{key}access_key_id",
            'needs the extra "bedrock", which signs with it: pip install "trunkline[bedrock]" '
            "(in a checkout: scripts/install bedrock); or give a Bedrock API key as api_key",
        )
    return Keys(access.strip(), secret.strip(), token and token.strip())


def _printable(key: str) -> bool:
    return bool(key.strip()) and key.isascii() and key.isprintable()
