"""From tables to providers; who is configured as before stays."""

import pytest
from msgspec import Raw

from tests.providers.sim.kit import FakeClock, zeros
from trunkline.catalog.catalog import Catalog
from trunkline.config.errors import ConfigError
from trunkline.providers.base import Surroundings
from trunkline.providers.building import Built, build_providers
from trunkline.providers.http.provider import SPEC as HTTP
from trunkline.providers.rows import ProviderRows
from trunkline.providers.sim.provider import SPEC as SIM

KINDS = {"http": HTTP, "sim": SIM}
LENT = Surroundings(
    transport=None,
    clock=FakeClock(),
    catalog=Catalog.load(),
    rows=ProviderRows.load(),
    entropy=zeros,
    dice=float,
    dialects=("openai-chat", "other"),
)


def build(tables: dict[str, bytes], standing: dict[str, Built] | None = None) -> dict[str, Built]:
    raw = {name: Raw(table) for name, table in tables.items()}
    return build_providers(raw, KINDS, LENT, standing or {})


def test_each_table_becomes_a_provider() -> None:
    """Under its own name, in the file's order; the kind follows from the name or is given."""
    built = build({"openai": b'{"api_key":"sk-1"}', "sim": b"{}", "other": b'{"kind":"sim"}'})

    assert ["openai", "sim", "other"] == [one.provider.name for one in built.values()]
    assert b"{}" == built["sim"].table


def test_an_unchanged_table_keeps_its_provider() -> None:
    """And with it connections and a loaded model; a changed one gets another, a missing one goes."""
    first = build({"sim": b"{}", "two": b'{"kind":"sim"}', "three": b'{"kind":"sim"}'})
    second = build({"sim": b"{}", "two": b'{"kind":"sim","defaults":"ttft=1"}'}, first)

    assert {"sim", "two"} == set(second)
    assert first["sim"] is second["sim"]
    assert first["two"].provider is not second["two"].provider


@pytest.mark.parametrize(
    ("table", "told"),
    (
        (b'{"kind":"x"}', "providers.a.kind: no such kind; there are http, sim"),
        (
            b'{"dialect":"x","base_url":"http://h/v1"}',
            "providers.a.dialect: no such dialect; there are openai-chat, other",
        ),
    ),
)
def test_what_does_not_exist_is_told(table: bytes, told: str) -> None:
    """With the key's path, and what there is instead."""
    with pytest.raises(ConfigError) as refused:
        build({"a": table})
    assert told == str(refused.value)
