"""The house rules that no linter knows, one function each: a file in, its faults out."""

import ast
import re
from collections.abc import Iterator

from tests.arch.tree import Function, Source

_SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore)(.*)")
_CODES = re.compile(r"^(\[[\w\s,-]+\]|:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)")
_REASON_LETTERS = 6
_BAG = re.compile(r"\bdict(?:\[[^\[\]]*, (?:Any|object)\]|(?!\[))|\b\w*Mapping\[[^\[\]]*, Any\]")


def missing_docstring(source: Source) -> list[str]:
    """A file with anything in it opens by saying the one job it has."""
    if not source.tree.body or ast.get_docstring(source.tree):
        return []
    return [f"{source.path}: no docstring that says its one job"]


def full_init(source: Source) -> list[str]:
    """Packages are empty: a name is imported from where it is defined."""
    if source.path.endswith("/__init__.py") and source.tree.body:
        return [f"{source.path}: not empty"]
    return []


def local_imports(source: Source) -> list[str]:
    """Imports stand at the top, where the import contracts and the reader see them."""
    return [
        f"{source.path}:{node.lineno}: import inside {function.name}"
        for function in source.functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def bare_suppressions(source: Source) -> list[str]:
    """A suppression names its rule and gives its reason in the same line."""
    found = []
    for number, comment in source.comments:
        if match := _SUPPRESSION.search(comment):
            codes = _CODES.match(match[2])
            reason = match[2][codes.end() :] if codes else ""
            if sum(map(str.isalpha, reason)) < _REASON_LETTERS:
                found.append(f"{source.path}:{number}: {comment}")
    return found


def _annotations(function: Function) -> Iterator[ast.expr]:
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (
        a.annotation for a in (*every, arguments.vararg, arguments.kwarg) if a and a.annotation
    )
    if function.returns:
        yield function.returns


def untyped_maps(source: Source) -> list[str]:
    """
    No bag of anything in a signature: a Struct, or a Mapping that must be looked into to be used.

    A type that a library imposes says so beside it: `# imposed by uvicorn`.
    """
    imposed = {line for line, comment in source.comments if "imposed by" in comment}
    return [
        f"{source.path}:{function.lineno} {function.name}: {bag}"
        for function in source.functions
        for annotation in _annotations(function)
        for bag in _BAG.findall(ast.unparse(annotation))
        if annotation.lineno not in imposed
    ]


def module_state(source: Source) -> list[str]:
    """An empty container at module level is state waiting to happen; so is `global`."""
    found = [
        f"{source.path}:{node.lineno}: global {', '.join(node.names)}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Global)
    ]
    for node in source.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            empty = ast.unparse(node.value) in ("[]", "{}", "set()", "dict()", "list()")
            if empty or ast.unparse(node.value).startswith(("defaultdict(", "deque(")):
                found.append(f"{source.path}:{node.lineno}: {ast.unparse(node)}")
    return found


def silent_tests(source: Source) -> list[str]:
    """A test's docstring is the behaviour it checks."""
    return [
        f"{source.path}:{function.lineno} {function.name}: no docstring"
        for function in source.functions
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]


def mocks(source: Source) -> list[str]:
    """Fakes, not mocks: what is patched from outside was not passed in."""
    found = []
    for function in source.functions:
        names = {argument.arg for argument in function.args.args}
        if names & {"monkeypatch", "mocker"}:
            found.append(f"{source.path}:{function.lineno} {function.name}: patches")
    return found


def sleeps(source: Source) -> list[str]:
    """A test that waits for real time is slow or flaky, mostly both."""
    return [
        f"{source.path}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("asyncio.sleep", "time.sleep")
        and not (node.args and isinstance(node.args[0], ast.Constant) and _no_wait(node.args[0]))
    ]


def _no_wait(seconds: ast.Constant) -> bool:
    """
    A sleep that is not waiting for time.

    0 only yields; up to 10 ms is the step of polling a real socket or thread; a minute or more
    stands for what never ends and is cancelled.
    """
    return isinstance(seconds.value, int | float) and not 0.01 < seconds.value < 60
