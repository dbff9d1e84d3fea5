"""What the documents say can be done can be done: commands, links, paths, snippets."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from scripts import document_providers

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
_PATH = re.compile(r"`((?:src|tests|docs|scripts|requirements|bench)/[\w./-]+)`")
_TARGET = re.compile(r"(?:`|^)make ([a-z-]+)", re.MULTILINE)
_COMMAND = re.compile(r"(?:`|^|\n)trunkline ([a-z]+)", re.MULTILINE)


def documents(repository: Path) -> list[Path]:
    return sorted([*repository.glob("*.md"), *repository.glob("docs/**/*.md")])


def snippets(text: str, language: str) -> Iterator[str]:
    return (body for name, body in _FENCE.findall(text) if name == language)


def dead_links(document: Path) -> list[str]:
    text = document.read_text("utf-8")
    return [link for link in _LINK.findall(text) if not (document.parent / link).exists()]


def dead_paths(root: Path, text: str) -> list[str]:
    """Paths in backticks that are not there; a/b.py stands for any file in an example."""
    return [
        path
        for path in _PATH.findall(text)
        if not (root / path).exists() and not re.search(r"/a/(test_)?b\.py$", path)
    ]


def unknown_targets(text: str, targets: AbstractSet[str]) -> list[str]:
    return [target for target in _TARGET.findall(text) if target not in targets]


def test_links_lead_somewhere(repository: Path) -> None:
    """Each relative link names a file that exists."""
    assert {} == {
        str(d.relative_to(repository)): dead
        for d in documents(repository)
        if (dead := dead_links(d))
    }


def test_paths_exist(repository: Path) -> None:
    """Each path named in backticks is there."""
    assert {} == {
        str(d.relative_to(repository)): dead
        for d in documents(repository)
        if (dead := dead_paths(repository, d.read_text("utf-8")))
    }


def test_make_targets_exist(repository: Path) -> None:
    """Each `make ...` that a document names is a target."""
    makefile = (repository / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert {} == {
        str(d.relative_to(repository)): unknown
        for d in documents(repository)
        if (unknown := unknown_targets(d.read_text("utf-8"), targets))
    }


def test_commands_exist(repository: Path) -> None:
    """Each `trunkline ...` that a document names is a command with a help of its own."""
    named = {c for d in documents(repository) for c in _COMMAND.findall(d.read_text("utf-8"))}
    unknown = []
    for command in sorted(named):
        run = subprocess.run(
            [sys.executable, "-m", "trunkline", command, "--help"],
            cwd=repository,
            env={"PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0 or command not in run.stdout:
            unknown.append(command)

    assert "serve" in named
    assert [] == unknown


def test_snippets_parse(repository: Path) -> None:
    """Python snippets are Python, TOML snippets are TOML."""
    for document in documents(repository):
        text = document.read_text("utf-8")
        for snippet in snippets(text, "python"):
            ast.parse(snippet)
        for snippet in snippets(text, "toml"):
            tomllib.loads(snippet)


def test_every_room_is_described(repository: Path) -> None:
    """The architecture page has a line for every room there is."""
    page = (repository / "docs/architecture.md").read_text("utf-8")
    rooms = [
        p.name for p in (repository / "src/trunkline").iterdir() if (p / "__init__.py").is_file()
    ]

    assert [] == [room for room in rooms if f"| `{room}` |" not in page]


def test_the_page_of_providers_is_current(repository: Path) -> None:
    """It is what scripts/document_providers.py writes of the catalogue as it stands."""
    catalogue = (repository / "src/trunkline/providers/catalog.toml").read_text("utf-8")

    expected = document_providers.page(tomllib.loads(catalogue))
    assert expected == (repository / "docs/providers.md").read_text("utf-8"), "make fmt"


def test_every_decision_is_in_the_index(repository: Path) -> None:
    """The list of decisions is whole, and each has its date and state."""
    folder = repository / "docs/adr"
    index = (folder / "README.md").read_text("utf-8")
    records = sorted(folder.glob("0*.md"))

    assert [] == [r.name for r in records if f"({r.name})" not in index]
    assert [] == [
        r.name
        for r in records
        if not re.search(r"^20\d\d-\d\d-\d\d, \w+$", r.read_text(), re.MULTILINE)
    ]
    assert [f"{n:04}" for n in range(1, len(records) + 1)] == [r.name[:4] for r in records]


@pytest.mark.parametrize("heading", ("# Changelog", "## [Unreleased]", "### Added"))
def test_the_changelog_keeps_its_form(repository: Path, heading: str) -> None:
    """Keep a Changelog: a stranger's tools can read it."""
    assert heading in (repository / "CHANGELOG.md").read_text("utf-8").splitlines()


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    """A link to nothing is seen; one to a neighbour or the web is fine."""
    document = tmp_path / "a.md"
    document.write_text("[x](b.md) [y](a.md#top) [z](https://example.com/c.md) [w](#here)")

    assert ["b.md"] == dead_links(document)


def test_a_dead_path_is_seen(tmp_path: Path) -> None:
    """A path to nothing is seen; the made-up one of an example is fine."""
    (tmp_path / "docs").mkdir()
    text = "`docs/` and `docs/gone.md`, like `src/trunkline/a/b.py` in `tests/a/test_b.py`"

    assert ["docs/gone.md"] == dead_paths(tmp_path, text)


def test_an_unknown_target_is_seen() -> None:
    """Only commands count: at the start of a line or in backticks."""
    text = "make run\nwe make bread, `make tea` and `make test`"

    assert ["tea"] == unknown_targets(text, {"run", "test"})
