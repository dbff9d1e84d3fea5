"""Nothing that ships is too long to read: files, functions and parameter lists have budgets."""

from pathlib import Path

import pytest

from tests.arch import budget
from tests.arch.tree import Source, sources

SHIPPED = ("src", "bench", "scripts")

# How many exemptions there may be. These numbers only shrink.
EXEMPT_FILES = 0
EXEMPT_FUNCTIONS = 0


def test_files_keep_their_budget(repository: Path) -> None:
    """No file is longer than the hard limit, its tables not counted."""
    exempt = budget.exemptions(repository, "lines")

    assert [] == budget.too_long(
        budget.files(sources(repository, *SHIPPED)), budget.FILE_HARD, exempt
    )
    assert len(exempt) <= EXEMPT_FILES


def test_functions_keep_their_budget(repository: Path) -> None:
    """No function is longer than the hard limit, its docstring not counted."""
    exempt = budget.exemptions(repository, "functions")

    assert [] == budget.too_long(
        budget.functions(sources(repository, *SHIPPED)), budget.FUNCTION_HARD, exempt
    )
    assert len(exempt) <= EXEMPT_FUNCTIONS


def test_parameter_lists_are_short(repository: Path) -> None:
    """No function takes more than seven parameters; what belongs together is a Struct."""
    found = [
        f"{source.path}:{function.lineno} {function.name}"
        for source in sources(repository, *SHIPPED)
        for function in source.functions
        if budget.parameters(function) > budget.PARAMETERS
    ]

    assert [] == found


def test_a_long_file_is_seen() -> None:
    """A file one line over the limit is seen; one line fewer is fine."""
    long = Source("src/a.py", "x = f()\n" * (budget.FILE_HARD + 1))
    fine = Source("src/b.py", "x = f()\n" * budget.FILE_HARD)

    found = budget.too_long(budget.files([long, fine]), budget.FILE_HARD, {})

    assert ["src/a.py: 501 > 500"] == found


def test_a_table_counts_as_one_line() -> None:
    """A long literal is data, wherever it is wrapped in a call or not; a long function is not."""
    rows = "    1,\n" * 600
    table = Source(
        "a.py", f"A = (\n{rows})\nB: list[int] = [\n{rows}]\nC = frozenset((\n{rows}))\n"
    )
    code = Source("b.py", "def f():\n" + "    g()\n" * 600)

    assert (3, 601) == (budget.file_lines(table), budget.file_lines(code))


def test_a_long_function_is_seen() -> None:
    """A method one line over is seen by its name; its docstring is free."""
    body = "        g()\n" * budget.FUNCTION_HARD
    source = Source("a.py", f'class A:\n    def f(self):\n        """Tells.\n\n        """\n{body}')

    found = budget.too_long(budget.functions([source]), budget.FUNCTION_HARD, {})

    assert ["a.py:f: 61 > 60"] == found


def test_many_parameters_are_seen() -> None:
    """Keyword-only parameters count, self does not."""
    source = Source("a.py", "class A:\n    def f(self, a, b, c, d, *, e, f, g, h): ...\n")

    assert [8] == [budget.parameters(function) for function in source.functions]


@pytest.mark.parametrize(
    ("size", "found"),
    (
        (520, []),
        (521, ["a.py: 521 > 520"]),
        (510, ["a.py: lower or remove its exemption, it is 510 now"]),
        (400, ["a.py: lower or remove its exemption, it is 400 now"]),
    ),
)
def test_an_exemption_only_shrinks(size: int, found: list[str]) -> None:
    """An exempted file may keep its size, may not grow, and takes its exemption down with it."""
    sizes = iter([("a.py", size)])

    assert found == budget.too_long(sizes, budget.FILE_HARD, {"a.py": {"size": 520}})


def test_an_exemption_of_nothing_is_seen() -> None:
    """An entry for a file that is gone must go."""
    assert ["a.py: exempted, but gone"] == budget.too_long(
        iter([]), budget.FILE_HARD, {"a.py": {"size": 520}}
    )
