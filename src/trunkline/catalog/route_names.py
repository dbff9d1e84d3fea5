"""What the route table asks of the catalogue: who serves a name, and which names are near."""

from collections.abc import Sequence

from trunkline.catalog.catalog import Catalog
from trunkline.catalog.names import nearest


class CatalogNames:
    """See routing.table.Names."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def direct(self, name: str) -> tuple[str, str] | None:
        return self._catalog.openrouter_id(name)

    def holders(self, name: str) -> Sequence[str]:
        direct = [provider for provider, _ in self._catalog.openrouter_ids(name)]
        return [*direct, *(row.provider for row in self._catalog.by_name(name))]

    def nearest(self, name: str, known: Sequence[str]) -> Sequence[str]:
        return nearest(name, known)
