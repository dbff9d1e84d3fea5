"""Tests mirror src: src/trunkline/a/b.py is tested by tests/a/test_b.py."""

import ast
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
    return [
        f"{source.path} wants {mirror(source.path)}"
        for source in sources(repository, "src/trunkline")
        if has_code(source) and not (repository / mirror(source.path)).is_file()
    ]


def test_every_file_has_its_test(repository: Path) -> None:
    """Each file with code has the test file that mirrors it, or is on a list that only shrinks."""
    exempt = exemptions(repository, "unmirrored")

    missing = [line for line in untested(repository) if line.split()[0] not in exempt]
    needless = [
        path
        for path in exempt
        if (repository / mirror(path)).is_file() or not (repository / path).is_file()
    ]

    assert ([], []) == (missing, needless)
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

    assert [
        "src/trunkline/__main__.py wants tests/test_main.py",
        "src/trunkline/a/code.py wants tests/a/test_code.py",
    ] == untested(tmp_path)
