"""The house rules hold for every file, and each rule sees the fault planted for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.arch import manners
from tests.arch.tree import Source, sources

Rule = Callable[[Source], list[str]]

SHIPPED = ("src/trunkline",)
EVERYTHING = ("src", "tests", "bench", "scripts")
TESTS = ("tests",)

# Where a test may wait for real time: these run real servers, whose own clocks are under test.
REAL_TIME = ("tests/integration/", "tests/soak/", "tests/js/")

RULES: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (manners.missing_docstring, EVERYTHING),
    (manners.local_imports, EVERYTHING),
    (manners.bare_suppressions, EVERYTHING),
    (manners.untyped_maps, SHIPPED),
    (manners.module_state, SHIPPED),
    (manners.silent_tests, TESTS),
    (manners.mocks, TESTS),
)


@pytest.mark.parametrize(("rule", "folders"), RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_every_file_minds_its_manners(
    repository: Path, rule: Rule, folders: tuple[str, ...]
) -> None:
    """No file in reach of the rule breaks it."""
    assert [] == [fault for source in sources(repository, *folders) for fault in rule(source)]


def test_packages_are_empty(repository: Path) -> None:
    """Every __init__.py is empty but the one that holds the version."""
    inner = [s for s in sources(repository, *SHIPPED) if s.path != "src/trunkline/__init__.py"]

    assert [] == [fault for source in inner for fault in manners.full_init(source)]


def test_tests_do_not_sleep(repository: Path) -> None:
    """Tests move a fake clock; only those of real servers may wait."""
    every = [s for s in sources(repository, *TESTS) if not s.path.startswith(REAL_TIME)]

    assert [] == [fault for source in every for fault in manners.sleeps(source)]


# Written in two halves, or this file would break the rule it plants a breach of.
NOQA, IGNORE = "# no" + "qa", "# type: " + "ignore"

FAULTS: tuple[tuple[Rule, str, int], ...] = (
    (manners.missing_docstring, "x = 1", 1),
    (manners.missing_docstring, "", 0),
    (manners.missing_docstring, '"""Does."""\nx = 1', 0),
    (manners.full_init, "from a import b", 1),
    (manners.full_init, "", 0),
    (manners.local_imports, "def f():\n    import a", 1),
    (manners.local_imports, "async def f():\n    if g():\n        from a import b", 1),
    (manners.local_imports, "import a\nfrom a import b", 0),
    (manners.bare_suppressions, f"x = 1  {NOQA}", 1),
    (manners.bare_suppressions, f"x = 1  {NOQA}: E501", 1),
    (manners.bare_suppressions, f"x = 1  {NOQA} - because it must be so", 1),
    (manners.bare_suppressions, f"x = 1  {NOQA}: E501, S101 - because it must be so", 0),
    (manners.bare_suppressions, f"x = 1  {IGNORE}", 1),
    (manners.bare_suppressions, f"x = 1  {IGNORE}[attr-defined]", 1),
    (manners.bare_suppressions, f"x = 1  {IGNORE}[attr-defined]  # it has no stubs today", 0),
    (manners.bare_suppressions, f'x = "{NOQA}"', 0),
    (manners.untyped_maps, "def f(a: dict[str, Any]): ...", 1),
    (manners.untyped_maps, "def f() -> Sequence[dict[str, object]]: ...", 1),
    (manners.untyped_maps, "def f(a: dict | None): ...", 1),
    (manners.untyped_maps, "def f(\n    a: dict[str, Any],  # imposed by uvicorn\n): ...", 0),
    (manners.untyped_maps, "def f(*, a: typing.Mapping[str, Any]): ...", 1),
    (manners.untyped_maps, "def f(a: Mapping[str, Raw]) -> dict[str, int]: ...", 0),
    (manners.untyped_maps, "def f(schema: Mapping[str, object]): ...", 0),
    (manners.module_state, "seen = set()", 1),
    (manners.module_state, "seen: dict[str, int] = {}", 1),
    (manners.module_state, "seen = defaultdict(list)", 1),
    (manners.module_state, "def f():\n    global seen\n    seen = 1", 1),
    (manners.module_state, "def f():\n    seen = set()", 0),
    (manners.silent_tests, "def test_it(): ...", 1),
    (manners.silent_tests, 'async def test_it():\n    """It does."""', 0),
    (manners.silent_tests, "def helper(): ...", 0),
    (manners.mocks, "def test_it(monkeypatch): ...", 1),
    (manners.mocks, "def test_it(tmp_path): ...", 0),
    (manners.sleeps, "await asyncio.sleep(0.1)", 1),
    (manners.sleeps, "time.sleep(1)", 1),
    (manners.sleeps, "await asyncio.sleep(0)", 0),
    (manners.sleeps, "await asyncio.sleep(0.001)", 0),
    (manners.sleeps, "await asyncio.sleep(3600)", 0),
    (manners.sleeps, "await asyncio.sleep(delay)", 1),
)


@pytest.mark.parametrize(
    ("rule", "text", "faults"),
    FAULTS,
    ids=[f"{r.__name__}-{i}" for i, (r, _, _) in enumerate(FAULTS)],
)
def test_a_fault_is_seen(rule: Rule, text: str, faults: int) -> None:
    """Each rule finds what it is for, and nothing in what is fine."""
    source = Source("src/trunkline/a/__init__.py", text + "\n")

    assert faults == len(rule(source)), rule(source)
