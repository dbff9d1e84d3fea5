"""What is known of models: found by name, priced by time. A table, read once at start."""

from collections.abc import Iterable, Sequence
from importlib.resources import files

import msgspec

from trunkline.catalog.model import CatalogData, ModelRow
from trunkline.catalog.names import (
    OPENROUTER_MAKERS,
    continues,
    direct_names,
    same_price,
    undated,
    without_variant,
)
from trunkline.catalog.price import Price, price_of
from trunkline.catalog.windows import effective, window_at

ANY = "*"
"""The id of a row that describes every model of its provider that has no row of its own."""


class Statistics(msgspec.Struct, frozen=True):
    version: str
    source: str
    models: int
    priced: int
    providers: int


class _Shelf:
    """One provider's rows, by every name. Built when first asked for."""

    __slots__ = ("by_name", "prefixes", "rows")

    def __init__(self, rows: Sequence[ModelRow]) -> None:
        self.rows = rows
        self.by_name: dict[str, ModelRow] = {}
        self.prefixes: list[tuple[str, ModelRow]] = []
        for row in rows:
            for name in (row.id, *row.aliases, *row.nicknames):
                self.by_name.setdefault(name.lower(), row)
            self.prefixes.extend((prefix.lower(), row) for prefix in row.prefixes)
        self.prefixes.sort(key=lambda item: -len(item[0]))

    def find(self, name: str) -> ModelRow | None:
        known = self.by_name
        if (row := known.get(name)) is not None:
            return row
        for stem in undated(name):
            row = known.get(stem) or known.get(stem + "-latest")
            if row is not None:
                return row
        row = known.get(name + "-latest")
        if row is not None:
            return row
        row = next((row for prefix, row in self.prefixes if continues(name, prefix)), None)
        return known.get(ANY) if row is None else row


class Catalog:
    """
    Models by provider and name. Immutable but for caches.

    Names are compared without regard to case. `provider` is a catalogue provider: the
    `catalog` field of a row in providers/catalog.toml, usually the provider's own name.
    """

    __slots__ = ("_data", "_prices", "_rows", "_shelves")

    def __init__(self, data: CatalogData) -> None:
        self._data = data
        self._rows: dict[str, list[ModelRow]] = {}
        for row in data.models:
            self._rows.setdefault(row.provider, []).append(row)
        self._shelves: dict[str, _Shelf] = {}
        self._prices: dict[str, tuple[Price | None, ...]] = {}

    @classmethod
    def load(cls) -> "Catalog":
        """The catalogue shipped with this version. A few milliseconds."""
        return cls(decode(files("trunkline.catalog").joinpath("models.json").read_bytes()))

    def with_rows(self, rows: Iterable[ModelRow]) -> "Catalog":
        """The same catalogue and some rows more, which come first: the configuration's own prices."""
        data = self._data
        return Catalog(msgspec.structs.replace(data, models=(*rows, *data.models)))

    @property
    def version(self) -> str:
        return self._data.version

    @property
    def providers(self) -> Sequence[str]:
        """Makers before resellers, OpenRouter after those it resells."""
        return list(self._rows)

    def models(self, provider: str) -> Sequence[ModelRow]:
        """The provider's own rows, but for "*", and without those it falls back to."""
        return [row for row in self._rows.get(provider, ()) if row.id != ANY]

    def find(self, provider: str, model: str) -> ModelRow | None:
        """
        The row that describes `model` at `provider`.

        By exact id, alias or nickname; else without a version's ending ("-2024-07-18",
        "-latest"); else by a prefix; else among the providers whose models this one resells
        (Azure, OpenAI's), and then `row.provider` says so.
        """
        name = model.lower().removeprefix("models/")  # Gemini lists its models so
        for source in (provider, *self._data.fallbacks.get(provider, ())):
            shelf = self._shelf(source)
            row = shelf.find(name)
            if row is None and source == "openrouter" and (plain := same_price(name)):
                row = shelf.find(plain)
            if row is not None:
                return row
        return None

    def by_name(self, name: str) -> list[ModelRow]:
        """Every provider's row of that name, makers first. Prefixes count, fallbacks and "*" do not."""
        wanted = name.lower()
        found = (self._shelf(provider).find(wanted) for provider in self._rows)
        return [row for row in found if row is not None and row.id != ANY]

    def upstream_name(self, provider: str, model: str) -> str:
        """
        What to call the model when speaking to `provider`, for a client that said `model`.

        "claude-opus-4.5" -> "claude-opus-4-5"; an unknown name, or one of another provider's
        catalogue (an Azure deployment's), stays as it is.
        """
        row = self.find(provider, model)
        return model if row is None or row.provider != provider else upstream_name(row, model)

    def row(self, key: str) -> ModelRow | None:
        """By "provider/id", as Deployment.price_model and ModelRow.key have it."""
        provider, _, model = key.partition("/")
        return self._shelf(provider).by_name.get(model.lower())

    def price(
        self, row: ModelRow | str, at_unix: float, service_tier: str | None = None
    ) -> Price | None:
        """
        What the model (a row, or its key) costs at a time; None: unknown, which is not free.

        `service_tier` is the request's ("flex", "priority"); one without rates of its own
        costs the usual.
        """
        if isinstance(row, str):
            found = self.row(row)
            if found is None:
                return None
            row = found
        index = window_at(row.prices, at_unix, service_tier)
        if index is None:
            return None
        prices = self._prices.get(row.key)
        if prices is None:
            prices = self._prices[row.key] = self._priced(row)
        return prices[index]

    def openrouter_ids(self, name: str) -> list[tuple[str, str]]:
        """
        (provider, upstream model) of an OpenRouter-style id at those who serve it directly.

        Best first, [] when the catalogue knows none. "anthropic/claude-3.5-sonnet" ->
        [("anthropic", "claude-3-5-sonnet-20241022")].
        """
        plain = without_variant(name.lower().removeprefix("openrouter/"))
        found: list[tuple[str, str]] = []
        for key in self._data.openrouter.get(plain, ()):
            row = self.row(key)
            if row is not None:
                found.append((row.provider, row.upstream or row.id))
        maker, _, slug = plain.partition("/")
        provider = OPENROUTER_MAKERS.get(maker)
        if found or provider is None:
            return found
        for guess in direct_names(maker, slug):
            row = self.find(provider, guess)
            if row is not None and row.provider == provider:
                return [(provider, upstream_name(row, guess))]
        return []

    def openrouter_id(self, name: str) -> tuple[str, str] | None:
        """The first of `openrouter_ids`."""
        found = self.openrouter_ids(name)
        return found[0] if found else None

    def statistics(self) -> Statistics:
        rows = self._data.models
        return Statistics(
            version=self.version,
            source=self._data.source,
            models=len(rows),
            priced=sum(1 for row in rows if row.prices),
            providers=len(self._rows),
        )

    def _priced(self, row: ModelRow) -> tuple[Price | None, ...]:
        stem = f"{self.version}/{row.key}/"
        return tuple(price_of(window, stem + effective(window)) for window in row.prices)

    def _shelf(self, provider: str) -> _Shelf:
        if provider not in self._shelves:
            self._shelves[provider] = _Shelf(self._rows.get(provider, ()))
        return self._shelves[provider]

    def __repr__(self) -> str:
        return f"<Catalog {self.version}, {len(self._data.models)} models>"


def upstream_name(row: ModelRow, name: str) -> str:
    """What to call the model when speaking to its provider, for a client that said `name`."""
    wanted = name.lower()
    if any(wanted == nickname.lower() for nickname in row.nicknames):
        return row.upstream or row.id
    known = (row.id, *row.aliases)
    return next((own for own in known if wanted == own.lower()), name)


def decode(data: bytes) -> CatalogData:
    """Raises msgspec.ValidationError."""
    return _DECODER.decode(data)


_DECODER = msgspec.json.Decoder(CatalogData)
