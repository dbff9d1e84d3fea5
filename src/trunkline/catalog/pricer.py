"""Money for tokens: the catalogue's prices, remembered by the minute so that billing costs a look-up."""

from trunkline.canon.deployment import Deployment
from trunkline.canon.usage import Usage, UsageBound
from trunkline.catalog.catalog import Catalog
from trunkline.catalog.price import Ceiling, Price

# What the ordering by price takes for a usual request: a page in, a paragraph out.
_USUAL = Usage(input=1500, output=500)
_MINUTE = 60.0
_MOST_REMEMBERED = 4096


class CatalogPricer:
    """Prices by deployment. A deployment without `price_model` has no known price."""

    __slots__ = ("_catalog", "_ceilings", "_minute", "_prices")

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._minute = -1
        self._prices: dict[str, Price | None] = {}
        self._ceilings: dict[tuple[str, bool, bool], Ceiling] = {}
        """By a price's version, and what a request asks for of dear classes."""

    def cost(
        self, deployment: Deployment, usage: Usage, unix: float, tier: str | None = None
    ) -> tuple[int, str]:
        """
        Nano-dollars and the price's version; (0, "") when no price is known.

        `tier`: the service tier that was asked for ("flex", "priority").
        """
        price = self.price(deployment, unix, tier)
        return (0, "") if price is None else (price.cost(usage), price.version)

    def bound(
        self, deployment: Deployment, most: UsageBound, unix: float, tier: str | None = None
    ) -> int | None:
        """Nano-dollars that no such answer exceeds; None: no price known."""
        price = self.price(deployment, unix, tier)
        if price is None:
            return None
        place = (price.version, most.audio, most.long_cache)
        ceiling = self._ceilings.get(place)
        if ceiling is None:
            ceiling = price.ceiling(audio=most.audio, long_cache=most.long_cache)
            self._ceilings[place] = ceiling
        return ceiling.bound(most.read, most.written)

    def usual(self, deployment: Deployment, unix: float) -> float:
        """Nano-dollars of a usual request, for ordering only; infinity when unknown."""
        price = self.price(deployment, unix)
        return float("inf") if price is None else price.cost(_USUAL)

    def price(self, deployment: Deployment, unix: float, tier: str | None = None) -> Price | None:
        key = deployment.price_model
        if key is None:
            return None
        minute = int(unix // _MINUTE)
        if minute != self._minute or len(self._prices) > _MOST_REMEMBERED:
            self._minute = minute
            self._prices.clear()
            self._ceilings.clear()
        if tier is not None:
            return self._catalog.price(key, unix, tier)
        if key not in self._prices:
            self._prices[key] = self._catalog.price(key, unix)
        return self._prices[key]
