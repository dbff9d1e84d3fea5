"""
A private PostgreSQL for the tests: started once a session on a free port, in a folder of its own.

Fixtures (tests/conftest.py, tests/storage/conftest.py):

    database     a migrated, empty `Database`, once as SQLite and once as PostgreSQL:
                     def test_x(database):
                         async def work():
                             await database.write(lambda session: session.run("...", (1,)))
                             return await database.read(lambda session: session.one("..."))
                         assert (1,) == asyncio.run(work())
                 It outlives one asyncio.run, so a test may have several.
    postgres     the server that all share: `postgres.fresh()` names a new migrated database by its
                 URL. Do not stop it.
    running(*settings)   one of your own, to `stop()`, `start()` and `kill()`.

What the two databases do not agree on, as far as we met it: `? IS NULL` needs CAST(? AS TEXT);
integers are never booleans (`WHERE stream = 1`); no aggregate without GROUP BY over other columns;
every subquery in FROM has a name; ON CONFLICT may not touch one row twice in one statement.
"""

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest

from tests.ledger.making import FakeClock
from trunkline.storage.postgres.connection import Address
from trunkline.storage.postgres.migrations import migrate

PASSWORD = "s3cret&p/w"
_ESCAPED = "s3cret%26p%2Fw"
_TRIES, _PAUSE = 1000, 0.01
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=32MB",
    "max_connections=60",
)


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, of the newest version there is; None: not installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    on_path = shutil.which("postgres")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


class PostgresServer:
    def __init__(self, *settings: str, like: Path | None = None) -> None:
        """Makes and starts it. `settings`: "name=value". `like`: the folder of one, to be copied."""
        self._programs = programs() or Path()
        self._user = _unprivileged()
        # Not in pytest's folder: that is root's alone where root runs the tests.
        self.folder = Path(tempfile.mkdtemp(prefix="trunkline-postgres-"))
        if self._user is not None:
            os.chown(self.folder, self._user, -1)
        self.port = _free_port()
        self._settings = (*_SETTINGS, *settings)
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        if like is None:
            self._make()
        else:
            subprocess.run(["cp", "-a", str(like / "data"), str(self.folder / "data")], check=True)
        self.start()

    def url(self, name: str) -> str:
        return f"postgresql://gateway:{_ESCAPED}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Returns when it answers."""
        options = [word for one in self._settings for word in ("-c", one)]
        self._process = self._run("postgres", "-D", "data", "-p", str(self.port), *options)
        waiting = threading.Event()
        for _ in range(_TRIES):
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                waiting.wait(_PAUSE)
                if self._process.poll() is not None:  # the one before holds its memory yet
                    self._process = self._run(
                        "postgres", "-D", "data", "-p", str(self.port), *options
                    )
            else:
                return
        raise TimeoutError((self.folder / "log").read_text())

    def stop(self) -> None:
        """As `systemctl stop` does: whoever is connected is cut off."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """The postmaster, by SIGKILL; its children see that and end."""
        self._end(signal.SIGKILL)

    def freeze(self, *, frozen: bool) -> None:
        """Every process of it stands still, with its connections open; or goes on."""
        what = signal.SIGSTOP if frozen else signal.SIGCONT
        for pid in self._pids():
            os.kill(pid, what)

    def fresh(self) -> str:
        """The URL of a new, migrated, empty database."""
        self._count += 1
        name = f"test{self._count}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template".encode())
        return self.url(name)

    def make_template(self) -> None:
        """Migrated: what `fresh` copies."""
        with self.connect() as connection:
            connection.execute("CREATE DATABASE template")
        with Address(self.url("template")).connect() as fresh:
            migrate(fresh, FakeClock().unix())

    def drop(self, url: str) -> None:
        with self.connect() as connection:
            name = url.rpartition("/")[2]
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def connect(self, name: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url(name), autocommit=True)

    def close(self) -> None:
        """At once: nobody reads it again."""
        if self._process is not None and self._process.poll() is None:
            self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        words = ("-N", "-A", "scram-sha-256", "-U", "gateway", "--pwfile", "password")
        made = self._run("initdb", *words, "--encoding=UTF8", "--locale=C.UTF-8", "-D", "data")
        if made.wait() != 0:
            raise RuntimeError((self.folder / "log").read_text())

    def _run(self, program: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / program), *words],
                cwd=self.folder,
                user=self._user,
                extra_groups=None if self._user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _end(self, number: int) -> None:
        assert self._process is not None
        children = self._pids()
        self._process.send_signal(number)
        self._process.wait()
        waiting = threading.Event()
        for _ in range(_TRIES):
            if not any(Path(f"/proc/{pid}").exists() for pid in children):
                return
            waiting.wait(_PAUSE)

    def _pids(self) -> list[int]:
        assert self._process is not None
        own = self._process.pid
        tasks = Path(f"/proc/{own}/task/{own}/children")
        children = tasks.read_text().split() if tasks.exists() else []
        return [own, *map(int, children)]


def _unprivileged() -> int | None:
    """PostgreSQL does not run as root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    return names.get("postgres", names.get("nobody"))


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@cache
def _model() -> Path:
    """A server's folder, made once a session: to copy it takes a tenth of the time."""
    server = PostgresServer("fsync=off")
    atexit.register(shutil.rmtree, server.folder, ignore_errors=True)
    server.make_template()
    server.stop()
    return server.folder


@contextmanager
def running(*settings: str) -> Iterator[PostgresServer]:
    server = PostgresServer(*settings, like=_model())
    try:
        yield server
    finally:
        server.close()


def shared(*settings: str) -> Iterator[PostgresServer]:
    """A session's fixture: one for many tests, which are skipped where none is installed."""
    if programs() is None:
        pytest.skip("no PostgreSQL is installed (scripts/install test)")
    with running(*settings) as server:
        yield server
