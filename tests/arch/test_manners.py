"""The house rules hold for every file, and each rule sees the fault planted for it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.arch import manners
from tests.arch.tree import Source, sources

# Every file is parsed within one test: fifteen seconds, and minutes on a very busy machine.
pytestmark = pytest.mark.timeout(600)

Rule = Callable[[Source], list[str]]

SHIPPED = ("src/trunkline",)
EVERYTHING = ("src", "tests", "bench", "scripts")
TESTS = ("tests",)

# Where a test may wait for real time: these run real servers, whose own clocks are under test.
REAL_TIME = ("tests/integration/", "tests/soak/", "tests/js/")


def full_inner_init(source: Source) -> list[str]:
    """Every __init__.py but the one that holds the version."""
    return [] if source.path == "src/trunkline/__init__.py" else manners.full_init(source)


RULES: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (manners.missing_docstring, EVERYTHING),
    (manners.local_imports, EVERYTHING),
    (manners.bare_suppressions, EVERYTHING),
    (manners.untyped_maps, SHIPPED),
    (manners.module_state, SHIPPED),
    (manners.silent_tests, TESTS),
    (manners.mocks, TESTS),
    (manners.sleeps, TESTS),
    (full_inner_init, SHIPPED),
)


def in_reach(rule: Rule, folders: tuple[str, ...], path: str) -> bool:
    """Tests move a fake clock; only those of real servers may wait."""
    if rule is manners.sleeps and path.startswith(REAL_TIME):
        return False
    return path.startswith(tuple(f"{folder}/" for folder in folders))


@pytest.fixture(scope="module")
def faults(repository: Path) -> Mapping[str, list[str]]:
    """By rule; found in one go, since to parse a file takes longer than to judge it."""
    found: dict[str, list[str]] = {rule.__name__: [] for rule, _ in RULES}
    for source in sources(repository, *EVERYTHING):
        for rule, folders in RULES:
            if in_reach(rule, folders, source.path):
                found[rule.__name__] += rule(source)
    return found


@pytest.mark.parametrize("rule", [rule.__name__ for rule, _ in RULES])
def test_every_file_minds_its_manners(faults: Mapping[str, list[str]], rule: str) -> None:
    """No file in reach of the rule breaks it."""
    assert [] == faults[rule]


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
