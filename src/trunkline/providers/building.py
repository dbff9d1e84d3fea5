"""From the configuration's tables to providers; whoever is configured as before stays."""

from collections.abc import Mapping

from msgspec import Raw, Struct

from trunkline.config.errors import ConfigError
from trunkline.providers.base import Provider, ProviderSpec, Surroundings
from trunkline.providers.discovery import kind_of


class Built(Struct, frozen=True):
    """A provider and what it was built from."""

    table: bytes
    """Its table of the configuration, in JSON."""
    provider: Provider


def build_providers(
    tables: Mapping[str, Raw],
    kinds: Mapping[str, ProviderSpec],
    lent: Surroundings,
    standing: Mapping[str, Built],
) -> dict[str, Built]:
    """
    By configured name. Raises ConfigError with the key's path.

    An unchanged table keeps its provider of `standing`, and with it connections and a loaded model.
    """
    built: dict[str, Built] = {}
    for name, raw in tables.items():
        table = bytes(raw)
        same = standing.get(name)
        if same is not None and same.table == table:
            built[name] = same
            continue
        kind = kind_of(name, raw)
        if kind not in kinds:
            raise ConfigError(
                f"providers.{name}.kind", f"no such kind; there are {', '.join(kinds)}"
            )
        provider = kinds[kind].build(name, raw, lent)
        if provider.deployment("any").dialect not in lent.dialects:
            raise ConfigError(
                f"providers.{name}.dialect",
                f"no such dialect; there are {', '.join(lent.dialects)}",
            )
        built[name] = Built(table, provider)
    return built
