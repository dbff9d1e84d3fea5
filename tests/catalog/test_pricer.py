"""Billing asks the catalogue once a minute and never takes an unknown price for zero."""

from trunkline.canon.deployment import Deployment
from trunkline.canon.usage import Usage
from trunkline.catalog.price import Price, TokenRates
from trunkline.catalog.pricer import CatalogPricer

RATES = TokenRates(*(1000,) * 8)


class FakeCatalog:
    def __init__(self):
        self.asked = []

    def price(self, key, unix):
        self.asked.append((key, unix))
        return Price(f"v{unix:.0f}", RATES) if key == "p/known" else None


def deployment(price_model):
    return Deployment(id="p/m", provider="p", model="m", dialect="d", price_model=price_model)


def test_costs_and_stamps():
    """Integers, with the version of the price that was used."""
    pricer = CatalogPricer(FakeCatalog())

    assert (7, "v0") == pricer.cost(deployment("p/known"), Usage(input=3, output=4), 0.0)


def test_unknown_has_no_version():
    """So that nobody takes it for free."""
    pricer = CatalogPricer(FakeCatalog())

    assert (0, "") == pricer.cost(deployment(None), Usage(input=3), 0.0)
    assert (0, "") == pricer.cost(deployment("p/none"), Usage(input=3), 0.0)
    assert float("inf") == pricer.usual(deployment("p/none"), 0.0)
    assert 2000.0 == pricer.usual(deployment("p/known"), 0.0)


def test_asks_once_a_minute():
    """A new price takes effect within the minute; until then it is one look-up."""
    catalog = FakeCatalog()
    pricer = CatalogPricer(catalog)
    for unix in (0.0, 30.0, 59.0, 60.0, 61.0):
        pricer.cost(deployment("p/known"), Usage(), unix)

    assert [("p/known", 0.0), ("p/known", 60.0)] == catalog.asked


def test_a_service_tier_has_its_own_price():
    """Flex and priority are asked for by name, and not remembered as the usual one."""

    class Tiered(FakeCatalog):
        def price(self, key, unix, service_tier=None):
            return Price(service_tier or "usual", RATES)

    pricer = CatalogPricer(Tiered())

    assert (1, "flex") == pricer.cost(deployment("p/known"), Usage(input=1), 0.0, "flex")
    assert (1, "usual") == pricer.cost(deployment("p/known"), Usage(input=1), 0.0)
