"""Connections and addresses for the tests of PostgreSQL."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tests.storage.postgres_server import PostgresServer
from trunkline.kernel.clock import Clock, SystemClock
from trunkline.storage.postgres.connection import Address, Connection
from trunkline.storage.postgres.database import PostgresDatabase, connected


@contextmanager
def database_at(url: str, clock: Clock | None = None) -> Iterator[PostgresDatabase]:
    database = connected(Address(url), clock or SystemClock())
    try:
        yield database
    finally:
        asyncio.run(database.aclose())


@contextmanager
def connection_to(url: str) -> Iterator[Connection]:
    connection = Address(url).connect()
    try:
        yield connection
    finally:
        connection.close()


def empty_database(server: PostgresServer, name: str) -> str:
    """The URL of a new one that nothing has been migrated in."""
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.url(name)
