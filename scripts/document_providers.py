"""Writes docs/providers.md from the catalogue of providers: `make fmt` runs it."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "src/trunkline/providers/catalog.toml"
PAGE = ROOT / "docs/providers.md"

HEAD = """\
# Providers

Written by `scripts/document_providers.py` from `src/trunkline/providers/catalog.toml`; change that.

A provider whose key is in the environment is served without any configuration. A table
`[providers.NAME]` in the configuration sets its key, address or limits; with `dialect` and `base_url`
it names a provider that is not listed here. A model is asked for as `provider/model`.

| name | dialect | address | key |
|---|---|---|---|
"""


def key(row: Mapping[str, Any]) -> str:
    """How it gets its credential."""
    names = ", ".join(f"`{name}`" for name in row.get("env", ()))
    if not names:
        return "none"
    return f"{names} (optional)" if row.get("key_optional") else names


def address(row: Mapping[str, Any]) -> str:
    """Where it is, or which variable tells."""
    if not row.get("base_url") and row.get("kind", "http") != "http":
        return "in Trunkline itself"
    known = f"`{row['base_url']}`" if row.get("base_url") else "yours"
    names = (*row.get("base_url_env", ()), *row.get("region_env", ()))
    variables = ", ".join(f"`{name}`" for name in names)
    if row.get("region_env"):
        return f"{known}, region from {variables}"
    return f"{known}, or {variables}" if variables else known


def lines(catalogue: Mapping[str, Any]) -> Iterator[str]:
    """One row of the table for each provider."""
    for name, row in catalogue["providers"].items():
        yield f"| `{name}` | {row['dialect']} | {address(row)} | {key(row)} |\n"


def page(catalogue: Mapping[str, Any]) -> str:
    """The whole document."""
    return HEAD + "".join(lines(catalogue))


if __name__ == "__main__":
    PAGE.write_text(page(tomllib.loads(CATALOGUE.read_text("utf-8"))), "utf-8")
