"""One PostgreSQL connection in a thread of its own, which comes back when the server does."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import psycopg
from psycopg import RawCursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from trunkline.canon.errors import LedgerUnavailable
from trunkline.kernel.clock import Clock
from trunkline.storage.base import StorageRefused
from trunkline.storage.postgres.types import TYPES

ResultT = TypeVar("ResultT")
Connection = psycopg.Connection[TupleRow]

# A server's restart takes about a second; who waits for one longer than a request may take is
# told at once instead.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
_CONNECT_TIMEOUT: Final = 3
# What libpq sends and waits for on a silent line, in seconds and milliseconds: a machine that is
# switched off closes no connection (postgresql.org/docs/15/libpq-connect.html, seen 2026-11-21).
_ALIVE: Final = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# The server ends a statement after its time, if it can; the thread is freed some seconds later.
_GRACE: Final = 3.0
_LOOK: Final = 1.0
_WORDS: Final = "The database cannot be used right now; try again in a moment."


class Address:
    """Where the database is. Its password is in no repr and no message."""

    __slots__ = ("_parameters", "_password")

    def __init__(self, url: str) -> None:
        """Raises StorageRefused for what is no address; the text is not repeated."""
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            raise StorageRefused(
                "server.database is no address that PostgreSQL's client understands; write"
                ' "postgresql://user:password@host:5432/name" and escape what is special in'
                " the password (@ is %40)"
            ) from None
        self._password = str(given.get("password") or "")
        # Of several hosts, the one that takes writes.
        usual = {"connect_timeout": _CONNECT_TIMEOUT, "target_session_attrs": "read-write"}
        self._parameters = {**usual, **_ALIVE, "application_name": "trunkline", **given}

    def connect(self) -> Connection:
        """Raises psycopg.Error. Each statement is its own transaction until one is begun."""
        return psycopg.connect(
            **self._parameters,  # type: ignore[arg-type] # libpq's words, by its own parser
            autocommit=True,
            cursor_factory=RawCursor,
            context=TYPES,
        )

    def told(self, error: psycopg.Error) -> str:
        """An error in one line, fit for a log: its details may have what somebody wrote."""
        text = " ".join((error.diag.message_primary or str(error)).split())
        return text.replace(self._password, "***") if self._password else text

    @property
    def place(self) -> str:
        """As a URL, for people: without the password, and without what is set behind it."""
        said = {name: str(self._parameters.get(name) or "") for name in ("user", "host", "port")}
        user = f"{said['user']}@" if said["user"] else ""
        port = f":{said['port']}" if said["port"] else ""
        return f"postgresql://{user}{said['host']}{port}/{self._parameters.get('dbname') or ''}"

    def __repr__(self) -> str:
        host, name = self._parameters.get("host", ""), self._parameters.get("dbname", "")
        return f"<PostgreSQL {name} at {host}>"


class PostgresThread:
    """Runs one piece of work after the other on one connection, in one thread."""

    def __init__(self, name: str, address: Address, clock: Clock, timeout: float) -> None:
        """`timeout`: seconds that a piece of work may take."""
        self._name = name
        self._address = address
        self._clock = clock
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"postgres-{name}")
        self._connection: Connection | None = None
        self._pause = 0.0
        self._rest_until = 0.0
        self._why = ""
        self._since: float | None = None
        """When the work that is running began."""
        self._watch = threading.Lock()

    async def run(self, begin: str, work: Callable[[Connection], ResultT]) -> ResultT:
        """
        `work` in the transaction that `begin` begins.

        Cancelling does not stop work that has begun. Raises LedgerUnavailable for whatever
        PostgreSQL says: gone, locked, full. After a lost connection it may have been done.
        """
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._pool, self._transaction, begin, work)
        while not (await asyncio.wait((running,), timeout=_LOOK))[0]:
            self._free()
        return running.result()

    def _transaction(self, begin: str, work: Callable[[Connection], ResultT]) -> ResultT:
        self._since = self._clock.monotonic()
        try:
            connection = self._begun(begin)
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise
        except psycopg.Error as error:
            detail = f"{self._name}: {type(error).__name__}: {self._address.told(error)}"
            raise LedgerUnavailable(_WORDS, detail=detail) from None
        finally:
            with self._watch:
                self._since = None
        return result

    def _begun(self, begin: str) -> Connection:
        connection = self._connected()
        try:
            connection.execute(begin)
        except psycopg.OperationalError:
            if not connection.closed:
                raise
            # It was lost since it was used last, and nothing has been done on it.
            connection = self._connected()
            connection.execute(begin)
        return connection

    def _connected(self) -> Connection:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        if self._clock.monotonic() < self._rest_until:
            raise psycopg.OperationalError(self._why)
        try:
            self._connection = self._address.connect()
        except psycopg.Error as error:
            self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            self._rest_until = self._clock.monotonic() + self._pause
            self._why = str(error)
            raise
        self._pause = 0.0
        return self._connection

    def _free(self) -> None:
        """A server that neither answers nor goes away: hang up on it."""
        with self._watch:
            if (
                self._since is None
                or self._clock.monotonic() - self._since < self._timeout + _GRACE
            ):
                return
            connection = self._connection
            if connection is None or connection.closed:
                return
            with socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    async def aclose(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, self._close)
        self._pool.shutdown()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def __repr__(self) -> str:
        return f"<PostgresThread {self._name}>"


def _roll_back(connection: Connection) -> None:
    """Where the connection is lost, the server has done so."""
    try:
        if not connection.closed:
            connection.execute("ROLLBACK")
    except psycopg.Error:
        connection.close()
