"""The linter's configuration bans what the house bans, and says what to use instead."""

import subprocess
import sys
from pathlib import Path

import pytest

BANNED = (
    ("import asyncio\n\nasyncio.create_task(f())", "TID251", "kernel.tasks.Tasks"),
    ("import asyncio\n\nasyncio.ensure_future(f())", "TID251", "kernel.tasks.Tasks"),
    ("import time\n\ntime.time()", "TID251", "kernel.clock.Clock"),
    ("import time\n\ntime.monotonic()", "TID251", "kernel.clock.Clock"),
    ("from time import perf_counter", "TID251", "kernel.clock.Clock"),
    ("from datetime import datetime\n\ndatetime.now(tz)", "TID251", "kernel.clock.Clock"),
    ("import random", "TID251", "dice"),
    ("from random import choice", "TID251", "dice"),
    ("from uuid import uuid4", "TID251", "kernel.ids"),
    ('import os\n\nos.environ["A"]', "TID251", "trunkline.config"),
    ('import os\n\nos.getenv("A")', "TID251", "trunkline.config"),
    ("import json", "TID251", "msgspec.json"),
    ("from unittest import mock", "TID251", "fake"),
    ("from unittest.mock import Mock", "TID251", "fake"),
    ("import logging", "TID251", "trunkline.observe.log"),
    ("import httpx", "TID251", "trunkline.transport"),
    ("from .sibling import name", "TID252", "absolute"),
    ("print(1)", "T201", "print"),
    ("def f():\n    global state\n    state = 1", "PLW0603", "global"),
    ("try:\n    f()\nexcept Exception:\n    pass", "BLE001", "blind"),
    ("def f(a=[]): ...", "B006", "mutable"),
)


def ruff(repository: Path, path: str, text: str) -> str:
    """What the linter says of a file with this text at this place."""
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--no-cache",
            "--output-format=concise",
            "--stdin-filename",
            path,
            "-",
        ],
        cwd=repository,
        input=f'"""Does one job."""\n\n{text}\n',
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize(("text", "code", "hint"), BANNED, ids=[text for text, _, _ in BANNED])
def test_what_the_house_bans_is_seen(repository: Path, text: str, code: str, hint: str) -> None:
    """The linter names the rule, and its message says what to use instead."""
    said = ruff(repository, "src/trunkline/flow/planted.py", text)

    assert [(True, True)] == [
        (code in line, hint.lower() in line.lower()) for line in said.splitlines() if code in line
    ], said


def test_the_command_line_may_print(repository: Path) -> None:
    """Printing is what a command line does."""
    assert "T201" not in ruff(repository, "src/trunkline/cli/planted.py", "print(1)")


def test_sound_code_passes(repository: Path) -> None:
    """The planted files above fail for what is planted, not for where they are."""
    text = "def double(number: int) -> int:\n    return 2 * number"

    assert "All checks passed!" in ruff(repository, "src/trunkline/flow/planted.py", text)
