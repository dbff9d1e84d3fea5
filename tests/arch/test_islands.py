"""Extension folders are islands: none imports another, and only its host's registry imports it."""

import sys
from pathlib import Path

import grimp

from tests.arch.tree import plant

SHARED = ("storage.sql",)
"""Folders that are no extension: the stores that every database has (docs/adr/0014)."""
HOSTS = ("dialects", "faces", "pipeline", "providers", "routing", "storage")


def leaks(graph: grimp.ImportGraph, package: str) -> list[str]:
    """Imports that reach into an extension from outside, as "importer -> module"."""
    found = []
    for host in HOSTS:
        registry = f"{package}.{host}.registry"
        for island in graph.find_children(f"{package}.{host}"):
            if not graph.find_children(island) or island.endswith(SHARED):
                continue  # a part of the host itself
            for module in graph.find_descendants(island) | {island}:
                found += [
                    f"{importer} -> {module}"
                    for importer in graph.find_modules_that_directly_import(module)
                    if importer not in (island, registry) and not importer.startswith(island + ".")
                ]
    return sorted(found)


def test_extension_folders_are_islands() -> None:
    """No extension reaches another, and nobody but the registry reaches in."""
    graph = grimp.build_graph("trunkline", cache_dir=None)

    assert [] == leaks(graph, "trunkline")


def test_a_bridge_is_seen(tmp_path: Path) -> None:
    """A dialect that imports another, and a flow that imports a dialect, are both seen."""
    plant(
        tmp_path,
        {
            "archipelago/__init__.py": "",
            **{f"archipelago/{host}/__init__.py": "" for host in (*HOSTS, "flow")},
            "archipelago/dialects/registry.py": "import archipelago.dialects.one.dialect\n",
            "archipelago/dialects/one/__init__.py": "",
            "archipelago/dialects/one/dialect.py": "import archipelago.dialects.one.parts\n",
            "archipelago/dialects/one/parts.py": "",
            "archipelago/dialects/two/__init__.py": "",
            "archipelago/dialects/two/dialect.py": "import archipelago.dialects.one.parts\n",
            "archipelago/flow/serve.py": "import archipelago.dialects.two.dialect\n",
        },
    )
    sys.path.insert(0, str(tmp_path))
    try:
        graph = grimp.build_graph("archipelago", cache_dir=None)
    finally:
        sys.path.remove(str(tmp_path))

    assert [
        "archipelago.dialects.two.dialect -> archipelago.dialects.one.parts",
        "archipelago.flow.serve -> archipelago.dialects.two.dialect",
    ] == leaks(graph, "archipelago")
