"""The gateway and the simulator as processes of their own, started as a person would start them."""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

_BESIDE = Path(sys.executable).with_name("trunkline")
# The second where tests run in an environment of their own: make test-clients.
COMMAND = str(_BESIDE if _BESIDE.exists() else Path(__file__).parents[2] / ".venv/bin/trunkline")
# Generous: a machine that runs other checks beside these may be slow to start a process.
PATIENCE = 60.0
_STEP = 0.01
_BASE = re.compile(r"(http://127\.0\.0\.1:\d+)")


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    names: tuple[str, ...]
    """Of the headers, as often as each came."""

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def call(
    base: str,
    method: str,
    path: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own; `body` is bytes as they are, or a value for JSON."""
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=PATIENCE)
    data = body if isinstance(body, bytes | None) else msgspec.json.encode(body)
    try:
        connection.request(method, path, data, dict(headers or {}))
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        names = tuple(name.lower() for name, _ in response.getheaders())
        return Answer(response.status, named, response.read(), names)
    finally:
        connection.close()


def losses(headers: Mapping[str, str]) -> str:
    """What a translation warns of: not that nobody knows a price, as of any model on this machine."""
    told = headers.get("x-trunkline-warnings", "").split("; ")
    return "; ".join(note for note in told if not note.startswith("model: no price is known"))


def pause() -> None:
    """A step of polling what another process does."""
    threading.Event().wait(_STEP)


class Program:
    """A running `trunkline ...`, what it has said so far, and a way to stop it."""

    def __init__(
        self, arguments: list[str], folder: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.said_file, self.log_file = folder / "stdout.txt", folder / "stderr.txt"
        with self.said_file.open("wb") as said, self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [COMMAND, *arguments],
                stdout=said,
                stderr=log,
                cwd=folder,
                env=bare_environment(folder) | dict(environ or {}),
            )

    @property
    def said(self) -> str:
        return self.said_file.read_text("utf-8")

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8")

    def wait_for(self, pattern: str, *, log: bool = False) -> re.Match[str]:
        """The first match of a regular expression in what it says (or logs), once it is there."""
        for _ in range(int(PATIENCE / _STEP)):
            if (found := re.search(pattern, self.log if log else self.said)) is not None:
                return found
            if self.process.poll() is not None:
                break
            pause()
        raise AssertionError(f"no {pattern!r} in:\n{self.said}\n{self.log}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


class Gateway(Program):
    """`trunkline serve`, ready."""

    def __init__(
        self, folder: Path, config: str = "", *more: str, environ: Mapping[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.config = folder / "trunkline.toml"
        if config:
            self.config.write_text(config, "utf-8")
        super().__init__(["serve", "--port", "0", "--data", str(self.data), *more], folder, environ)
        self.base = self.wait_for(_BASE.pattern)[1]

    @property
    def key(self) -> str:
        return (self.data / "first-key").read_text("ascii").strip()

    @property
    def admin_key(self) -> str:
        return (self.data / "admin-key").read_text("ascii").strip()

    def post(self, path: str, body: object, key: str | None = None, **headers: str) -> Answer:
        """With the first key, unless another (or "" for none) is given."""
        return call(self.base, "POST", path, body, self._headers(key, headers))

    def get(self, path: str, key: str | None = None, **headers: str) -> Answer:
        return call(self.base, "GET", path, None, self._headers(key, headers))

    def admin(self, method: str, path: str, body: object = None) -> Answer:
        headers = {"authorization": f"Bearer {self.admin_key}"}
        return call(self.base, method, f"/admin/v1{path}", body, headers)

    def await_workers(self, count: int) -> None:
        """Until so many serve: what it prints, it prints before they do."""
        while len(self._journals()) < count or not self.alive():
            pause()

    def alive(self) -> bool:
        """Whether some worker answers."""
        try:
            return self.get("/healthz", "").status == 200
        except OSError:
            return False

    def _journals(self) -> list[str]:
        folder = self.data / "journal"
        return [path.name for path in folder.iterdir() if path.is_dir()] if folder.exists() else []

    def children(self) -> list[int]:
        """Its workers' process ids."""
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
        )
        lines = (line.split() for line in listed.stdout.splitlines())
        parent = str(self.process.pid)
        return [int(pid) for pid, ppid, stat in lines if ppid == parent and stat[0] != "Z"]

    def entry(self, request_id: str, key: str | None = None) -> Any:
        """What the ledger holds of a request, as its own key sees it."""
        answer = self.get(f"/v1/requests/{request_id}", key)
        assert 200 == answer.status, answer.body
        return answer.json()

    def new_key(self, **wanted: object) -> str:
        answer = self.admin("POST", "/keys", {"name": "a test", **wanted})
        assert 201 == answer.status, answer.body
        return str(answer.json()["key"])

    def _headers(self, key: str | None, more: Mapping[str, str]) -> Mapping[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        token = self.key if key is None else key
        return {"authorization": f"Bearer {token}", **named} if token else named


def bare_environment(folder: Path) -> dict[str, str]:
    """Nothing of the environment these tests run in: above all no provider's keys."""
    return {"PATH": os.defpath, "HOME": str(folder)}


def run(
    folder: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A `trunkline` command to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=bare_environment(folder) | dict(environ or {}),
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def serving(
    folder: Path, config: str = "", *more: str, environ: Mapping[str, str] | None = None
) -> Generator[Gateway]:
    """A gateway; on the way out it must stop as it should."""
    gateway = Gateway(folder, config, *more, environ=environ)
    try:
        yield gateway
    except BaseException:
        gateway.process.kill()
        gateway.process.wait()
        raise
    assert 0 == gateway.stop(), gateway.log


@contextmanager
def simulating(folder: Path, *more: str) -> Generator[str]:
    """`trunkline sim` on a port of its own; its base URL."""
    folder.mkdir(parents=True, exist_ok=True)
    simulator = Program(["sim", "--port", "0", *more], folder)
    try:
        yield simulator.wait_for(_BASE.pattern)[1]
    finally:
        assert 0 == simulator.stop(), simulator.log
