"""Rows of catalog.toml: how to reach each known provider, and how it departs from its dialect."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from trunkline.canon.deployment import Embeds, Quirks
from trunkline.canon.exchange import Headers
from trunkline.providers.embedding import merge_elsewhere, merge_embeds
from trunkline.providers.urls import is_loopback

RawFields = Mapping[str, Raw]
"""Fields of Quirks by name, so that a rule may name only those it replaces."""


class Auth(Enum):
    """How a credential travels."""

    BEARER = "bearer"
    """authorization: Bearer KEY"""
    X_API_KEY = "x-api-key"
    """Anthropic's header."""
    API_KEY = "api-key"
    """Azure's header."""
    X_GOOG_API_KEY = "x-goog-api-key"
    """Google's header, of AI Studio and of Vertex AI in express mode."""
    NONE = "none"


class Waits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds, as in canon.deployment.Deployment."""

    connect: float = 10.0
    first_content: float = 45.0
    """For models that answer at once; rules give those that think first several minutes."""
    answer: float = 600.0
    """The default of the OpenAI and Anthropic SDKs."""
    idle: float = 60.0


class ModelRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs for some of a provider's models."""

    match: tuple[str, ...]
    """Patterns of shell kind ("gpt-5*"), lower-case; names are compared in lower case."""
    quirks: RawFields = {}
    """Replaces single quirks; a list or table replaces the whole list or table."""
    embeddings: RawFields = {}
    """Likewise."""
    first_content_timeout: float | None = None

    def fits(self, model: str) -> bool:
        name = model.lower()
        return any(fnmatchcase(name, pattern) for pattern in self.match)


class ProviderRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider. `name` is the key of its table."""

    docs: str
    """The page of the provider that the facts are from."""
    dialect: str
    base_url: str
    """Empty where the operator must give it, or where `kind` needs none; Bedrock's has a "{region}"."""
    also: tuple[str, ...] = ()
    """Dialects it speaks besides, at the same base URL: clients of these pass untranslated."""
    name: str = ""
    kind: Literal["http", "bedrock", "sim", "local"] = "http"
    auth: Auth = Auth.BEARER
    env: tuple[str, ...] = ()
    """Environment variables a key may stand in, the first that is set counts."""
    base_url_env: tuple[str, ...] = ()
    region_env: tuple[str, ...] = ()
    key_optional: bool = False
    """Works without a key; one that is given is sent."""
    self_hosted: bool = False
    headers: Mapping[str, str] = {}
    """Sent with every request that does not bring its own."""
    path: str = ""
    """Instead of the dialect's path; "{model}" is replaced. May carry a query."""
    models_endpoint: str = "/models"
    """Relative to base_url; empty: there is none."""
    catalog: str | None = None
    """The catalogue provider that describes and prices its models; None: `name`; empty: none."""
    timeouts: Waits = Waits()
    embeddings: RawFields = {}
    """
    Fields of canon.deployment.Embeds, and of providers.embedding.Elsewhere where it is asked for
    embeddings at another address; empty: it has none.
    """
    quirks: RawFields = {}
    models: tuple[ModelRule, ...] = ()

    @property
    def catalog_name(self) -> str:
        return self.name if self.catalog is None else self.catalog

    def catalog_for(self, base_url: str) -> str:
        """
        The catalogue provider for a row whose base URL may have been replaced.

        A self-hosted kind of server costs nothing only on this machine: elsewhere somebody
        may send a bill, so there its price is unknown ("").
        """
        return self.catalog_name if not self.self_hosted or is_loopback(base_url) else ""

    def quirks_for(self, model: str, overrides: RawFields | None = None) -> Quirks:
        """The row's quirks, then each fitting rule's, then `overrides`; the last word counts."""
        layers = (self.quirks, *(rule.quirks for rule in self.models if rule.fits(model)))
        return merge_quirks((*layers, overrides or {}))

    def embeds_for(self, model: str, overrides: RawFields | None = None) -> Embeds | None:
        """As `quirks_for`; None where it has no embeddings."""
        layers = [self.embeddings, overrides or {}]
        if any(layers):
            layers[1:1] = (rule.embeddings for rule in self.models if rule.fits(model))
        return merge_embeds(layers)

    def first_content_timeout(self, model: str) -> float:
        """Seconds; the last fitting rule that names one."""
        for rule in reversed(self.models):
            if rule.first_content_timeout is not None and rule.fits(model):
                return rule.first_content_timeout
        return self.timeouts.first_content

    def auth_headers(self, key: str, header: str = "") -> Headers:
        """The headers that carry `key`; none for an empty key. `header`: another than the row's."""
        if not key or self.auth is Auth.NONE:
            return ()
        if header:
            return ((header.encode(), key.encode()),)
        if self.auth is Auth.BEARER:
            return ((b"authorization", b"Bearer " + key.encode()),)
        return ((self.auth.value.encode(), key.encode()),)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    providers: Mapping[str, ProviderRow]


class ProviderRows(Mapping[str, ProviderRow]):
    """All rows by name, in the order of the file."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Mapping[str, ProviderRow]) -> None:
        self._rows = {name: msgspec.structs.replace(row, name=name) for name, row in rows.items()}

    @classmethod
    def load(cls) -> "ProviderRows":
        """The rows shipped with this version."""
        return cls.decode(files("trunkline.providers").joinpath("catalog.toml").read_bytes())

    @classmethod
    def decode(cls, data: bytes) -> "ProviderRows":
        """
        Raises msgspec.DecodeError for what is no TOML, msgspec.ValidationError for an unknown
        or ill-typed field, also within quirks.
        """
        # Through JSON, because only there can a Raw keep a part undecoded.
        rows = cls(_DECODER.decode(msgspec.json.encode(msgspec.toml.decode(data))).providers)
        for row in rows.values():
            merge_quirks((row.quirks,))
            merge_elsewhere((row.embeddings,))
            for rule in row.models:
                merge_quirks((row.quirks, rule.quirks))
                merge_embeds((row.embeddings, rule.embeddings))
        return rows

    def quirks_for(self, provider: str, model: str) -> Quirks:
        """Quirks of a provider's model; those of a plain dialect for an unknown provider."""
        row = self._rows.get(provider)
        return Quirks() if row is None else row.quirks_for(model)

    def __getitem__(self, name: str) -> ProviderRow:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<ProviderRows {', '.join(self._rows)}>"


def merge_quirks(layers: Sequence[RawFields]) -> Quirks:
    """
    Quirks from layers of single fields, the later ones first in force.

    Raises msgspec.ValidationError for a field Quirks does not have or a value of a wrong type.
    """
    merged: dict[str, Raw] = {}
    for layer in layers:
        merged.update(layer)
    unknown = merged.keys() - set(Quirks.__struct_fields__)
    if unknown:
        raise msgspec.ValidationError(f"no such quirk: {', '.join(sorted(unknown))}")
    return _QUIRKS.decode(msgspec.json.encode(merged)) if merged else Quirks()


_DECODER = msgspec.json.Decoder(_File)
_QUIRKS = msgspec.json.Decoder(Quirks)
