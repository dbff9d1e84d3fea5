"""A task that needs a tool, what an agent makes of it, and the books of everybody involved."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.agents.tap import Asked, Tap
from tests.integration.books import Told, of_ledger
from tests.integration.program import Gateway, call

PATIENCE = 100.0
"""Seconds: agents start slowly on a busy machine."""
SECRET = "the word is quokka 7193"
COMMAND = "tee made.txt < secret.txt"
"""Shows the tool's result and leaves a trace of it."""
NOWHERE = "http://127.0.0.1:9"
"""The discard port (RFC 863), where nobody listens: a proxy for all but the gateway."""


class Line(NamedTuple):
    """A gateway with one upstream, `up`, which is a simulator that speaks one dialect."""

    dialect: str
    gateway: Gateway
    simulator: str
    tap: Tap


class Ended(NamedTuple):
    code: int
    said: str
    log: str


@dataclass
class Errand:
    """One task of one agent, in a folder and a home of its own, with a key of its own."""

    line: Line
    folder: Path
    home: Path
    key: str

    def __post_init__(self) -> None:
        for made in (self.folder, self.home):
            made.mkdir(parents=True)
        for name, text in (("secret", SECRET), ("left", "left"), ("right", "right")):
            (self.folder / f"{name}.txt").write_text(text + "\n", "utf-8")
        self._asked = len(self.line.tap.book)
        self._answered = _total(self.line.simulator)

    @property
    def base(self) -> str:
        """Where the agent finds the gateway."""
        return self.line.tap.base

    def prompt(self, tool: str, parameter: str, *, thoughtful: bool = True, **more: str) -> str:
        """
        The task, with the plan that `sim-agent` follows: call twice at once, call, tell.

        `parameter` is what the agent's shell calls its command, `more` what else it demands.
        A thoughtful model thinks before it calls, and says something at first.
        """

        def call(command: str) -> Mapping[str, object]:
            return {"name": tool, "arguments": {parameter: command, **more}}

        looks = [call("cat left.txt"), call("cat right.txt")]
        first, second = ("First I look around.", "It must be it.") if thoughtful else ("", "")
        said = "Let me see." if thoughtful else ""
        plan = [
            {"reasoning": first, "text": said, "tool_calls": looks},
            {"reasoning": second, "tool_calls": [call(COMMAND)]},
            {"text": "The file says: {results}"},
        ]
        return f"Copy the secret and tell it. <plan>{msgspec.json.encode(plan).decode()}</plan>"

    def run(self, command: list[str], environ: Mapping[str, str], stdin: str = "") -> Ended:
        """The agent to its end, with no way into the world but the gateway."""
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env={
                "PATH": os.defpath,
                "HOME": str(self.home),
                "TERM": "dumb",
                "NO_COLOR": "1",
                "HTTP_PROXY": NOWHERE,
                "HTTPS_PROXY": NOWHERE,
                "NO_PROXY": "127.0.0.1,localhost",
                **environ,
            },
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def asked(self) -> list[Asked]:
        """What the agent asked the gateway, in order."""
        return self.line.tap.book[self._asked :]

    def turns(self) -> list[Asked]:
        """Those that are booked: not its probes."""
        return [asked for asked in self.asked() if asked.request_id]

    def rows(self) -> list[Any]:
        """The simulator's log of it."""
        rows = call(self.line.simulator, "GET", f"/sim/log?since={self._answered}").json()["rows"]
        return list(rows)

    def steps(self) -> list[Any]:
        """Of the log, the rows of the loop: where tools were offered."""
        return [row for row in self.rows() if row["tools"]]

    def entry(self, asked: Asked) -> Any:
        """The ledger's entry of a request."""
        return self.line.gateway.admin("GET", f"/requests/{asked.request_id}").json()

    def prove_done(self, ended: Ended, final: str) -> None:
        """The tool ran, and its result came back through the model: its last words quote it."""
        assert 0 == ended.code, ended
        assert SECRET == (self.folder / "made.txt").read_text("utf-8").strip()
        assert "The file says: " in final
        assert SECRET in final.partition("The file says: ")[2]

    def prove_loop(self) -> None:
        """Each turn of the model with the results of the calls before it; nothing broke."""
        assert [(0, "tool_calls"), (2, "tool_calls"), (1, "stop")] == [
            (row["results"], row["finish"]) for row in self.steps()
        ]
        for row in self.rows():
            assert (200, True, "played") == (row["status"], row["finished"], row["outcome"])
            assert self.line.dialect == row["dialect"]

    def prove_books(self) -> None:
        """Each request was sent upstream once, and is billed as what the upstream counted."""
        entries = [self.entry(asked) for asked in self.turns()]
        assert ["ok"] * len(entries) == [entry["status"] for entry in entries]
        assert [1] * len(entries) == [len(entry["attempts"]) for entry in entries]
        sent = [row["usage"] for row in self.rows()]
        assert sorted(map(_told, sent)) == sorted(map(of_ledger, entries))


def _told(usage: Any) -> Told:
    return Told(usage["input"], usage["cache_read"], usage["cache_write"], usage["output"])


def _total(simulator: str) -> int:
    """The number of its newest row."""
    rows = call(simulator, "GET", "/sim/log").json()["rows"]
    return int(rows[-1]["seq"]) if rows else 0
