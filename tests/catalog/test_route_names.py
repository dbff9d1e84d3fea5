"""What the route table asks of the catalogue."""

from trunkline.catalog.catalog import Catalog
from trunkline.catalog.route_names import CatalogNames

NAMES = CatalogNames(Catalog.load())


def test_an_id_of_openrouter_has_a_direct_provider():
    """By that one's own name for the model; what is no such id has none."""
    assert ("anthropic", "claude-3-5-sonnet-20241022") == NAMES.direct(
        "anthropic/claude-3.5-sonnet"
    )
    assert NAMES.direct("gpt-4o-mini") is None


def test_who_serves_a_name():
    """Configured or not: those that the catalogue lists under it."""
    assert "openai" in NAMES.holders("gpt-4o-mini")
    assert "anthropic" in NAMES.holders("anthropic/claude-3.5-sonnet")
    assert [] == NAMES.holders("nobody-has-this")


def test_near_names():
    """Of those that are known here."""
    assert ["gpt-4o-mini"] == list(NAMES.nearest("gpt-4o-mni", ["gpt-4o-mini", "sim-chat"]))
