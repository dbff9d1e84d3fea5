"""Lists, after a run, what has outgrown the soft budgets: no failure, but a place to look."""

import pytest

from tests.arch import budget
from tests.arch.tree import sources


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    every = sources(terminalreporter.config.rootpath, "src", "bench", "scripts")
    long = [(n, s) for n, s in budget.files(every) if s > budget.FILE_SOFT]
    long += [(n, s) for n, s in budget.functions(every) if s > budget.FUNCTION_SOFT]
    if long:
        terminalreporter.section("over the soft budget (300 lines a file, 40 a function)")
        for name, size in sorted(long, key=lambda pair: -pair[1]):
            terminalreporter.line(f"{size:4} {name}")
