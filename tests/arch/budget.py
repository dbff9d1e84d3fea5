"""How big a file or a function is, counted so that tables and documentation are free."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.arch.tree import Function, Source

FILE_SOFT, FILE_HARD = 300, 500
FUNCTION_SOFT, FUNCTION_HARD = 40, 60
PARAMETERS = 7


def exemptions(repository: Path, kind: str) -> Mapping[str, Mapping[str, Any]]:
    """The entries of one kind in exemptions.toml."""
    text = (repository / "tests/arch/exemptions.toml").read_text("utf-8")
    return tomllib.loads(text)[kind]


def span(node: ast.stmt | ast.expr) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def is_table(node: ast.stmt) -> bool:
    """A module-level constant written as a literal, or a call around one (Registry([...]))."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    value = node.value
    if isinstance(value, ast.Call) and len(value.args) == 1:
        value = value.args[0]
    return isinstance(value, ast.Dict | ast.List | ast.Set | ast.Tuple | ast.Constant)


def file_lines(source: Source) -> int:
    """Lines of a file, a table of any length counting as one."""
    tables = (span(node) - 1 for node in source.tree.body if is_table(node))
    return len(source.text.splitlines()) - sum(tables)


def function_lines(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    return span(function) - (span(first) if documented else 0)


def parameters(function: Function) -> int:
    """Parameters without self and cls."""
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def too_long(
    sizes: Iterator[tuple[str, int]], limit: int, exempt: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """What exceeds the limit or its exemption, and exemptions that have become too generous."""
    found = []
    unused = set(exempt)
    for name, size in sizes:
        allowed = exempt[name]["size"] if name in exempt else limit
        unused.discard(name)
        if size > allowed:
            found.append(f"{name}: {size} > {allowed}")
        elif name in exempt and (size <= limit or size < allowed):
            found.append(f"{name}: lower or remove its exemption, it is {size} now")
    return found + [f"{name}: exempted, but gone" for name in sorted(unused)]


def files(every: list[Source]) -> Iterator[tuple[str, int]]:
    return ((source.path, file_lines(source)) for source in every)


def functions(every: list[Source]) -> Iterator[tuple[str, int]]:
    return ((f"{s.path}:{f.name}", function_lines(f)) for s in every for f in s.functions)
