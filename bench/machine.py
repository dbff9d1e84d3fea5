"""Starting, pinning and weighing the programs of a benchmark: loopback only, bounded in time."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Load(msgspec.Struct):
    """What the load generator prints."""

    c: int
    rps: float
    ok: int
    bad: int
    errs: int
    p50_us: float
    p99_us: float
    max_us: float
    ttfb50_us: float
    ttfb99_us: float
    secs: float


class Program:
    """A running program and all its children."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pids(self) -> list[int]:
        return _tree(self._process.pid)

    def cpu(self) -> float:
        """CPU seconds of the whole tree, user and system."""
        total = 0.0
        for pid in self.pids:
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += (int(fields[11]) + int(fields[12])) / TICK
        return total

    def rss(self) -> float:
        """MiB of the whole tree."""
        pages = 0
        for pid in self.pids:
            try:
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            except OSError:
                continue
        return pages * PAGE / 2**20

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        try:
            tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            continue
        found += [int(t) for t in tasks]
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, limit: float = 30.0) -> float:
    """Seconds until something listens there."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < limit:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return time.perf_counter() - begin
        except OSError:
            time.sleep(0.002)
    raise TimeoutError(f"nothing listens on port {port}")


@contextmanager
def running(
    command: Sequence[str | Path], *, core: int, env: dict[str, str] | None = None, log: Path
) -> Iterator[Program]:
    """A program pinned to one core; stopped at the end."""
    pinned = [*(("taskset", "-c", str(core)) if shutil.which("taskset") else ()), *command]
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(c) for c in pinned],
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
        )
    program = Program(process)
    try:
        yield program
    finally:
        program.stop()


def compile_c(source: Path, target: Path) -> Path:
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O2", "-w", "-o", str(target), str(source)], check=True)
    return target


class Call(NamedTuple):
    """What the load consists of."""

    port: int
    path: str
    body: Path
    headers: Sequence[str]


def drive(tool: Path, call: Call, *, concurrency: int, seconds: float, core: int) -> Load:
    port, path, body, headers = call
    pinned = ("taskset", "-c", str(core)) if shutil.which("taskset") else ()
    done = subprocess.run(
        [*pinned, str(tool), str(port), path, str(concurrency), str(seconds), str(body), *headers],
        capture_output=True,
        timeout=seconds + 60,
        check=True,
    )
    if done.stderr:
        print("   ", done.stderr.decode(errors="replace")[:400].strip())
    return msgspec.json.decode(done.stdout, type=Load)
