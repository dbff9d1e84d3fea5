"""Reads a tree of Python files for the checks of this folder."""

import ast
import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: str
    """From the root of the repository, with forward slashes."""
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def functions(self) -> Sequence[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def comments(self) -> Sequence[tuple[int, str]]:
        """Line numbers and texts."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]


def sources(root: Path, *folders: str) -> list[Source]:
    """Every Python file below these folders of `root`, in a fixed order."""
    return [
        Source(path.relative_to(root).as_posix(), path.read_text("utf-8"))
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if not re.search(r"/(node_modules|__pycache__|corpus)/", path.as_posix())
    ]


def plant(root: Path, files: Mapping[str, str]) -> None:
    """Writes files below `root`: the violations that each check must see."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
