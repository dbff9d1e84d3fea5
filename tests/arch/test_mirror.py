"""Tests mirror src: src/trunkline/a/b.py is tested by tests/a/test_b.py."""

import ast
from collections.abc import Collection, Sequence
from pathlib import Path

from tests.arch.budget import exemptions
from tests.arch.tree import Source, plant, sources

# How many exemptions there may be. This number only shrinks.
EXEMPT = 0


def says_something(statement: ast.stmt) -> bool:
    """False for what a Protocol's method is made of: a docstring, `...`, pass."""
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return not constant and not isinstance(statement, ast.Pass)


def has_code(source: Source) -> bool:
    """True where some function does something: structs, protocols and tables need no test."""
    functions = (function for function in source.functions if function.name != "__repr__")
    return any(says_something(line) for function in functions for line in function.body)


def mirror(path: str) -> str:
    """The path of the test file that belongs to a source file."""
    folder, _, name = path.removeprefix("src/trunkline/").removesuffix(".py").rpartition("/")
    return "/".join(filter(None, ("tests", folder, f"test_{name.strip('_')}.py")))


def untested(repository: Path) -> list[str]:
    """The files that want a test which is not there."""
    return [
        source.path
        for source in sources(repository, "src/trunkline")
        if has_code(source) and not (repository / mirror(source.path)).is_file()
    ]


def beyond(missing: Sequence[str], exempt: Collection[str]) -> list[str]:
    """What is neither tested nor exempt, and exemptions that nothing needs; "a/b/" is a folder."""
    folders = tuple(path for path in exempt if path.endswith("/"))
    wanted = [
        f"{path} wants {mirror(path)}"
        for path in missing
        if path not in exempt and not path.startswith(folders)
    ]
    needless = [
        f"{entry} needs no exemption"
        for entry in exempt
        if not any(
            path == entry or (entry in folders and path.startswith(entry)) for path in missing
        )
    ]
    return wanted + needless


def test_every_file_has_its_test(repository: Path) -> None:
    """Each file with code has the test file that mirrors it, or is on a list that only shrinks."""
    exempt = exemptions(repository, "unmirrored")

    assert [] == beyond(untested(repository), exempt)
    assert len(exempt) <= EXEMPT


def test_a_file_without_a_test_is_seen(tmp_path: Path) -> None:
    """A function that does something wants a test; structs and protocols do not."""
    plant(
        tmp_path,
        {
            "src/trunkline/a/code.py": "def f():\n    return 1\n",
            "src/trunkline/a/tested.py": "def f():\n    return 1\n",
            "src/trunkline/a/struct.py": "class A:\n    x: int\n",
            "src/trunkline/a/protocol.py": 'class A:\n    def f(self):\n        """Says."""\n',
            "src/trunkline/__main__.py": "def f():\n    return 1\n",
            "tests/a/test_tested.py": "",
        },
    )

    assert ["src/trunkline/__main__.py", "src/trunkline/a/code.py"] == untested(tmp_path)


def test_an_exemption_covers_what_it_names() -> None:
    """A file or a whole folder may be exempt; an exemption that nothing needs is seen."""
    missing = ["src/trunkline/a/b.py", "src/trunkline/sim/c.py", "src/trunkline/sim/d.py"]

    assert [
        "src/trunkline/a/b.py wants tests/a/test_b.py",
        "src/trunkline/e.py needs no exemption",
    ] == beyond(missing, ["src/trunkline/sim/", "src/trunkline/e.py"])
