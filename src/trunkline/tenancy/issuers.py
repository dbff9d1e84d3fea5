"""Who may vouch for callers: `[[auth.issuers]]`, checked, with the keys that stand in the file."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from trunkline.config.errors import ConfigError
from trunkline.config.schema import ClaimsConfig, IssuerConfig
from trunkline.tenancy.keys import NAMED, SCOPES
from trunkline.tenancy.signing import (
    ASYMMETRIC,
    SECRET_BYTES,
    VerifyKey,
    public_key,
    secret_key,
)
from trunkline.tenancy.where import KeysAddress, keys_address

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 32
GRANTABLE = tuple(scope for scope in SCOPES if scope not in NAMED)
"""What a token can be allowed: it ends by itself, and so cannot make keys, which do not."""
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Issuer(Struct, frozen=True, kw_only=True):
    """One whose tokens are believed."""

    issuer: str
    name: str
    audiences: frozenset[str]
    algorithms: frozenset[str]
    keys: Sequence[VerifyKey] = ()
    """Those of the file; empty where `address` says who publishes them."""
    address: KeysAddress | None = None
    claims: ClaimsConfig
    tenant: str | None
    scopes: tuple[str, ...]
    leeway: float
    """Seconds."""

    def __repr__(self) -> str:
        return f"<Issuer {self.name}>"


def trusted(configured: Sequence[IssuerConfig]) -> Mapping[str, Issuer]:
    """By the claim `iss`. Raises ConfigError, which never shows a secret."""
    issuers: dict[str, Issuer] = {}
    names = set[str]()
    for number, config in enumerate(configured):
        key = f"auth.issuers[{number}]"
        issuer = _issuer(key, config)
        if issuer.issuer in issuers:
            raise ConfigError(f"{key}.issuer", "is there twice; give one all its audiences")
        if issuer.name in names:
            raise ConfigError(
                f"{key}.name", f"give it one of its own: another is '{issuer.name}', too"
            )
        names.add(issuer.name)
        issuers[issuer.issuer] = issuer
    return issuers


def _issuer(key: str, config: IssuerConfig) -> Issuer:
    given = [config.jwks_url, config.secret, config.public_key]
    if len([one for one in given if one is not None]) != 1:
        raise ConfigError(key, "give one of jwks_url, secret and public_key")
    audiences = (config.audience,) if isinstance(config.audience, str) else config.audience
    if not all(audiences):
        raise ConfigError(f"{key}.audience", "is empty")
    if unknown := set(config.scopes).difference(GRANTABLE):
        raise ConfigError(
            f"{key}.scopes", f"has '{min(unknown)}'; there are {', '.join(GRANTABLE)}"
        )
    if config.tenant is not None and not TENANT.fullmatch(config.tenant):
        raise ConfigError(
            f"{key}.tenant", "expected 1 to 64 letters, digits, dots, dashes or underscores"
        )
    algorithms = _algorithms(key, config)
    return Issuer(
        issuer=config.issuer,
        name=_name(key, config),
        audiences=frozenset(audiences),
        algorithms=algorithms,
        keys=_keys(key, config, algorithms),
        address=_address(key, config),
        claims=config.claims,
        tenant=config.tenant,
        scopes=config.scopes,
        leeway=config.leeway,
    )


def _name(key: str, config: IssuerConfig) -> str:
    if config.name:
        if not _NAME.fullmatch(config.name):
            raise ConfigError(
                f"{key}.name", "expected 1 to 32 small letters, digits or dashes between them"
            )
        return config.name
    host = urlsplit(config.issuer).netloc if "://" in config.issuer else config.issuer
    return _NOT_IN_NAMES.sub("-", host.lower())[:_LONGEST_NAME].strip("-") or "issuer"


def _algorithms(key: str, config: IssuerConfig) -> frozenset[str]:
    """Never those of a secret beside those of a public key: CVE-2015-9235 was such a mix."""
    fitting = frozenset(ASYMMETRIC if config.secret is None else SECRET_BYTES)
    if not config.algorithms:
        return fitting if config.secret is None else frozenset({"HS256"})
    if astray := set(config.algorithms) - fitting:
        kind = "a public key" if config.secret is None else "a secret"
        raise ConfigError(
            f"{key}.algorithms",
            f"has '{min(astray)}'; with {kind} there are {', '.join(sorted(fitting))}",
        )
    return frozenset(config.algorithms)


def _keys(key: str, config: IssuerConfig, algorithms: frozenset[str]) -> Sequence[VerifyKey]:
    try:
        if config.secret is not None:
            return (secret_key(config.secret, algorithms),)
        if config.public_key is not None:
            return (public_key(config.public_key),)
    except ValueError as error:
        which = "public_key" if config.secret is None else "secret"
        raise ConfigError(f"{key}.{which}", str(error)) from None
    return ()


def _address(key: str, config: IssuerConfig) -> KeysAddress | None:
    if config.jwks_url is None:
        return None
    try:
        return keys_address(config.jwks_url, plain=config.allow_http)
    except ValueError as error:
        raise ConfigError(f"{key}.jwks_url", str(error)) from None
